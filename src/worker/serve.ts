import { RuntimeError } from '../errors.ts';
import type { Model } from '../model.ts';
import { chooseBuild, probeFeatures } from '../runtime/features.ts';
import { chooseThreads } from '../runtime/threads.ts';
import { compileKernels } from '../runtime/wasm.ts';
import { loadModel, WEB } from '../web/load.ts';
import { loadThroughCache } from './model-cache.ts';
import { packError } from './packed-error.ts';
import { createPixelReader } from './pixel-reader.ts';
import type { CallName, Calls, LoadArgument, Reply, Request } from './protocol.ts';

/** The worker's end: its global scope, or a message port. */
export interface Port {
  postMessage(reply: Reply): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
}

/** Answers requests, one model a worker. */
export function serve(port: Port): void {
  const readPixels = createPixelReader();
  let model: Model | undefined;

  const loaded = (): Model => {
    if (model !== undefined) return model;
    throw new RuntimeError('WORKER_FAILED', 'The worker has not loaded a model yet');
  };
  const answer = async (request: Request): Promise<Calls[CallName]['result']> => {
    switch (request.call) {
      case 'load': {
        model = await load(request.argument, port);
        const { labels, labelIds } = model;
        return { labels, labelIds, description: model.describe() };
      }
      case 'classify': {
        const { picture, topK } = request.argument;
        return loaded().classify(await readPixels(picture), { topK });
      }
      case 'profile':
        return loaded().profile();
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

async function load(argument: LoadArgument, port: Port): Promise<Model> {
  const { source, cacheName, stream, threads, threadUrl } = argument;
  const build = chooseBuild(probeFeatures(), argument.build);
  const options = {
    onProgress: (progress: Extract<Reply, { type: 'progress' }>['progress']) =>
      port.postMessage({ type: 'progress', progress }),
  };
  if (cacheName === undefined || typeof source !== 'string') {
    const { wasm } = argument;
    return loadModel(source, { ...options, build, wasm, stream, threads, threadUrl });
  }
  // Both files arrive side by side. If the model fails first, the kernels' failure is not the one
  // to report.
  const choice = chooseThreads(threads, WEB.cores());
  const compiling = compileKernels(argument.wasm ?? (await WEB.kernels(build, choice.threads)));
  compiling.catch(() => undefined);
  const open = async (bytes: Uint8Array) =>
    loadModel(bytes, { build, wasm: await compiling, stream, threads, threadUrl });
  return loadThroughCache(source, cacheName, open, options);
}
