import { RuntimeError } from '../errors.ts';
import { loadKernelsOn, loadModelOn, type Platform } from '../loading.ts';
import type { LoadOptions, Model } from '../model.ts';
import type { CompiledKernels } from '../runtime/wasm.ts';
import { WEB } from '../web/platform.ts';
import { keep } from './model-cache.ts';
import { packError } from './packed-error.ts';
import { createPixelReader } from './pixel-reader.ts';
import type { CallName, Calls, Reply, Request } from './protocol.ts';

/** The worker's end: its global scope, or a message port. */
export interface Port {
  postMessage(reply: Reply): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
}

/** Milliseconds from loading a model to keeping it: the first picture goes before. */
const KEEPING_DELAY = 500;

/**
 * Responds to requests; a worker has one model.
 * @param openThreadPool for a model on several threads
 * @param uncommonFamilies for a model that needs more than the common ones
 */
export function serve(
  port: Port,
  openThreadPool: Platform['openThreadPool'],
  uncommonFamilies: Platform['uncommonFamilies'],
): void {
  const platform: Platform = { ...WEB, openThreadPool, uncommonFamilies };
  const readPixels = createPixelReader();
  let prepared: { options: LoadOptions; kernels: CompiledKernels } | undefined;
  let model: Model | undefined;

  const ready = <T>(thing: T | undefined): T => {
    if (thing !== undefined) return thing;
    throw new RuntimeError('WORKER_FAILED', 'The worker has not loaded a model yet');
  };
  const respond = async (request: Request): Promise<Calls[CallName]['result']> => {
    switch (request.call) {
      case 'prepare': {
        const options = request.argument;
        prepared = { options, kernels: await loadKernelsOn(platform, options) };
        return undefined;
      }
      case 'load': {
        const { bytes, keeping } = request.argument;
        const { options, kernels } = ready(prepared);
        model = await loadModelOn(platform, bytes, options, kernels);
        if (keeping !== undefined) setTimeout(keep, KEEPING_DELAY, keeping, bytes);
        const { labels, labelIds } = model;
        return { labels, labelIds, description: model.describe() };
      }
      case 'classify':
      case 'embed': {
        const { picture, ...options } = request.argument;
        return ready(model)[request.call](await readPixels(picture, options.maxPixels), options);
      }
      case 'profile':
        return ready(model).profile();
      case 'ping':
        return undefined;
    }
  };

  port.addEventListener('message', async ({ data: request }) => {
    const { id } = request;
    try {
      port.postMessage({ type: 'response', id, result: await respond(request) });
    } catch (error) {
      port.postMessage({ type: 'failure', id, error: packError(error) });
    }
  });
}
