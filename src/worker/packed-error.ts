import {
  type ErrorCode,
  FileError,
  GraphError,
  InputError,
  MobinetError,
  ModelFormatError,
  RuntimeError,
} from '../errors.ts';

/** By names that survive minifying, which renames classes differently in page and worker. */
const CLASSES = { ModelFormatError, GraphError, InputError, RuntimeError, FileError, MobinetError };

/** An error as it crosses between threads. */
export interface PackedError {
  readonly className: keyof typeof CLASSES;
  readonly code: ErrorCode;
  /** Without the hint. */
  readonly message: string;
  readonly hint: string | undefined;
}

/** An error that is not of this package becomes a RuntimeError WORKER_FAILED. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof MobinetError)) {
    const message = `The worker failed: ${error instanceof Error ? error.message : String(error)}`;
    return { className: 'RuntimeError', code: 'WORKER_FAILED', message, hint: undefined };
  }
  const { code, hint } = error;
  const names = Object.keys(CLASSES) as (keyof typeof CLASSES)[];
  const className = names.find((name) => error instanceof CLASSES[name])!;
  const suffix = hint === undefined ? '' : ` (${hint})`;
  const message = error.message.slice(0, error.message.length - suffix.length);
  return { className, code, message, hint };
}

/** The same error again: its class, code, message and hint. */
export function reviveError({ className, code, message, hint }: PackedError): MobinetError {
  return new CLASSES[className](code, message, hint === undefined ? {} : { hint });
}
