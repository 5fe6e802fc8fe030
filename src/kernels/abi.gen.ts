/** Generated from assembly/ by `npm run build:wasm`; not to be edited. */

/** Of all that follows: kernels of another digest take other parameters. */
export const ABI_DIGEST = '0975adf3cdb5b562';

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
export const SIGNS_NIBBLES = 1;
export const SIGNS_PLANES = 2;
export const TABLE_BYTES = 36864;
export const TILE_BYTES = 128;
export const WEIGHT_CHUNK_CUTS = 32;

/** Parameters, after the range of work, of kernels that exist for each type of activations. */
export interface GenericKernels<Address> {
  averagePool2x2: {
    channels: number;
    inRow: number;
    input: Address;
    outRow: number;
    run: Address;
    stream: Address;
  };
  binaryConv2dNibbles: {
    bases: number;
    chunkCount: number;
    chunks: Address;
    countsOutside: number;
    groupOutputs: number;
    groupPlanes: number;
    groupWeightBytes: Address;
    groups: number;
    inHeight: number;
    inPlaneBytes: Address;
    inStride: number;
    inWidth: number;
    inside: Address;
    isShifted: number;
    outside: Address;
    parameters: Address;
    partialSums: Address;
    planeBytes: Address;
    planePixels: number;
    planes: Address;
    positions: Address;
    runs: Address;
    signs: Address;
    signsEncoding: number;
    skip: Address;
    skipChannels: number;
    skipTileBytes: Address;
    stream: Address;
    streamTileBytes: Address;
    tableBase: Address;
    weights: Address;
    window: Address;
  };
  binaryConv2dWords: {
    bitCount: number;
    bits: Address;
    dilationX: number;
    dilationY: number;
    groupChannels: number;
    groupOutputs: number;
    inHeight: number;
    inStride: number;
    inWidth: number;
    kernelHeight: number;
    kernelWidth: number;
    outChannels: number;
    outHeight: number;
    outStride: number;
    outWidth: number;
    paddingLeft: number;
    paddingTop: number;
    paddingValue: number;
    parameters: Address;
    shift: number;
    skip: Address;
    skipChannels: number;
    skipTileBytes: Address;
    stream: Address;
    strideX: number;
    strideY: number;
    weights: Address;
    window: Address;
    wordsPerFilter: number;
    wordsPerPixel: number;
  };
  binaryGrouped3x3Planes: {
    borders: Address;
    channels: number;
    corrections: Address;
    offsets: Address;
    pairsPerStep: number;
    parameters: Address;
    planeBytes: Address;
    planes: Address;
    planesPerStep: number;
    signs: Address;
    skip: Address;
    skipChannelBytes: Address;
    skipTileBytes: Address;
    stepCount: number;
    stream: Address;
    streamTileBytes: Address;
    tables: Address;
  };
  binaryPointwiseNibbles: {
    chunkCount: number;
    chunks: Address;
    inChannels: number;
    inside: Address;
    nibbles: Address;
    outChannels: number;
    parameters: Address;
    partialSums: Address;
    planeBytes: Address;
    signs: Address;
    signsEncoding: number;
    skip: Address;
    skipChannels: number;
    skipTileBytes: Address;
    stream: Address;
    streamTileBytes: Address;
    tableBase: Address;
    weights: Address;
  };
  binaryPointwiseWords: {
    bits: Address;
    outChannels: number;
    parameters: Address;
    shift: number;
    skip: Address;
    skipChannels: number;
    skipTileBytes: Address;
    stream: Address;
    weights: Address;
    wordsPerPixel: number;
  };
  concatenate: {
    channels: number;
    firstChannel: number;
    out: Address;
    outChannels: number;
    stream: Address;
  };
  globalAveragePool: {
    channels: number;
    height: number;
    input: Address;
    out: Address;
    reciprocal: number;
    width: number;
  };
  levelPlanes: {
    bits: number;
    channels: number;
    inside: Address;
    planeBytes: Address;
    planes: Address;
    stream: Address;
    thresholds: Address;
  };
  levelWords: {
    bits: number;
    channels: number;
    stream: Address;
    thresholds: Address;
    words: Address;
    wordsPerPixel: number;
  };
  planarToStream: {
    channels: number;
    height: number;
    planar: Address;
    stream: Address;
    unitsPerOne: number;
    width: number;
  };
  pool2d: {
    channels: number;
    input: Address;
    maximum: number;
    stream: Address;
    tapCount: number;
    windows: Address;
  };
  signNibbles: {
    channels: number;
    nibbles: Address;
    stream: Address;
    thresholds: Address;
  };
  signPlanes: {
    channels: number;
    inside: Address;
    planeBytes: Address;
    planes: Address;
    stream: Address;
    thresholds: Address;
  };
  signWords: {
    channels: number;
    stream: Address;
    thresholds: Address;
    words: Address;
    wordsPerPixel: number;
  };
  streamToPlanar: {
    channels: number;
    height: number;
    planar: Address;
    stream: Address;
    unit: number;
    width: number;
  };
}

