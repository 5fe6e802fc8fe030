/**
 * The kernels of assembly/, as the host sees them: the names of their parameters, in order, after
 * the range of work `begin`, `end` that each takes first.
 */

/**
 * The WebAssembly binaries, slowest first: 64-bit words only; SIMD; relaxed SIMD, of which only
 * operations are used whose result is the same on every machine. All give the same logits.
 */
export const BUILDS = ['plain', 'simd', 'relaxed'] as const;

export type Build = (typeof BUILDS)[number];

/** Address of the first thread's look-up table; equal to that of assembly/memory-map.ts. */
export const TABLE_BASE = 4096;

/** From one thread's look-up table to the next; what a plan lays out comes after the last. */
export const TABLE_BYTES = 36864;

/**
 * Parameters after `begin` and `end` of the kernels that read or write streams. Each comes twice: as it
 * is called here for streams of float32, and with Int16 at the end of its name for those of int16.
 */
const STREAM_KERNELS = {
  binaryPointwiseNibbles: [
    'tableBase',
    'nibbles',
    'weights',
    'parameters',
    'chunks',
    'chunkCount',
    'partialSums',
    'skip',
    'skipChannels',
    'skipTileBytes',
    'stream',
    'streamTileBytes',
    'signs',
    'signsEncoding',
    'planeBytes',
    'inside',
    'inChannels',
    'outChannels',
  ],
  binaryGrouped3x3Planes: [
    'planes',
    'planeBytes',
    'tables',
    'offsets',
    'stepCount',
    'corrections',
    'borders',
    'parameters',
    'skip',
    'skipChannelBytes',
    'skipTileBytes',
    'stream',
    'streamTileBytes',
    'signs',
    'pairsPerStep',
    'planesPerStep',
    'channels',
  ],
  binaryPointwiseWords: [
    'bits',
    'weights',
    'parameters',
    'skip',
    'skipChannels',
    'skipTileBytes',
    'stream',
    'wordsPerPixel',
    'outChannels',
    'shift',
  ],
  binaryConv2dWords: [
    'bits',
    'weights',
    'parameters',
    'skip',
    'skipChannels',
    'skipTileBytes',
    'stream',
    'window',
    'wordsPerPixel',
    'wordsPerFilter',
    'outChannels',
    'groupChannels',
    'groupOutputs',
    'inHeight',
    'inWidth',
    'inStride',
    'outHeight',
    'outWidth',
    'outStride',
    'kernelHeight',
    'kernelWidth',
    'strideY',
    'strideX',
    'paddingTop',
    'paddingLeft',
    'paddingValue',
    'shift',
  ],
  signWords: ['stream', 'thresholds', 'words', 'channels', 'wordsPerPixel'],
  signNibbles: ['stream', 'thresholds', 'nibbles', 'channels'],
  signPlanes: ['stream', 'thresholds', 'planes', 'channels', 'planeBytes', 'inside'],
  averagePool2x2: ['input', 'run', 'stream', 'channels', 'inRow', 'outRow'],
  pool2d: ['input', 'windows', 'tapCount', 'maximum', 'stream', 'channels'],
  globalAveragePool: ['input', 'out', 'channels', 'height', 'width', 'reciprocal'],
  planarToStream: ['planar', 'stream', 'channels', 'height', 'width', 'unitsPerOne'],
  streamToPlanar: ['stream', 'planar', 'channels', 'height', 'width', 'unit'],
  concatenate: ['stream', 'out', 'channels', 'firstChannel', 'outChannels'],
} as const;

type StreamKernelParameters = typeof STREAM_KERNELS;

/** A kernel that exists for both kinds of streams. */
export type StreamKernelName = keyof StreamKernelParameters;

type Int16Kernels = {
  readonly [Name in StreamKernelName as `${Name}Int16`]: StreamKernelParameters[Name];
};

/** Parameters of every kernel, after `begin` and `end`. */
export const KERNEL_PARAMETERS = {
  ...STREAM_KERNELS,
  ...(Object.fromEntries(
    Object.entries(STREAM_KERNELS).map(([name, parameters]) => [`${name}Int16`, parameters]),
  ) as Int16Kernels),
  binaryPointwiseNibbles: [...STREAM_KERNELS.binaryPointwiseNibbles, 'thresholdsAreZero'],
  binaryGrouped3x3Planes: [...STREAM_KERNELS.binaryGrouped3x3Planes, 'thresholdsAreZero'],
  columns: [
    'planar',
    'columns',
    'planeBytes',
    'height',
    'width',
    'rows',
    'outWidth',
    'kernelWidth',
    'strideY',
    'strideX',
    'paddingTop',
    'paddingLeft',
  ],
  conv2d: [
    'columns',
    'weights',
    'offsets',
    'tapCount',
    'groupBytes',
    'groupOutputs',
    'parameters',
    'skip',
    'skipChannels',
    'skipTileBytes',
    'stream',
    'outChannels',
  ],
  columnPairs: [
    'planar',
    'pairs',
    'planeBytes',
    'height',
    'width',
    'rows',
    'outWidth',
    'pairPlanes',
    'strideY',
    'strideX',
    'paddingTop',
    'paddingLeft',
  ],
  conv2dInt16: [
    'pairs',
    'weights',
    'offsets',
    'pairCount',
    'groupBytes',
    'groupOutputs',
    'parameters',
    'skip',
    'skipChannels',
    'skipTileBytes',
    'stream',
    'outChannels',
  ],
  pointwise: [
    'input',
    'weights',
    'parameters',
    'skip',
    'skipChannels',
    'skipTileBytes',
    'stream',
    'inChannels',
    'outChannels',
  ],
  mapChannels: [
    'input',
    'parameters',
    'skip',
    'skipChannels',
    'skipTileBytes',
    'stream',
    'channels',
  ],
  mapVector: ['input', 'parameters', 'skip', 'out'],
  limit: ['input', 'out', 'limit'],
  dense: ['input', 'weights', 'scales', 'biases', 'out', 'inChannels'],
  denseInt8: ['input', 'weights', 'scales', 'biases', 'out', 'inChannels'],
} as const;

export type KernelName = keyof typeof KERNEL_PARAMETERS;

/** Arguments of a kernel by the names of its parameters. */
export type KernelArguments<Kernel extends KernelName, Argument> = Record<
  (typeof KERNEL_PARAMETERS)[Kernel][number],
  Argument
>;
