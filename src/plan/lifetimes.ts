/**
 * What the finished calls say of buffers, each call telling what it reads and writes: which outputs nobody
 * reads, which may take their input's place, and from which call to which a buffer lives.
 */

import {
  type AnyCall,
  type Argument,
  type Buffer,
  type Calls,
  scratchBuffer,
} from '../kernels/calls.ts';
import type { Ends } from './emit.ts';

/** A buffer from the first call that names it to the last. */
export interface Lifetime {
  readonly buffer: Buffer;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface Lifetimes {
  readonly calls: readonly AnyCall[];
  readonly lifetimes: readonly Lifetime[];
  /** The buffer whose memory a buffer is in: itself, or the one whose place it takes. */
  placeOf(buffer: Buffer): Buffer;
}

/** The buffer of an argument; undefined for numbers and constants. */
export function bufferOf(argument: Argument): Buffer | undefined {
  if (typeof argument === 'number') return undefined;
  const target = 'to' in argument ? argument.to : argument;
  return 'bytes' in target ? target : undefined;
}

/** @param threads how many have copies of scratch buffers */
export function lifetimesOf({ calls, tables }: Calls, ends: Ends, threads: number): Lifetimes {
  const read = lastReads(calls, ends);
  const kept = calls.map((call) => withoutUnread(call, read, threads));
  const taken = inPlaces(kept, read);
  const placeOf = (buffer: Buffer): Buffer => {
    let place = buffer;
    for (let next = taken.get(place); next !== undefined; next = taken.get(place)) place = next;
    return place;
  };

  const lives = new Map<Buffer, { first: number; last: number }>();
  const live = (buffer: Buffer, index: number) => {
    if (buffer === tables) return;
    const place = placeOf(buffer);
    const known = lives.get(place);
    if (known === undefined) lives.set(place, { first: index, last: index });
    else known.last = Math.max(known.last, index);
  };
  live(ends.input, 0);
  for (const [index, call] of kept.entries()) {
    for (const argument of Object.values(call.arguments)) {
      const buffer = bufferOf(argument);
      if (buffer !== undefined) live(buffer, index);
    }
  }
  live(ends.output, Number.MAX_SAFE_INTEGER);
  const lifetimes = [...lives].map(([buffer, { first, last }]) => ({
    buffer,
    bytes: buffer.bytes,
    first,
    last,
  }));
  return { calls: kept, lifetimes, placeOf };
}

/** For each buffer that is read, the last call that does; the output is read after all of them. */
function lastReads(calls: readonly AnyCall[], { output }: Ends): Map<Buffer, number> {
  const last = new Map<Buffer, number>();
  for (const [index, call] of calls.entries()) {
    for (const [parameter, argument] of Object.entries(call.arguments)) {
      const buffer = bufferOf(argument);
      if (buffer !== undefined && !call.writes.includes(parameter)) last.set(buffer, index);
    }
  }
  return last.set(output, Number.MAX_SAFE_INTEGER);
}

/** The call, its optional output in a throw-away tile where nobody reads it. */
function withoutUnread(call: AnyCall, read: ReadonlyMap<Buffer, number>, threads: number): AnyCall {
  if (call.optional === undefined) return call;
  const { output, tileBytes } = call.optional;
  if (read.has(bufferOf(call.arguments[output]!)!)) return call;
  const tile = scratchBuffer(call.arguments[tileBytes] as number, threads);
  const { inPlace: _, ...rest } = call;
  return { ...rest, arguments: { ...call.arguments, [output]: tile, [tileBytes]: 0 } };
}

/** The outputs that take the place of an input, and which. */
function inPlaces(
  calls: readonly AnyCall[],
  read: ReadonlyMap<Buffer, number>,
): Map<Buffer, Buffer> {
  const taken = new Map<Buffer, Buffer>();
  for (const [index, call] of calls.entries()) {
    if (call.inPlace === undefined) continue;
    const output = bufferOf(call.arguments[call.inPlace.output]!)!;
    const input = bufferOf(call.arguments[call.inPlace.input]!);
    if (input === undefined || input.bytes !== output.bytes) continue;
    // A kernel may read an input under another name again after it has written its output.
    const names = Object.values(call.arguments).filter((other) => bufferOf(other) === input);
    if (names.length === 1 && read.get(input) === index) taken.set(output, input);
  }
  return taken;
}
