/**
 * A program in the making: steps that refer to buffers, not yet to addresses. A buffer lives from
 * the first step that names it to the last.
 */

import {
  FIRST_TABLE,
  KERNEL_PARAMETERS,
  type KernelArguments,
  type KernelName,
  TABLE_BYTES,
} from '../kernels/abi.ts';
import { aligned, layOutArena } from './arena.ts';

/** Memory that steps read and write. */
export interface Buffer {
  readonly bytes: number;
  /**
   * `arena` memory is shared with buffers of other times; `kept` memory only with buffers of the
   * same `kept` key, so that what none of them writes (guard bytes) stays 0.
   */
  readonly kept: string | undefined;
  /** Bytes from one thread's copy to the next one's; 0 where the threads share it. */
  readonly threadStride: number;
  first: number;
  last: number;
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

/** One call of a kernel: `kernel(begin, end, ...arguments)` for ranges that make up 0..`work`. */
export interface Step {
  /** Name of the value it works for. */
  readonly value: string;
  readonly kernel: KernelName;
  /** Units of work: tiles, parts of tiles, channels or blocks. */
  readonly work: number;
  /** Units that are best done together: a tile's. */
  readonly granule: number;
  /** Those of the first thread. */
  readonly arguments: readonly number[];
  /** What has to be added to each argument for every thread further. */
  readonly threadStrides: readonly number[];
}

/** Bytes to be written once, before the first run. */
export interface PlacedConstant {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Steps with their addresses, and the memory they want. */
export interface Program {
  readonly steps: readonly Step[];
  readonly constants: readonly PlacedConstant[];
  /** Bytes of weights and tables. */
  readonly constantBytes: number;
  /** Bytes of the arena at its fullest. */
  readonly arenaBytes: number;
  /** Where the last address is, from 0. */
  readonly memoryBytes: number;
  /** Address of a buffer. */
  addressOf(buffer: Buffer): number;
}

interface OpenStep {
  readonly value: string;
  readonly kernel: KernelName;
  readonly work: number;
  readonly granule: number;
  readonly arguments: readonly Argument[];
}

export interface ProgramBuilder {
  buffer(bytes: number): Buffer;
  /** A buffer whose untouched bytes are 0, shared with others of the same key. */
  keptBuffer(key: string, bytes: number): Buffer;
  /** A buffer for one step, of which every thread has a copy of its own. */
  scratch(bytes: number): Buffer;
  /** The look-up tables, one a thread. */
  readonly tables: Buffer;
  constant(data: ArrayBufferView): Constant;
  /** A constant that several steps share: made once for a key. */
  sharedConstant(key: string, make: () => ArrayBufferView): Constant;
  step<Kernel extends KernelName>(
    value: string,
    kernel: Kernel,
    work: number,
    named: KernelArguments<Kernel, Argument>,
    granule?: number,
  ): void;
  /** Keeps a buffer until after the last step. */
  keepToTheEnd(buffer: Buffer): void;
  finish(): Program;
}

/** @param threads how many may run the program */
export function programBuilder(threads: number): ProgramBuilder {
  const steps: OpenStep[] = [];
  const buffers: Buffer[] = [];
  const constants: Constant[] = [];
  const shared = new Map<string, Constant>();

  const constant = (data: ArrayBufferView): Constant => {
    const made = { data };
    constants.push(made);
    return made;
  };
  const newBuffer = (bytes: number, kept: string | undefined, threadStride = 0): Buffer => {
    const buffer = { bytes, kept, threadStride, first: steps.length, last: steps.length };
    buffers.push(buffer);
    return buffer;
  };
  const tables = {
    bytes: threads * TABLE_BYTES,
    kept: undefined,
    threadStride: TABLE_BYTES,
    first: 0,
    last: 0,
  };

  return {
    buffer: (bytes) => newBuffer(bytes, undefined),
    keptBuffer: (key, bytes) => newBuffer(bytes, key),
    scratch: (bytes) => newBuffer(threads * aligned(bytes), undefined, aligned(bytes)),
    tables,
    constant,
    sharedConstant(key, make) {
      const made = shared.get(key) ?? constant(make());
      shared.set(key, made);
      return made;
    },
    step(value, kernel, work, named, granule = 1) {
      const byName: Record<string, Argument> = named;
      const positional = KERNEL_PARAMETERS[kernel].map((parameter) => byName[parameter]!);
      for (const argument of positional) {
        if (typeof argument === 'number') continue;
        const target = 'to' in argument ? argument.to : argument;
        if ('bytes' in target) target.last = steps.length;
      }
      steps.push({ value, kernel, work, granule, arguments: positional });
    },
    keepToTheEnd(buffer) {
      buffer.last = Number.MAX_SAFE_INTEGER;
    },
    finish: () => layOut(steps, tables, buffers, constants),
  };
}

function layOut(
  open: readonly OpenStep[],
  tables: Buffer,
  buffers: readonly Buffer[],
  constants: readonly Constant[],
): Program {
  const addresses = new Map<Buffer | Constant, number>([[tables, FIRST_TABLE]]);
  const placed: PlacedConstant[] = [];
  let address = FIRST_TABLE + tables.bytes;
  const constantsBegin = address;
  for (const constant of constants) {
    const { buffer, byteOffset, byteLength } = constant.data;
    addresses.set(constant, address);
    placed.push({ address, bytes: new Uint8Array(buffer, byteOffset, byteLength) });
    address += aligned(byteLength);
  }
  const constantBytes = address - constantsBegin;

  const arenaBegin = address;
  const keys = new Set(buffers.map((buffer) => buffer.kept));
  for (const key of keys) {
    const group = buffers.filter((buffer) => buffer.kept === key);
    const { offsets, bytes } = layOutArena(group);
    for (const [index, buffer] of group.entries()) addresses.set(buffer, address + offsets[index]!);
    address += bytes;
  }

  const resolve = (argument: Argument): number => {
    if (typeof argument === 'number') return argument;
    if ('to' in argument) return addresses.get(argument.to)! + argument.offset;
    return addresses.get(argument)!;
  };
  return {
    steps: open.map((step) => ({
      ...step,
      arguments: step.arguments.map(resolve),
      threadStrides: step.arguments.map(threadStrideOf),
    })),
    constants: placed,
    constantBytes,
    arenaBytes: address - arenaBegin,
    memoryBytes: address,
    addressOf: (buffer) => addresses.get(buffer)!,
  };
}

function threadStrideOf(argument: Argument): number {
  return typeof argument === 'object' && 'threadStride' in argument ? argument.threadStride : 0;
}
