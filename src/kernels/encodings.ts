/**
 * How signs lie in memory, one object per encoding: room for them, and the call that makes them from a
 * stream. assembly/sign.ts and assembly/sign-simd.ts have the layouts.
 */

import type { SignNode } from '../ops/sign.ts';
import type { ActivationType } from './activations.ts';
import { type Argument, aligned, type Buffer, type CallWriter, type Reference } from './calls.ts';
import type { Place } from './family.ts';
import { insideMask, type Raster, TILE_PIXELS } from './raster.ts';

/** The encodings of signs that kernels of SIMD read, and make with their numbers. */
export type SimdEncoding = 'nibbles' | 'planes';

/** The encodings of signs; words are in levels.ts. */
export type SignEncoding = SimdEncoding | 'words';

export interface Encoding {
  /** Room for the signs of a map. */
  room(calls: CallWriter, channels: number, raster: Raster): Buffer;
  /** Writes signs into that room. */
  encode(
    calls: CallWriter,
    activations: ActivationType,
    value: string,
    stream: Place,
    thresholds: Argument,
    signs: Buffer,
  ): void;
}

export const ENCODINGS: Readonly<Record<SimdEncoding, Encoding>> = {
  nibbles: {
    room: (calls, channels, { tiles }) => calls.buffer(tiles * channels * 16),
    encode(calls, activations, value, { buffer, channels, raster }, thresholds, nibbles) {
      calls.call({
        value,
        kernel: activations.kernel('signNibbles'),
        work: raster.tiles,
        arguments: { stream: buffer, thresholds, nibbles, channels },
        writes: ['nibbles'],
      });
    },
  },
  planes: {
    room: (calls, channels, raster) =>
      calls.keptBuffer(
        `planes ${channels}x${raster.height}x${raster.width}`,
        guardBytes(raster) + Math.ceil(channels / 4) * planeBytes(raster),
      ),
    encode(calls, activations, value, { buffer, channels, raster }, thresholds, planes) {
      calls.call({
        value,
        kernel: activations.kernel('signPlanes'),
        work: raster.tiles,
        arguments: {
          stream: buffer,
          thresholds,
          planes: planesOrigin(planes, raster),
          channels,
          planeBytes: planeBytes(raster),
          inside: insideConstant(calls, raster),
        },
        writes: ['planes'],
      });
    },
  },
};

/** Signs of a stream in an encoding, for a `sign` node that no kernel has made them for. */
export function encodeSigns(
  calls: CallWriter,
  activations: ActivationType,
  node: SignNode,
  stream: Place,
  encoding: SimdEncoding,
): Buffer {
  return signsIn(ENCODINGS[encoding], calls, activations, node, stream);
}

export function signsIn(
  encoding: Encoding,
  calls: CallWriter,
  activations: ActivationType,
  node: SignNode,
  stream: Place,
): Buffer {
  const { channels, raster } = stream;
  const none = new Float32Array(1);
  const thresholds =
    node.threshold === undefined
      ? calls.sharedConstant(`zero thresholds ${channels}`, () =>
          activations.thresholds(none, channels),
        )
      : calls.constant(activations.thresholds(node.threshold, channels));
  const signs = encoding.room(calls, channels, raster);
  encoding.encode(calls, activations, node.name, stream, thresholds, signs);
  return signs;
}

/** Bytes before and after a plane that must be 0: a row, a column and a vector's overhang. */
function guardBytes(raster: Raster): number {
  return aligned(raster.row + 1 + 16);
}

/** Bytes from one plane to the next: between two planes one guard serves both. */
export function planeBytes(raster: Raster): number {
  return raster.tiles * TILE_PIXELS + guardBytes(raster);
}

/** Pixel 0 of the first plane of a planes buffer. */
export function planesOrigin(buffer: Buffer, raster: Raster): Reference {
  return { to: buffer, offset: guardBytes(raster) };
}

/** The shared constant of a raster: 0xff inside the picture. */
export function insideConstant(calls: CallWriter, raster: Raster): Argument {
  const key = `inside ${raster.height}x${raster.width}`;
  return calls.sharedConstant(key, () => insideMask(raster));
}
