import { MobinetError, ModelFormatError, RuntimeError } from '../errors.ts';
import { checkBytes, modelLimit } from './byte-limit.ts';

/** Where a model comes from: an address to fetch, a response, a file, or bytes. */
export type ModelSource = string | URL | Response | Blob | ArrayBuffer | Uint8Array;

/** How far loading has come. */
export interface LoadProgress {
  /** Bytes so far. */
  readonly loaded: number;
  /** Bytes in all, where the server says. */
  readonly total: number | undefined;
}

export interface ReadOptions {
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Told the response that the bytes come from. */
  onResponse?: ((response: Response) => void) | undefined;
  limits?: { readonly fileBytes?: number | undefined } | undefined;
}

/**
 * The bytes of a model, with progress.
 * @throws ModelFormatError MODEL_FETCH; FileError FILE_TOO_LARGE; RuntimeError ABORTED
 */
export async function readSource(
  source: ModelSource,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  return fetchBytes(source, options, (from, reason, cause) => {
    return new ModelFormatError('MODEL_FETCH', `Cannot fetch the model from ${from}`, {
      cause,
      hint: reason,
    });
  });
}

/**
 * The bytes behind an address, or of a response or a file.
 * @param failure the error of what cannot be read
 * @throws FileError FILE_TOO_LARGE; RuntimeError ABORTED, and `failure`
 */
export async function fetchBytes(
  source: string | URL | Response | Blob,
  { onProgress, signal, onResponse, limits }: ReadOptions,
  failure: (from: string, reason: string, cause: unknown) => MobinetError,
): Promise<Uint8Array<ArrayBuffer>> {
  const check = (bytes: number) => checkBytes(bytes, addressOf(source), modelLimit(limits));
  try {
    if (source instanceof Blob) {
      check(source.size);
      return new Uint8Array(await source.arrayBuffer());
    }
    const response =
      source instanceof Response ? source : await fetch(source, { signal: signal ?? null });
    if (!response.ok) throw new Error(`HTTP ${response.status} ${response.statusText}`.trim());
    onResponse?.(response);
    return await readBody(response, check, onProgress, signal);
  } catch (cause) {
    if (signal?.aborted) throw new RuntimeError('ABORTED', 'Loading was aborted', { cause });
    if (cause instanceof MobinetError) throw cause;
    throw failure(addressOf(source), cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** Where it comes from, for messages. */
export function addressOf(source: string | URL | Response | Blob): string {
  return source instanceof Response ? source.url || 'the response' : String(source);
}

async function readBody(
  response: Response,
  check: (bytes: number) => void,
  onProgress: ((progress: LoadProgress) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array(await response.arrayBuffer());
  // A compressed response's length is not that of its content.
  const encoded = response.headers.has('content-encoding');
  const length = Number(response.headers.get('content-length'));
  const total = !encoded && length > 0 ? length : undefined;
  check(length);
  let bytes = new Uint8Array(total ?? 0);
  let loaded = 0;
  onProgress?.({ loaded, total });
  const reader = response.body.getReader();
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = await reader.read();
    if (done) break;
    check(loaded + value.length);
    bytes = withRoom(bytes, loaded, value.length);
    bytes.set(value, loaded);
    loaded += value.length;
    onProgress?.({ loaded, total });
  }
  return loaded === bytes.length ? bytes : bytes.slice(0, loaded);
}

/** Room for `more` bytes after `used`; where the server did not say how many come, twice as much. */
function withRoom(
  bytes: Uint8Array<ArrayBuffer>,
  used: number,
  more: number,
): Uint8Array<ArrayBuffer> {
  if (used + more <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(2 * bytes.length, used + more));
  larger.set(bytes.subarray(0, used));
  return larger;
}
