/**
 * The graph of a network: typed operations in topological order, each producing one value. This is
 * the JSON of the model file (docs/model-format.md), checked and with its tensors attached.
 *
 * Values are float32 `[C, H, W]` or `[C]`, except those of `sign`, which are binary. Batch is 1.
 */

/** `[channels, height, width]` of a feature map, or `[channels]` of a vector. */
export type Shape = readonly [number, number, number] | readonly [number];

/** `[vertical, horizontal]`. */
export type Pair = readonly [number, number];

/** `[top, left, bottom, right]`, in pixels. */
export type Padding = readonly [number, number, number, number];

/** A tensor of the model file: a view of its bytes, little endian, row-major. */
export type Tensor =
  | { readonly dtype: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'I8'; readonly shape: readonly number[]; readonly data: Int8Array }
  | { readonly dtype: 'U64'; readonly shape: readonly number[]; readonly data: BigUint64Array };

interface NodeBase {
  /** Name of the node and of the value it produces; unique in the graph. */
  readonly name: string;
  /** Names of the values it reads. */
  readonly inputs: readonly string[];
}

/** What every convolution has. */
interface Window {
  readonly stride: Pair;
  readonly padding: Padding;
}

/** Float convolution with zero padding; `weight` is `[O, I / groups, kernelHeight, kernelWidth]`. */
export interface Conv2dNode extends NodeBase, Window {
  readonly op: 'conv2d';
  readonly weight: Float32Array;
  readonly bias: Float32Array | undefined;
  readonly kernel: Pair;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
}

/** +1 where x > threshold (0 where none is given), else -1; so sign(0) = -1 (paper, eq. 1). */
export interface SignNode extends NodeBase {
  readonly op: 'sign';
  readonly threshold: Float32Array | undefined;
}

/**
 * Binary convolution of a binary value: alpha[o] * sum of products of +-1 (paper, eq. 3).
 * A tap outside the picture counts as `paddingValue`; 0 adds nothing.
 */
export interface BinaryConv2dNode extends NodeBase, Window {
  readonly op: 'binary_conv2d';
  /**
   * Packed bits `[O, ceil(kernelHeight * kernelWidth * I / groups / 64)]`: bit 1 is +1; element
   * `(y * kernelWidth + x) * (I / groups) + c` of a filter is bit `e mod 64` of word `e div 64`.
   */
  readonly weight: BigUint64Array;
  readonly alpha: Float32Array | undefined;
  readonly kernel: Pair;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly paddingValue: -1 | 0 | 1;
}

/** gamma * (x - mean) / sqrt(variance + epsilon) + beta, per channel. */
export interface BatchNormNode extends NodeBase {
  readonly op: 'batch_norm';
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  readonly epsilon: number;
}

/** x * scale + bias, per channel. */
export interface AffineNode extends NodeBase {
  readonly op: 'affine';
  readonly scale: Float32Array | undefined;
  readonly bias: Float32Array | undefined;
}

/** x where x > 0, else slope * x; one slope a channel, or one for all. */
export interface PreluNode extends NodeBase {
  readonly op: 'prelu';
  readonly slope: Float32Array;
}

/** max(x, 0), and at most `max` where one is given. */
export interface ReluNode extends NodeBase {
  readonly op: 'relu';
  readonly max: number | undefined;
}

export interface AddNode extends NodeBase {
  readonly op: 'add';
}

/** Concatenation along channels. */
export interface ConcatNode extends NodeBase {
  readonly op: 'concat';
}

/** The average divides by the number of taps inside the picture; padding never wins a maximum. */
export interface Pool2dNode extends NodeBase, Window {
  readonly op: 'average_pool2d' | 'max_pool2d';
  readonly kernel: Pair;
}

/** `[C, H, W]` -> `[C]`. */
export interface GlobalAveragePoolNode extends NodeBase {
  readonly op: 'global_average_pool';
}

/** `[C, H, W]` -> `[C * H * W]`, channels outermost. */
export interface FlattenNode extends NodeBase {
  readonly op: 'flatten';
}

/** Fully connected; 8-bit weights are scaled back by `weightScale`, one factor an output. */
export interface DenseNode extends NodeBase {
  readonly op: 'dense';
  /** `[O, I]`. */
  readonly weight: Float32Array | Int8Array;
  readonly weightScale: Float32Array | undefined;
  readonly bias: Float32Array | undefined;
  readonly inChannels: number;
  readonly outChannels: number;
}

export type GraphNode =
  | Conv2dNode
  | SignNode
  | BinaryConv2dNode
  | BatchNormNode
  | AffineNode
  | PreluNode
  | ReluNode
  | AddNode
  | ConcatNode
  | Pool2dNode
  | GlobalAveragePoolNode
  | FlattenNode
  | DenseNode;

/**
 * Feature maps kept as int16, multiples of 2^-fraction, from where a convolution or pool makes them
 * (docs/fixed-point.md). Vectors stay float32.
 */
export interface Int16Stream {
  readonly type: 'int16';
  /** 0..15. */
  readonly fraction: number;
}

/** One input, one output, nodes in topological order. `shapes` has the shape of every value. */
export interface Graph {
  readonly input: { readonly name: string; readonly shape: readonly [number, number, number] };
  readonly output: string;
  readonly nodes: readonly GraphNode[];
  readonly shapes: ReadonlyMap<string, Shape>;
  /** How feature maps are kept; absent, as float32. */
  readonly stream?: Int16Stream | undefined;
}