/** Parameters, after the range of work, of kernels that exist once. */
export interface SingleKernels<Address> {
  binaryWeightConv2d: {
    columns: Address;
    groupBytes: Address;
    groupOutputs: number;
    groups: number;
    isTernary: number;
    offsets: Address;
    parameters: Address;
    pixelCount: number;
    skip: Address;
    skipChannels: number;
    skipTileBytes: Address;
    stream: Address;
    sums: Address;
    tableBase: Address;
    tapCount: number;
    weights: Address;
  };
  clamp: {
    high: number;
    input: Address;
    low: number;
    out: Address;
  };
  columnPairs: {
    height: number;
    outWidth: number;
    paddingLeft: number;
    paddingTop: number;
    pairPlanes: number;
    pairs: Address;
    planar: Address;
    planeBytes: Address;
    rows: number;
    strideX: number;
    strideY: number;
    width: number;
  };
  columns: {
    columns: Address;
    dilationX: number;
    height: number;
    kernelWidth: number;
    outWidth: number;
    paddingLeft: number;
    paddingTop: number;
    planar: Address;
    planeBytes: Address;
    rows: number;
    strideX: number;
    strideY: number;
    width: number;
  };
  columnsOfStream: {
    begin: Address;
    channels: number;
    columns: Address;
    height: number;
    planeBytes: Address;
    stream: Address;
    width: number;
  };
  conv2d: {
    columns: Address;
    groupBytes: Address;
    groupOutputs: number;
    offsets: Address;
    outChannels: number;
    parameters: Address;
    skip: Address;
    skipChannels: number;
    skipTileBytes: Address;
    stream: Address;
    tapCount: number;
    weights: Address;
  };
  conv2dInt16: {
    groupBytes: Address;
    groupOutputs: number;
    offsets: Address;
    outChannels: number;
    pairCount: number;
    pairs: Address;
    parameters: Address;
    skip: Address;
    skipChannels: number;
    skipTileBytes: Address;
    stream: Address;
    weights: Address;
  };
  dense: {
    biases: Address;
    inChannels: number;
    input: Address;
    out: Address;
    scales: Address;
    weights: Address;
  };
  denseInt8: {
    biases: Address;
    inChannels: number;
    input: Address;
    out: Address;
    scales: Address;
    weights: Address;
  };
  mapChannels: {
    channels: number;
    input: Address;
    parameters: Address;
    skip: Address;
    skipChannels: number;
    skipTileBytes: Address;
    stream: Address;
  };
  mapVector: {
    input: Address;
    out: Address;
    parameters: Address;
    skip: Address;
  };
  multiply: {
    channels: number;
    factor: Address;
    factorChannelBytes: Address;
    factorTileBytes: Address;
    input: Address;
    splat: number;
    stream: Address;
  };
  pointwise: {
    inChannels: number;
    input: Address;
    outChannels: number;
    parameters: Address;
    skip: Address;
    skipChannels: number;
    skipTileBytes: Address;
    stream: Address;
    weights: Address;
  };
  round: {
    high: number;
    input: Address;
    low: number;
    out: Address;
  };
  sigmoid: {
    input: Address;
    out: Address;
  };
}
