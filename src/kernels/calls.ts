/**
 * Calls of kernels in the making: their arguments name buffers and constants, which get their addresses
 * when all calls are known (src/plan/lifetimes.ts).
 */

import { type KernelArguments, type KernelName, TABLE_BYTES } from './abi.ts';

/** Every address is a multiple of this: a cache line. */
export const ALIGNMENT = 64;

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Memory that calls read and write. */
export interface Buffer {
  readonly bytes: number;
  /**
   * Where set, memory shared only with buffers of the same key, so that what none of them writes
   * (guard bytes) stays 0.
   */
  readonly kept: string | undefined;
  /** Bytes from one thread's copy to the next one's; 0 where the threads share it. */
  readonly threadStride: number;
}

/** Bytes that never change: weights, parameters, tables. */
export interface Constant {
  readonly data: ArrayBufferView;
}

/** A buffer or constant, `offset` bytes on. */
export interface Reference {
  readonly to: Buffer | Constant;
  readonly offset: number;
}

export type Argument = number | Buffer | Constant | Reference;

type ParameterOf<Kernel extends KernelName> = keyof KernelArguments<Kernel, Argument>;

/** One call of a kernel, for a range of work that threads may share. */
export interface Call<Kernel extends KernelName = KernelName> {
  /** Name of the value it works for. */
  readonly value: string;
  readonly kernel: Kernel;
  /** Units of work: tiles, parts of tiles, channels or blocks. */
  readonly work: number;
  /** Units that are best done together: a tile's; default 1. */
  readonly granule?: number;
  readonly arguments: KernelArguments<Kernel, Argument>;
  /** Parameters whose buffers it writes. Those of all the others it reads. */
  readonly writes: readonly ParameterOf<Kernel>[];
  /** The output that may be put where an input is, if nothing reads that input afterwards. */
  readonly inPlace?: { readonly output: ParameterOf<Kernel>; readonly input: ParameterOf<Kernel> };
  /**
   * The output that, if nothing reads it, becomes one tile per thread, overwritten again and again: then the
   * parameter `tileBytes`, from one tile to the next, is 0.
   */
  readonly optional?: {
    readonly output: ParameterOf<Kernel>;
    readonly tileBytes: ParameterOf<Kernel>;
  };
}

/** The look-up tables of all threads, at the address that the kernels know. */
export interface Tables extends Buffer {
  readonly tables: true;
}

export interface CallWriter {
  buffer(bytes: number): Buffer;
  /** A buffer whose untouched bytes are 0, shared with others of the same key. */
  keptBuffer(key: string, bytes: number): Buffer;
  /** A buffer for one call, of which every thread has a copy of its own. */
  scratch(bytes: number): Buffer;
  readonly tables: Tables;
  constant(data: ArrayBufferView): Constant;
  /** A constant that several calls share: made once for a key. */
  sharedConstant(key: string, make: () => ArrayBufferView): Constant;
  call<Kernel extends KernelName>(call: Call<Kernel>): void;
}

/** A call whose kernel is known at run time only. */
export type AnyCall = Omit<Call, 'arguments' | 'writes' | 'inPlace' | 'optional'> & {
  readonly arguments: Readonly<Record<string, Argument>>;
  readonly writes: readonly string[];
  readonly inPlace?: { readonly output: string; readonly input: string };
  readonly optional?: { readonly output: string; readonly tileBytes: string };
};

/** All that is called, and the constants in the order in which they were asked for. */
export interface Calls {
  readonly calls: readonly AnyCall[];
  readonly constants: readonly Constant[];
  readonly tables: Tables;
}

/** A buffer of which each thread has a copy. */
export function scratchBuffer(bytes: number, threads: number): Buffer {
  return { bytes: threads * aligned(bytes), kept: undefined, threadStride: aligned(bytes) };
}

/** @param threads how many may run the calls */
export function openCalls(threads: number): CallWriter & { finish(): Calls } {
  const calls: AnyCall[] = [];
  const constants: Constant[] = [];
  const shared = new Map<string, Constant>();
  const tables: Tables = {
    bytes: threads * TABLE_BYTES,
    kept: undefined,
    threadStride: TABLE_BYTES,
    tables: true,
  };
  const constant = (data: ArrayBufferView): Constant => {
    const made = { data };
    constants.push(made);
    return made;
  };
  return {
    buffer: (bytes) => ({ bytes, kept: undefined, threadStride: 0 }),
    keptBuffer: (key, bytes) => ({ bytes, kept: key, threadStride: 0 }),
    scratch: (bytes) => scratchBuffer(bytes, threads),
    tables,
    constant,
    sharedConstant(key, make) {
      const made = shared.get(key) ?? constant(make());
      shared.set(key, made);
      return made;
    },
    call: (call) => calls.push(call as AnyCall),
    finish: () => ({ calls, constants, tables }),
  };
}
