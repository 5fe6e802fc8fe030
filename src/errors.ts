/**
 * Every error this package throws on purpose: a class per kind, a stable `code` per cause, the
 * offending thing in the message and a hint what to do about it.
 */

import { showJson } from './json.ts';

/** Causes, as stable strings: safe to compare in programs and across workers. */
export type ErrorCode =
  // model file
  | 'NOT_A_MODEL'
  | 'MODEL_VERSION'
  | 'MODEL_TRUNCATED'
  | 'MODEL_DIGEST'
  | 'MODEL_METADATA'
  | 'MODEL_FETCH'
  | 'TENSOR_BOUNDS'
  | 'TENSOR_MISSING'
  | 'TENSOR_MISMATCH'
  // graph
  | 'GRAPH_INVALID'
  | 'UNKNOWN_OPERATION'
  | 'SHAPE_MISMATCH'
  | 'STREAM_UNSUPPORTED'
  | 'STREAM_RANGE'
  | 'GRAPH_TOO_LARGE'
  | 'CONSTANT_NOT_FINITE'
  // foreign models
  | 'IMPORT_FORMAT'
  | 'IMPORT_DATA'
  | 'IMPORT_GRAPH'
  | 'IMPORT_SHAPE'
  | 'IMPORT_UNSUPPORTED'
  // pictures and inputs
  | 'PICTURE_FETCH'
  | 'PICTURE_DECODE'
  | 'PICTURE_SIZE'
  | 'INPUT_SHAPE'
  | 'INPUT_NOT_FINITE'
  | 'INVALID_OPTION'
  // runtime
  | 'WASM_UNAVAILABLE'
  | 'WASM_INVALID'
  | 'OUT_OF_MEMORY'
  | 'LOGITS_NOT_FINITE'
  | 'DISPOSED'
  | 'ABORTED'
  | 'WORKER_FAILED'
  // files and folders (Node)
  | 'FILE_NOT_FOUND'
  | 'FILE_UNREADABLE'
  | 'FILE_TOO_LARGE'
  | 'FILE_UNWRITABLE';

export interface ErrorDetails {
  /** What to do about it, one sentence. */
  hint?: string;
  /** The error underneath, if any. */
  cause?: unknown;
}

/** Base class of all errors of this package. */
export class MobinetError extends Error {
  /** Stable identifier of the cause. */
  readonly code: ErrorCode;
  /** What to do about it; also part of `message`. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(
      details.hint === undefined ? message : `${message} (${details.hint})`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint;
  }
}

/** The bytes are not a model this package can read. */
export class ModelFormatError extends MobinetError {}

/** The file is sound, but its graph is not one that can be run. */
export class GraphError extends MobinetError {}

/** Which part of a foreign model an ImportError is about. */
export interface ForeignNode {
  /** Name of the node, or of its first output where it has none. */
  readonly node: string;
  /** The operation as the file calls it, with its domain. */
  readonly operation: string;
}

/** A foreign model (ONNX, TensorFlow Lite) that cannot be read, or not be run here. */
export class ImportError extends MobinetError {
  /** The offending node's name, if it is about one. */
  readonly node: string | undefined;
  /** And its operation. */
  readonly operation: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails & Partial<ForeignNode> = {}) {
    const { node, operation } = details;
    super(code, node === undefined ? message : `${operation} ${node}: ${message}`, details);
    this.node = node;
    this.operation = operation;
  }
}

/** A picture or an input tensor that cannot be used. */
export class InputError extends MobinetError {}

/** An option that is none. */
export function invalidOption(option: string, value: unknown, hint: string): InputError {
  return new InputError(
    'INVALID_OPTION',
    `${option} is ${typeof value === 'string' ? value : showJson(value)}`,
    { hint },
  );
}

/** @throws InputError INVALID_OPTION where options are no object */
export function checkOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw invalidOption('options', options, 'an object');
}

/** The WebAssembly side is missing, broken, out of memory, or already disposed. */
export class RuntimeError extends MobinetError {}

/** What a signal has ended. */
export function abortError(signal: AbortSignal): RuntimeError {
  return new RuntimeError('ABORTED', 'The request was aborted', { cause: signal.reason });
}

/** A file or folder that is missing, or that cannot be read or written (Node and the command line). */
export class FileError extends MobinetError {}
