/**
 * A program in the making: steps that refer to buffers, not yet to addresses. A buffer lives from
 * the first step that names it to the last.
 */

import { aligned, layOutArena } from './arena.ts';
import { ARENA_BASE, KERNEL_PARAMETERS, type KernelArguments, type KernelName } from './kernels.ts';

/** Memory that steps read and write. */
export interface Buffer {
  readonly bytes: number;
  /**
   * `arena` memory is shared with buffers of other times; `kept` memory only with buffers of the
   * same `kept` key, so that what none of them writes (guard bytes) stays 0.
   */
  readonly kept: string | undefined;
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
  /** Units of work: tiles, channels or blocks. */
  readonly work: number;
  readonly arguments: readonly number[];
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
  readonly arguments: readonly Argument[];
}

export interface ProgramBuilder {
  buffer(bytes: number): Buffer;
  /** A buffer whose untouched bytes are 0, shared with others of the same key. */
  keptBuffer(key: string, bytes: number): Buffer;
  constant(data: ArrayBufferView): Constant;
  /** A constant that several steps share: made once for a key. */
  sharedConstant(key: string, make: () => ArrayBufferView): Constant;
  step<Kernel extends KernelName>(
    value: string,
    kernel: Kernel,
    work: number,
    named: KernelArguments<Kernel, Argument>,
  ): void;
  /** Keeps a buffer until after the last step. */
  keepToTheEnd(buffer: Buffer): void;
  finish(): Program;
}

export function programBuilder(): ProgramBuilder {
  const steps: OpenStep[] = [];
  const buffers: Buffer[] = [];
  const constants: Constant[] = [];
  const shared = new Map<string, Constant>();

  const constant = (data: ArrayBufferView): Constant => {
    const made = { data };
    constants.push(made);
    return made;
  };
  const newBuffer = (bytes: number, kept: string | undefined): Buffer => {
    const buffer = { bytes, kept, first: steps.length, last: steps.length };
    buffers.push(buffer);
    return buffer;
  };

  return {
    buffer: (bytes) => newBuffer(bytes, undefined),
    keptBuffer: (key, bytes) => newBuffer(bytes, key),
    constant,
    sharedConstant(key, make) {
      const made = shared.get(key) ?? constant(make());
      shared.set(key, made);
      return made;
    },
    step(value, kernel, work, named) {
      const byName: Record<string, Argument> = named;
      const positional = KERNEL_PARAMETERS[kernel].map((parameter) => byName[parameter]!);
      for (const argument of positional) {
        if (typeof argument === 'number') continue;
        const target = 'to' in argument ? argument.to : argument;
        if ('bytes' in target) target.last = steps.length;
      }
      steps.push({ value, kernel, work, arguments: positional });
    },
    keepToTheEnd(buffer) {
      buffer.last = Number.MAX_SAFE_INTEGER;
    },
    finish: () => layOut(steps, buffers, constants),
  };
}

function layOut(
  open: readonly OpenStep[],
  buffers: readonly Buffer[],
  constants: readonly Constant[],
): Program {
  const addresses = new Map<Buffer | Constant, number>();
  const placed: PlacedConstant[] = [];
  let address = aligned(ARENA_BASE);
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
    steps: open.map((step) => ({ ...step, arguments: step.arguments.map(resolve) })),
    constants: placed,
    constantBytes,
    arenaBytes: address - arenaBegin,
    memoryBytes: address,
    addressOf: (buffer) => addresses.get(buffer)!,
  };
}
