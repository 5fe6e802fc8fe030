/**
 * Where the values of a network are while its program is made: as planar maps or vectors, as
 * streams, and their signs as words, nibbles or planes. What is asked for in a layout that is not
 * there yet is converted, once.
 */

import type { Graph, Int16Stream, SignNode } from '../graph/graph.ts';
import type { GenericKernelName } from '../kernels/abi.ts';
import type { Build } from '../kernels/builds.ts';
import { aligned } from './arena.ts';
import { fixedPointThreshold } from './fixed-point.ts';
import type { Argument, Buffer, ProgramBuilder, Reference } from './program.ts';
import { insideMask, type Raster, rasterOf, TILE_PIXELS } from './raster.ts';

/** The encodings of signs; assembly/sign.ts describes them. */
export type SignEncoding = 'words' | 'nibbles' | 'planes';

/** Planes of one map: where pixel 0 of the first is, and how far apart they are. */
export interface Planes {
  readonly origin: Reference;
  readonly planeBytes: number;
}

export interface Values {
  readonly builder: ProgramBuilder;
  readonly graph: Graph;
  readonly build: Build;
  /** How streams are kept; undefined is float32. */
  readonly int16: Int16Stream | undefined;
  /** Bytes of one channel of a tile in a stream. */
  readonly tileBytes: number;
  /** The kernel for this kind of streams. */
  kernel<Name extends GenericKernelName>(name: Name): Name | `${Name}Int16`;
  /** Room for a stream of a value's shape. */
  newStream(value: string): Buffer;
  shape(value: string): { channels: number; raster: Raster };
  isVector(value: string): boolean;
  /** `[tile][channel][32]`. */
  stream(value: string): Buffer;
  setStream(value: string, buffer: Buffer): void;
  /** `[channel][height][width]` or `[channel]` float32. */
  planar(value: string): Buffer;
  setPlanar(value: string, buffer: Buffer): void;
  /** The signs of a `sign` node in an encoding; made from the stream where no stage made them. */
  signs(name: string, encoding: SignEncoding): Buffer;
  setSigns(name: string, encoding: SignEncoding, buffer: Buffer): void;
  newSigns(value: string, encoding: SignEncoding): Buffer;
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
export function insideConstant(builder: ProgramBuilder, raster: Raster): Argument {
  const key = `inside ${raster.height}x${raster.width}`;
  return builder.sharedConstant(key, () => insideMask(raster));
}

export function openValues(graph: Graph, build: Build, builder: ProgramBuilder): Values {
  const streams = new Map<string, Buffer>();
  const planars = new Map<string, Buffer>();
  const signs = new Map<string, Buffer>();
  const signNodes = new Map<string, SignNode>();
  for (const node of graph.nodes) if (node.op === 'sign') signNodes.set(node.name, node);

  const shape = (value: string) => {
    const [channels, height = 1, width = 1] = graph.shapes.get(value)!;
    return { channels, raster: rasterOf(height, width) };
  };

  const int16 = graph.stream;
  const units = int16 === undefined ? 1 : 2 ** int16.fraction;
  const tileBytes = TILE_PIXELS * (int16 === undefined ? 4 : 2);

  /** Thresholds as the numbers of a stream. */
  const streamNumbers = (thresholds: Float32Array): Float32Array | Int16Array =>
    int16 === undefined
      ? thresholds
      : Int16Array.from(thresholds, (x) => fixedPointThreshold(x, int16.fraction));

  const values: Values = {
    builder,
    graph,
    build,
    int16,
    tileBytes,
    kernel: (name) => (int16 === undefined ? name : `${name}Int16`),
    newStream(value) {
      const { channels, raster } = shape(value);
      return builder.buffer(raster.tiles * channels * tileBytes);
    },
    shape,
    isVector: (value) => graph.shapes.get(value)!.length === 1,
    stream(value) {
      const known = streams.get(value);
      if (known !== undefined) return known;
      const { channels, raster } = shape(value);
      const { height, width, tiles } = raster;
      const planar = planars.get(value)!;
      const stream = values.newStream(value);
      builder.step(value, values.kernel('planarToStream'), tiles, {
        planar,
        stream,
        channels,
        height,
        width,
        unitsPerOne: units,
      });
      streams.set(value, stream);
      return stream;
    },
    setStream: (value, buffer) => streams.set(value, buffer),
    planar(value) {
      const known = planars.get(value);
      if (known !== undefined) return known;
      const { channels, raster } = shape(value);
      const { height, width } = raster;
      const stream = streams.get(value)!;
      const planar = builder.buffer(channels * height * width * 4);
      builder.step(value, values.kernel('streamToPlanar'), channels, {
        stream,
        planar,
        channels,
        height,
        width,
        unit: 1 / units,
      });
      planars.set(value, planar);
      return planar;
    },
    setPlanar: (value, buffer) => planars.set(value, buffer),
    signs(name, encoding) {
      const known = signs.get(`${encoding} ${name}`);
      if (known !== undefined) return known;
      const node = signNodes.get(name)!;
      const value = node.inputs[0]!;
      const { channels, raster } = shape(value);
      const zeros = () =>
        builder.sharedConstant(`zeros ${channels}`, () => new Float32Array(channels));
      const thresholds =
        node.threshold === undefined ? zeros() : builder.constant(streamNumbers(node.threshold));
      const stream = values.stream(value);
      const buffer = values.newSigns(value, encoding);
      const common = { stream, thresholds, channels };
      if (encoding === 'words') {
        builder.step(name, values.kernel('signWords'), raster.tiles, {
          ...common,
          words: buffer,
          wordsPerPixel: Math.ceil(channels / 64),
        });
      } else if (encoding === 'nibbles') {
        builder.step(name, values.kernel('signNibbles'), raster.tiles, {
          ...common,
          nibbles: buffer,
        });
      } else {
        builder.step(name, values.kernel('signPlanes'), raster.tiles, {
          ...common,
          planes: planesOrigin(buffer, raster),
          planeBytes: planeBytes(raster),
          inside: insideConstant(builder, raster),
        });
      }
      signs.set(`${encoding} ${name}`, buffer);
      return buffer;
    },
    setSigns: (name, encoding, buffer) => signs.set(`${encoding} ${name}`, buffer),
    newSigns(value, encoding) {
      const { channels, raster } = shape(value);
      const pixels = raster.tiles * TILE_PIXELS;
      if (encoding === 'words') return builder.buffer(pixels * Math.ceil(channels / 64) * 8);
      if (encoding === 'nibbles') return builder.buffer(raster.tiles * channels * 16);
      const key = `planes ${channels}x${raster.height}x${raster.width}`;
      const bytes = guardBytes(raster) + (channels / 4) * planeBytes(raster);
      return builder.keptBuffer(key, bytes);
    },
  };
  return values;
}
