import { MobinetError, RuntimeError } from '../errors.ts';
import { type ModelSource, readSource } from '../file/read-source.ts';
import type { Build } from '../kernels/builds.ts';
import type { LoadOptions } from '../model.ts';
import { chooseBuild, probeFeatures } from '../runtime/features.ts';
import { chooseThreads, type ThreadWish } from '../runtime/threads.ts';
import { compileKernels, isLocator, type WasmLocator, type WasmSource } from '../runtime/wasm.ts';
import { checkTimeout } from './abortable.ts';
import { type Connection, connect } from './connection.ts';
import { DEFAULT_CACHE, loadThroughCache } from './model-cache.ts';
import { openWorker, type WorkerOptions } from './open-worker.ts';
import type { Keeping, LoadedModel } from './protocol.ts';

/** What a worker and its model are made with. */
export interface SessionOptions extends LoadOptions, WorkerOptions {
  /**
   * Keeps a model that comes from an http(s) address in the browser's Cache API, so that the next
   * visit does not fetch it; a string names the cache. Default true; has no effect where the page has
   * no Cache API (it is not a secure context).
   */
  cache?: boolean | string | undefined;
  /**
   * Asks the server whether a kept model is still what it has (`If-None-Match`), and fetches it where
   * it is not; where the server cannot be reached the kept one is taken. Default false: give a
   * changed model another address.
   */
  revalidate?: boolean | undefined;
  /**
   * Milliseconds that the worker may say nothing while something is asked of it, before it is taken
   * for ended, four times as many before its first word; default 30,000. More is needed where one
   * run of the network takes longer.
   */
  workerTimeout?: number | undefined;
}

/** A worker with a model, which is started again when it has failed and something is asked of it. */
export interface Session extends Connection {
  /** The model, of a worker that lives. */
  load(): Promise<LoadedModel>;
}

interface StartOptions extends SessionOptions {
  readonly workerTimeout: number;
}

/** A worker, and the model that it loads. */
interface Start {
  readonly connection: Connection;
  readonly loaded: Promise<LoadedModel>;
}

const DEFAULT_WORKER_TIMEOUT = 30_000;

/**
 * @param onFailure told when a worker fails or is closed
 * @throws InputError INVALID_OPTION
 */
export function openSession(
  model: ModelSource,
  options: SessionOptions,
  onFailure: (error: MobinetError) => void,
): Session {
  const { workerTimeout = DEFAULT_WORKER_TIMEOUT } = options;
  checkTimeout('workerTimeout', workerTimeout);
  let closed: MobinetError | undefined;
  let live: Start | undefined;
  let isFirst = true;

  const start = (): Start => {
    if (closed !== undefined) throw closed;
    if (live !== undefined) return live;
    const onClose = (error: MobinetError) => {
      live = undefined;
      onFailure(error);
    };
    const start = isFirst ? startWorker : startAgain;
    live = start(model, { ...options, workerTimeout }, onClose);
    isFirst = false;
    return live;
  };
  return {
    load: async () => start().loaded,
    async call(name, argument, transfer) {
      const { connection, loaded } = start();
      await loaded;
      return connection.call(name, argument, transfer);
    },
    close(error) {
      closed ??= error;
      live?.connection.close(error);
    },
  };
}

function startWorker(
  model: ModelSource,
  options: StartOptions,
  onClose: (error: MobinetError) => void,
): Start {
  const leaving = new AbortController();
  const worker = openWorker(options, (options.threads ?? 1) !== 1);
  const connection = connect(worker, options.workerTimeout, (error) => {
    leaving.abort();
    onClose(error);
  });
  const loaded = load(connection, model, { ...options, signal: leaving.signal }).catch((cause) => {
    const error =
      cause instanceof MobinetError
        ? cause
        : new RuntimeError('WORKER_FAILED', 'Cannot hand the model to the worker', { cause });
    connection.close(error);
    throw error;
  });
  return { connection, loaded };
}

/** What came from a response is fetched from its address: its body has been read. */
function startAgain(
  model: ModelSource,
  options: StartOptions,
  onClose: (error: MobinetError) => void,
): Start {
  const { wasm } = options;
  const source = model instanceof Response ? model.url : model;
  const kernels = wasm instanceof Response ? wasm.url : wasm;
  if (source === '' || kernels === '') {
    throw new RuntimeError('WORKER_FAILED', 'The worker failed, and cannot be started again', {
      hint: 'create another classifier: a Response without an address can be read only once',
    });
  }
  return startWorker(source, { ...options, wasm: kernels }, onClose);
}

/** The page fetches the model while the worker starts and compiles the kernels. */
async function load(
  connection: Connection,
  model: ModelSource,
  options: SessionOptions,
): Promise<LoadedModel> {
  const preparing = prepare(connection, options);
  const isOwned = model instanceof ArrayBuffer || model instanceof Uint8Array;
  const loadBytes = async (
    bytes: Uint8Array,
    keeping: Keeping | undefined,
  ): Promise<LoadedModel> => {
    await preparing;
    return connection.call(
      'load',
      { bytes, keeping },
      isOwned ? [] : [bytes.buffer as ArrayBuffer],
    );
  };
  const source = absolute(model);
  const keeping = keepingOf(source, options.cache ?? true);
  const loading =
    keeping === undefined
      ? readSource(source, options).then((bytes) => loadBytes(bytes, undefined))
      : loadThroughCache(keeping, loadBytes, options);
  const [loaded] = await Promise.all([loading, preparing]);
  return loaded;
}

async function prepare(connection: Connection, options: SessionOptions): Promise<undefined> {
  const { build = 'auto', threads = 1, wasm, limits, signal } = options;
  const activations = options.activations ?? options.stream ?? 'model';
  const kernels = isLocator(wasm) ? await locate(wasm, build, threads) : wasm;
  const source =
    kernels instanceof Response ? await compileKernels(kernels, signal) : absolute(kernels);
  const threadUrl = absolute<undefined>(options.threadUrl);
  return connection.call('prepare', {
    build,
    wasm: source,
    activations,
    threads,
    limits,
    threadUrl,
  });
}

/** A function cannot be posted: the page asks it, as the worker would. */
async function locate(
  wasm: WasmLocator,
  build: Build | 'auto',
  threads: ThreadWish,
): Promise<WasmSource> {
  const choice = chooseThreads(threads, globalThis.navigator?.hardwareConcurrency ?? 1);
  return wasm(chooseBuild(probeFeatures(), build), choice.threads);
}

/** Addresses are the page's, not the worker's. */
function absolute<T>(source: T | string | URL): T | string {
  if (!(typeof source === 'string' || source instanceof URL)) return source;
  try {
    return new URL(source, globalThis.document?.baseURI ?? globalThis.location?.href).href;
  } catch {
    // Not an address; the worker says so when it fetches it.
    return String(source);
  }
}

function keepingOf(source: unknown, cache: boolean | string): Keeping | undefined {
  const cacheable =
    typeof caches !== 'undefined' && typeof source === 'string' && /^https?:/.test(source);
  if (!cacheable || cache === false) return undefined;
  return { cacheName: cache === true ? DEFAULT_CACHE : cache, address: source };
}
