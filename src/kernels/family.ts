/**
 * What a family of kernels is: which stages it accepts, the layouts it reads and writes, and the calls
 * that it makes of one. `index.ts` lists them by operation; src/plan/select.ts decides.
 */

import type { Graph } from '../graph/graph.ts';
import type { NodeOfOp, OpName } from '../ops/index.ts';
import type { LevelsNode } from '../ops/levels.ts';
import type { PiecewiseLinear } from '../ops/piecewise-linear.ts';
import type { SignNode } from '../ops/sign.ts';
import type { Shape } from '../tensor.ts';
import type { ActivationType } from './activations.ts';
import type { Build } from './builds.ts';
import type { Argument, Buffer, CallWriter } from './calls.ts';
import type { SignEncoding, SimdEncoding } from './encodings.ts';
import type { Raster } from './raster.ts';

/** A value added at the end of a stage; its channels are repeated up to those of the stage. */
export interface Skip {
  readonly value: string;
  readonly channels: number;
}

/** Work that is done in one go: a node, and those that were folded into it. */
export interface Stage<Op extends OpName = OpName> {
  /** Name of the value it produces. */
  readonly value: string;
  readonly shape: Shape;
  /** The graph's nodes it covers, in order. */
  readonly nodes: readonly string[];
  /** The first of them. */
  readonly source: NodeOfOp<Op>;
  /** Values it reads, but for the skip. */
  readonly inputs: readonly string[];
  /** Per channel, what is done to the source's sums; none where the source allows none. */
  readonly functions: readonly PiecewiseLinear[] | undefined;
  readonly skip: Skip | undefined;
  /** Those whose values the same call adds up before, each the skip of the next. */
  readonly before?: readonly Stage<Op>[];
}

/** What a plan is made for. */
export interface Target {
  readonly build: Build;
  /** Whether the build has the kernels that exist in SIMD only. */
  readonly simd: boolean;
  readonly activations: ActivationType;
}

/**
 * Where a value is: `stream` `[tile][channel][32]`; `planar` float32 `[C][H][W]` or `[C]`; or, for
 * the value of a sign, its encoding.
 */
export type Layout = 'stream' | 'planar' | SignEncoding;

/** A value in memory. */
export interface Place {
  readonly buffer: Buffer;
  readonly channels: number;
  readonly raster: Raster;
}

/** Packs the value of a node that makes bits. */
export type Encode = (
  calls: CallWriter,
  activations: ActivationType,
  node: SignNode | LevelsNode,
  stream: Place,
  encoding: SignEncoding,
) => Buffer;

/** A sign that a kernel makes while its numbers are in registers. */
export interface FusedSign {
  /** The `sign` node. */
  readonly name: string;
  readonly encoding: SimdEncoding;
  /** `[C]` or `[1]`. */
  readonly threshold: Float32Array | undefined;
}

/** What a family makes its calls from. */
export interface Emission<Op extends OpName> {
  readonly stage: Stage<Op>;
  readonly target: Target;
  readonly calls: CallWriter;
  /** In the layout that the family reads. */
  readonly inputs: readonly Place[];
  /** In the layout that the family writes. */
  readonly skip: Place | undefined;
  readonly sign: FusedSign | undefined;
  /** Of the value that it makes. */
  readonly channels: number;
  readonly raster: Raster;
}

export interface Emitted {
  readonly value: Buffer;
  /** The fused sign's, where there is one. */
  readonly signs?: Buffer | undefined;
}

export interface Family<Op extends OpName> {
  readonly name: string;
  accepts(stage: Stage<Op>, target: Target): boolean;
  readonly reads: Layout;
  /** What makes that layout of levels, and of signs, in a family that reads levels too. */
  readonly encode?: Encode;
  readonly writes: 'stream' | 'planar';
  /** Encodings of signs that it can make itself. */
  readonly makesSigns?: readonly SimdEncoding[];
  /** Makes one selection of several of its own that one call can do. */
  join?(graph: Graph, selections: readonly Selection[]): Selection[];
  emit(emission: Emission<Op>): Emitted;
}

/** A stage with the kernels that do it. */
export interface Selection {
  readonly stage: Stage;
  readonly family: Family<OpName>;
  /** The first sign of the stage's value that its kernel makes for a reader of it. */
  readonly sign: FusedSign | undefined;
}

/** Room for a stream. */
export function streamRoom<Op extends OpName>({ calls, target, channels, raster }: Emission<Op>) {
  return calls.buffer(raster.tiles * channels * target.activations.tileBytes);
}

/** The skip of a stage as kernels take it: one tile of zeros, read again and again, for none. */
export function skipArguments<Op extends OpName>({
  calls,
  target,
  skip,
}: Emission<Op>): {
  skip: Argument;
  skipChannels: number;
  skipTileBytes: number;
} {
  if (skip === undefined) {
    const zeros = calls.sharedConstant('zero tile', () => new Float32Array(32));
    return { skip: zeros, skipChannels: 1, skipTileBytes: 0 };
  }
  const skipTileBytes = skip.channels * target.activations.tileBytes;
  return { skip: skip.buffer, skipChannels: skip.channels, skipTileBytes };
}
