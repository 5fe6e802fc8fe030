/** Generated from assembly/ by `npm run build:wasm`; not to be edited. */

/** Of all that follows: kernels of another digest take other parameters. */
export const ABI_DIGEST = '6d5958187f0bd661';

export const FIRST_TABLE = 4096;
export const FLOAT32_BEND = 8;
export const FLOAT32_KNEE = 0;
export const FLOAT32_OFFSET = 12;
export const FLOAT32_PARAMETER_BYTES = 20;
export const FLOAT32_SLOPE = 4;
export const FLOAT32_THRESHOLD = 16;
export const INT16_KNEE = 2;
export const INT16_LEFT = 4;
export const INT16_OFFSET = 8;
export const INT16_PARAMETER_BYTES = 16;
export const INT16_SCALE = 0;
export const INT16_THRESHOLD = 10;
export const INT16_TURN = 6;
export const TABLE_BYTES = 36864;
export const TILE_BYTES = 128;

/** Parameters, after the range of work, of kernels that exist for each type of activations. */
export const GENERIC_KERNELS = {
  averagePool2x2: ['input', 'run', 'stream', 'channels', 'inRow', 'outRow'],
  binaryConv2dWords: ['bits', 'weights', 'parameters', 'skip', 'skipChannels', 'skipTileBytes', 'stream', 'window', 'wordsPerPixel', 'wordsPerFilter', 'outChannels', 'groupChannels', 'groupOutputs', 'inHeight', 'inWidth', 'inStride', 'outHeight', 'outWidth', 'outStride', 'kernelHeight', 'kernelWidth', 'strideY', 'strideX', 'paddingTop', 'paddingLeft', 'paddingValue', 'shift'],
  binaryGrouped3x3Planes: ['planes', 'planeBytes', 'tables', 'offsets', 'stepCount', 'corrections', 'borders', 'parameters', 'skip', 'skipChannelBytes', 'skipTileBytes', 'stream', 'streamTileBytes', 'signs', 'pairsPerStep', 'planesPerStep', 'channels', 'thresholdsAreZero'],
  binaryPointwiseNibbles: ['tableBase', 'nibbles', 'weights', 'parameters', 'chunks', 'chunkCount', 'partialSums', 'skip', 'skipChannels', 'skipTileBytes', 'stream', 'streamTileBytes', 'signs', 'signsEncoding', 'planeBytes', 'inside', 'inChannels', 'outChannels', 'thresholdsAreZero'],
  binaryPointwiseWords: ['bits', 'weights', 'parameters', 'skip', 'skipChannels', 'skipTileBytes', 'stream', 'wordsPerPixel', 'outChannels', 'shift'],
  concatenate: ['stream', 'out', 'channels', 'firstChannel', 'outChannels'],
  globalAveragePool: ['input', 'out', 'channels', 'height', 'width', 'reciprocal'],
  planarToStream: ['planar', 'stream', 'channels', 'height', 'width', 'unitsPerOne'],
  pool2d: ['input', 'windows', 'tapCount', 'maximum', 'stream', 'channels'],
  signNibbles: ['stream', 'thresholds', 'nibbles', 'channels'],
  signPlanes: ['stream', 'thresholds', 'planes', 'channels', 'planeBytes', 'inside'],
  signWords: ['stream', 'thresholds', 'words', 'channels', 'wordsPerPixel'],
  streamToPlanar: ['stream', 'planar', 'channels', 'height', 'width', 'unit'],
} as const;

/** Parameters, after the range of work, of kernels that exist once. */
export const SINGLE_KERNELS = {
  clamp: ['input', 'out', 'low', 'high'],
  columnPairs: ['planar', 'pairs', 'planeBytes', 'height', 'width', 'rows', 'outWidth', 'pairPlanes', 'strideY', 'strideX', 'paddingTop', 'paddingLeft'],
  columns: ['planar', 'columns', 'planeBytes', 'height', 'width', 'rows', 'outWidth', 'kernelWidth', 'strideY', 'strideX', 'paddingTop', 'paddingLeft'],
  conv2d: ['columns', 'weights', 'offsets', 'tapCount', 'groupBytes', 'groupOutputs', 'parameters', 'skip', 'skipChannels', 'skipTileBytes', 'stream', 'outChannels'],
  conv2dInt16: ['pairs', 'weights', 'offsets', 'pairCount', 'groupBytes', 'groupOutputs', 'parameters', 'skip', 'skipChannels', 'skipTileBytes', 'stream', 'outChannels'],
  dense: ['input', 'weights', 'scales', 'biases', 'out', 'inChannels'],
  denseInt8: ['input', 'weights', 'scales', 'biases', 'out', 'inChannels'],
  mapChannels: ['input', 'parameters', 'skip', 'skipChannels', 'skipTileBytes', 'stream', 'channels'],
  mapVector: ['input', 'parameters', 'skip', 'out'],
  pointwise: ['input', 'weights', 'parameters', 'skip', 'skipChannels', 'skipTileBytes', 'stream', 'inChannels', 'outChannels'],
} as const;

/** Parameters that are addresses; the others are numbers. */
export type AddressParameters = {
  averagePool2x2: 'input' | 'run' | 'stream';
  binaryConv2dWords: 'bits' | 'weights' | 'parameters' | 'skip' | 'skipTileBytes' | 'stream' | 'window';
  binaryGrouped3x3Planes: 'planes' | 'planeBytes' | 'tables' | 'offsets' | 'corrections' | 'borders' | 'parameters' | 'skip' | 'skipChannelBytes' | 'skipTileBytes' | 'stream' | 'streamTileBytes' | 'signs';
  binaryPointwiseNibbles: 'tableBase' | 'nibbles' | 'weights' | 'parameters' | 'chunks' | 'partialSums' | 'skip' | 'skipTileBytes' | 'stream' | 'streamTileBytes' | 'signs' | 'planeBytes' | 'inside';
  binaryPointwiseWords: 'bits' | 'weights' | 'parameters' | 'skip' | 'skipTileBytes' | 'stream';
  clamp: 'input' | 'out';
  columnPairs: 'planar' | 'pairs' | 'planeBytes';
  columns: 'planar' | 'columns' | 'planeBytes';
  concatenate: 'stream' | 'out';
  conv2d: 'columns' | 'weights' | 'offsets' | 'groupBytes' | 'parameters' | 'skip' | 'skipTileBytes' | 'stream';
  conv2dInt16: 'pairs' | 'weights' | 'offsets' | 'groupBytes' | 'parameters' | 'skip' | 'skipTileBytes' | 'stream';
  dense: 'input' | 'weights' | 'scales' | 'biases' | 'out';
  denseInt8: 'input' | 'weights' | 'scales' | 'biases' | 'out';
  globalAveragePool: 'input' | 'out';
  mapChannels: 'input' | 'parameters' | 'skip' | 'skipTileBytes' | 'stream';
  mapVector: 'input' | 'parameters' | 'skip' | 'out';
  planarToStream: 'planar' | 'stream';
  pointwise: 'input' | 'weights' | 'parameters' | 'skip' | 'skipTileBytes' | 'stream';
  pool2d: 'input' | 'windows' | 'stream';
  signNibbles: 'stream' | 'thresholds' | 'nibbles';
  signPlanes: 'stream' | 'thresholds' | 'planes' | 'planeBytes' | 'inside';
  signWords: 'stream' | 'thresholds' | 'words';
  streamToPlanar: 'stream' | 'planar';
};
