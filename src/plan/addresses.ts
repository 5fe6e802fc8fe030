/** Calls with addresses: tables, then constants, then the arena. */

import { FIRST_TABLE, type KernelName } from '../kernels/abi.ts';
import {
  type Argument,
  aligned,
  type Buffer,
  type Calls,
  type Constant,
} from '../kernels/calls.ts';
import { layOutArena } from './arena.ts';
import type { Lifetimes } from './lifetimes.ts';

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

export function layOut(
  { constants, tables }: Calls,
  { calls, lifetimes, placeOf }: Lifetimes,
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
  for (const key of new Set(lifetimes.map(({ buffer }) => buffer.kept))) {
    const group = lifetimes.filter(({ buffer }) => buffer.kept === key);
    const { offsets, bytes } = layOutArena(group);
    for (const [index, { buffer }] of group.entries()) {
      addresses.set(buffer, address + offsets[index]!);
    }
    address += bytes;
  }

  const addressOf = (target: Buffer | Constant): number =>
    addresses.get('bytes' in target ? placeOf(target) : target)!;
  const resolve = (argument: Argument): number => {
    if (typeof argument === 'number') return argument;
    return 'to' in argument ? addressOf(argument.to) + argument.offset : addressOf(argument);
  };
  const steps = calls.map(({ value, kernel, work, granule = 1, arguments: named }): Step => {
    const positional = parametersOf(named).map((parameter) => named[parameter]!);
    return {
      value,
      kernel,
      work,
      granule,
      arguments: positional.map(resolve),
      threadStrides: positional.map(threadStrideOf),
    };
  });
  return {
    steps,
    constants: placed,
    constantBytes,
    arenaBytes: address - arenaBegin,
    memoryBytes: address,
    addressOf,
  };
}

/** Names of arguments in the order in which kernels take them. */
export function parametersOf(named: object): string[] {
  return Object.keys(named).sort();
}

function threadStrideOf(argument: Argument): number {
  return typeof argument === 'object' && 'threadStride' in argument ? argument.threadStride : 0;
}
