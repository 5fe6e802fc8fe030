import { RuntimeError } from '../errors.ts';
import { loadModel, type Model } from '../model.ts';
import type { Build } from '../plan/kernels.ts';
import { chooseBuild, probeFeatures } from '../runtime/features.ts';
import { compileKernels, defaultWasmUrl } from '../runtime/wasm.ts';
import { keep } from './model-cache.ts';
import { packError } from './packed-error.ts';
import { createPixelReader } from './pixel-reader.ts';
import type { CallName, Calls, PrepareArgument, Reply, Request } from './protocol.ts';

/** The worker's end: its global scope, or a message port. */
export interface Port {
  postMessage(reply: Reply): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
}

/** Milliseconds from loading a model to keeping it: the first picture goes before. */
const KEEPING_DELAY = 500;

/** Answers requests, one model a worker. */
export function serve(port: Port): void {
  const readPixels = createPixelReader();
  let kernels: { readonly build: Build; readonly wasm: WebAssembly.Module } | undefined;
  let model: Model | undefined;

  const ready = <T>(thing: T | undefined): T => {
    if (thing !== undefined) return thing;
    throw new RuntimeError('WORKER_FAILED', 'The worker has not loaded a model yet');
  };
  const answer = async (request: Request): Promise<Calls[CallName]['result']> => {
    switch (request.call) {
      case 'prepare':
        kernels = await prepare(request.argument);
        return undefined;
      case 'load': {
        const { bytes, keeping } = request.argument;
        model = await loadModel(bytes, ready(kernels));
        if (keeping !== undefined) setTimeout(keep, KEEPING_DELAY, keeping, bytes);
        const { labels, labelIds } = model;
        return { labels, labelIds, description: model.describe() };
      }
      case 'classify': {
        const { picture, topK } = request.argument;
        return ready(model).classify(await readPixels(picture), { topK });
      }
      case 'profile':
        return ready(model).profile();
    }
  };

  port.addEventListener('message', async ({ data: request }) => {
    const { id } = request;
    try {
      port.postMessage({ type: 'answer', id, result: await answer(request) });
    } catch (error) {
      port.postMessage({ type: 'failure', id, error: packError(error) });
    }
  });
}

async function prepare({ build: wish, wasm }: PrepareArgument) {
  const build = chooseBuild(probeFeatures(), wish);
  return { build, wasm: await compileKernels(wasm ?? defaultWasmUrl(build)) };
}
