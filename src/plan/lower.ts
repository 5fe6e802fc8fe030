/**
 * Stages to steps: which kernel does a stage, on which layouts.
 */

import { GraphError } from '../errors.ts';
import type { BinaryConv2dNode, Conv2dNode, DenseNode, Pool2dNode } from '../graph/graph.ts';
import { hasSimd } from '../kernels/builds.ts';
import { fixedPointParameters } from './fixed-point.ts';
import {
  groupedOffsets,
  groupedShape,
  packGrouped3x3Planes,
  packPointwiseNibbles,
  pointwiseChunks,
  wordsPerFilter,
} from './pack-binary.ts';
import {
  columnsOffsets,
  columnsShape,
  denseBlocks,
  packDense,
  packPointwise,
  poolWindows,
} from './pack-float.ts';
import { int16Filters, ofIntegerSum, pairsOffsets, pairsShape } from './pack-int16.ts';
import { epilogueParameters, scaled } from './piecewise-linear.ts';
import type { Argument, Buffer } from './program.ts';
import { borderClasses, TILE_PIXELS } from './raster.ts';
import { countScale, type Stage } from './stages.ts';
import {
  insideConstant,
  planeBytes,
  planesOrigin,
  type SignEncoding,
  type Values,
} from './values.ts';

/** A sign that a stage may make while its numbers are in registers. */
export interface FusedSign {
  /** The `sign` node. */
  readonly name: string;
  readonly encoding: SignEncoding;
  readonly threshold: Float32Array | undefined;
}

/** What a stage is to leave behind. */
export interface Wanted {
  /** Whether anything but signs reads the value. */
  readonly stream: boolean;
  /** Whether the skip's stream is not read after this stage, so that it may be overwritten. */
  readonly skipIsLast: boolean;
  readonly sign: FusedSign | undefined;
}

/** The kernel for a binary convolution, named after the encoding it reads. */
export function binaryKernel(node: BinaryConv2dNode, values: Values): SignEncoding {
  if (!hasSimd(values.build)) return 'words';
  const plain = node.stride.every((s) => s === 1) && node.inChannels % 4 === 0;
  if (isPointwise(node) && plain && node.outChannels % 4 === 0) return 'nibbles';
  const groupChannels = node.inChannels / node.groups;
  const grouped =
    plain &&
    node.kernel.every((size) => size === 3) &&
    node.padding.every((pixels) => pixels === 1) &&
    node.paddingValue === 0 &&
    node.inChannels === node.outChannels &&
    [1, 2, 4, 8, 16].includes(groupChannels);
  return grouped ? 'planes' : 'words';
}

/** Signs that the kernel of a stage can make itself. */
export function canFuseSign(stage: Stage, encoding: SignEncoding, values: Values): boolean {
  if (stage.source.op !== 'binary_conv2d') return false;
  const kernel = binaryKernel(stage.source, values);
  if (kernel === 'nibbles') return encoding !== 'words';
  return kernel === 'planes' && encoding === 'nibbles';
}

function isPointwise(node: BinaryConv2dNode | Conv2dNode): boolean {
  return (
    node.kernel.every((size) => size === 1) &&
    node.stride.every((s) => s === 1) &&
    node.padding.every((pixels) => pixels === 0) &&
    node.groups === 1
  );
}

/** The steps of one stage. */
export function lowerStage(stage: Stage, wanted: Wanted, values: Values): void {
  const { source } = stage;
  switch (source.op) {
    case 'conv2d':
      if (values.int16 !== undefined) {
        lowerConv2dInt16(stage, source, values.int16.fraction, wanted, values);
      } else if (isPointwise(source) && source.outChannels % 4 === 0) {
        lowerPointwise(stage, source, wanted, values);
      } else {
        lowerConv2d(stage, source, wanted, values);
      }
      break;
    case 'binary_conv2d':
      BINARY[binaryKernel(source, values)](stage, source, wanted, values);
      break;
    case 'map':
      if (values.isVector(stage.value)) lowerMapVector(stage, values);
      else {
        refuseInt16(stage, values);
        lowerMap(stage, source.input, wanted, values);
      }
      break;
    case 'relu':
      if (!values.isVector(stage.value)) refuseInt16(stage, values);
      lowerLimit(stage, source.max!, values);
      break;
    case 'average_pool2d':
    case 'max_pool2d':
      lowerPool(stage, source, values);
      break;
    case 'global_average_pool':
      lowerGlobalAveragePool(stage, values);
      break;
    case 'flatten':
      values.setPlanar(stage.value, values.planar(stage.inputs[0]!));
      break;
    case 'dense':
      lowerDense(stage, source, values);
      break;
    case 'concat':
      lowerConcat(stage, values);
      break;
    default:
      throw new TypeError(`stage ${stage.value} starts with ${source.op}`);
  }
}

/** Element-wise operations that no convolution takes in exist for float32 streams only. */
function refuseInt16(stage: Stage, values: Values): void {
  if (values.int16 === undefined) return;
  throw new GraphError('STREAM_UNSUPPORTED', `${stage.value} cannot be computed in int16`, {
    hint: "export the model with a float32 stream, or load it with stream: 'float32'",
  });
}

const BINARY = { nibbles: lowerNibbles, planes: lowerPlanes, words: lowerWords } as const;

/** The skip of a stage as kernels take it: one tile of zeros, read again and again, for none. */
interface SkipArguments {
  readonly skip: Argument;
  readonly skipChannels: number;
  readonly skipTileBytes: number;
}

function skipArguments(stage: Stage, values: Values): SkipArguments {
  if (stage.skip === undefined) {
    const skip = values.builder.sharedConstant('zero tile', () => new Float32Array(32));
    return { skip, skipChannels: 1, skipTileBytes: 0 };
  }
  const { value, channels } = stage.skip;
  return {
    skip: values.stream(value),
    skipChannels: channels,
    skipTileBytes: channels * values.tileBytes,
  };
}

/** Where a stage writes: over its skip where nobody reads that any more. */
function outStream(stage: Stage, wanted: Wanted, values: Values): Buffer {
  const { channels } = values.shape(stage.value);
  const over = wanted.skipIsLast && stage.skip?.channels === channels;
  const stream = over ? values.stream(stage.skip!.value) : values.newStream(stage.value);
  values.setStream(stage.value, stream);
  return stream;
}

function parametersOf(stage: Stage, values: Values): Argument {
  return values.builder.constant(epilogueParameters(stage.functions!, undefined));
}

/** Parameters of the epilogue of a binary convolution. */
function binaryParametersOf(
  stage: Stage,
  node: BinaryConv2dNode,
  values: Values,
  threshold?: Float32Array,
): Argument {
  const functions = stage.functions!;
  if (values.int16 === undefined) {
    return values.builder.constant(epilogueParameters(functions, threshold));
  }
  const { taps, step } = countScale(node);
  const { fraction } = values.int16;
  const parameters = fixedPointParameters(
    stage.value,
    functions,
    (2 * taps) / step,
    fraction,
    threshold,
  );
  return values.builder.constant(parameters);
}

/** The output stream, or one tile a thread, overwritten again and again, where nobody reads it. */
function streamArguments(stage: Stage, wanted: Wanted, values: Values) {
  const { channels } = values.shape(stage.value);
  return wanted.stream
    ? { stream: outStream(stage, wanted, values), streamTileBytes: channels * values.tileBytes }
    : { stream: values.builder.scratch(channels * values.tileBytes), streamTileBytes: 0 };
}

/** 1 where a plain comparison with 0 makes the signs. */
function thresholdsAreZero(sign: FusedSign | undefined): number {
  return sign?.threshold?.some((threshold) => threshold !== 0) ? 0 : 1;
}

function lowerNibbles(stage: Stage, node: BinaryConv2dNode, wanted: Wanted, values: Values): void {
  const { builder } = values;
  const { raster } = values.shape(stage.value);
  const nibbles = values.signs(stage.inputs[0]!, 'nibbles');
  const skip = skipArguments(stage, values);
  const chunks = pointwiseChunks(node.inChannels);
  const { sign } = wanted;
  const signs = sign === undefined ? undefined : values.newSigns(stage.value, sign.encoding);
  const toPlanes = sign?.encoding === 'planes';
  const granule = node.outChannels / 4;
  const operands = {
    tableBase: builder.tables,
    nibbles,
    weights: builder.constant(packPointwiseNibbles(node)),
    parameters: binaryParametersOf(stage, node, values, sign?.threshold),
    chunks: builder.sharedConstant(`chunks ${node.inChannels}`, () =>
      Int32Array.from(chunks.flat()),
    ),
    chunkCount: chunks.length,
    partialSums: chunks.length > 1 ? builder.scratch(node.outChannels * 64) : 0,
    ...skip,
    ...streamArguments(stage, wanted, values),
    signs: signs === undefined ? 0 : toPlanes ? planesOrigin(signs, raster) : signs,
    signsEncoding: sign === undefined ? 0 : toPlanes ? 2 : 1,
    thresholdsAreZero: thresholdsAreZero(sign),
    planeBytes: planeBytes(raster),
    inside: insideConstant(builder, raster),
    inChannels: node.inChannels,
    outChannels: node.outChannels,
  };
  const kernel = values.kernel('binaryPointwiseNibbles');
  builder.step(stage.value, kernel, raster.tiles * granule, operands, granule);
  if (sign !== undefined) values.setSigns(sign.name, sign.encoding, signs!);
}

function lowerPlanes(stage: Stage, node: BinaryConv2dNode, wanted: Wanted, values: Values): void {
  const { builder } = values;
  const { channels, raster } = values.shape(stage.value);
  const planes = planesOrigin(values.signs(stage.inputs[0]!, 'planes'), raster);
  const { skip, skipTileBytes } = skipArguments(stage, values);
  const shape = groupedShape(node.inChannels / node.groups);
  const { tables, corrections } = packGrouped3x3Planes(node);
  const size = `${raster.height}x${raster.width}`;
  const signs = values.newSigns(stage.value, 'nibbles');
  const granule = channels / (2 * shape.pairsPerStep);
  const operands = {
    planes,
    planeBytes: planeBytes(raster),
    tables: builder.constant(tables),
    offsets: builder.sharedConstant(`offsets ${size} ${shape.planesPerStep}`, () =>
      groupedOffsets(shape, raster, planeBytes(raster)),
    ),
    stepCount: shape.stepCount,
    corrections: builder.constant(corrections),
    borders: builder.sharedConstant(`borders ${size}`, () => borderClasses(raster)),
    parameters: binaryParametersOf(stage, node, values, wanted.sign?.threshold),
    skip,
    skipChannelBytes: skipTileBytes === 0 ? 0 : values.tileBytes,
    skipTileBytes,
    ...streamArguments(stage, wanted, values),
    signs,
    thresholdsAreZero: thresholdsAreZero(wanted.sign),
    pairsPerStep: shape.pairsPerStep,
    planesPerStep: shape.planesPerStep,
    channels,
  };
  const kernel = values.kernel('binaryGrouped3x3Planes');
  builder.step(stage.value, kernel, raster.tiles * granule, operands, granule);
  if (wanted.sign !== undefined) values.setSigns(wanted.sign.name, 'nibbles', signs);
}

function lowerWords(stage: Stage, node: BinaryConv2dNode, wanted: Wanted, values: Values): void {
  const { builder } = values;
  const { raster: out } = values.shape(stage.value);
  const { raster: input } = values.shape(stage.inputs[0]!);
  const bits = values.signs(stage.inputs[0]!, 'words');
  const { step } = countScale(node);
  const common = {
    bits,
    weights: builder.constant(node.weight),
    parameters: binaryParametersOf(stage, node, values),
    ...skipArguments(stage, values),
    stream: outStream(stage, wanted, values),
    wordsPerPixel: Math.ceil(node.inChannels / 64),
    outChannels: node.outChannels,
    shift: step - 1,
  };
  if (isPointwise(node) && node.outChannels % 2 === 0) {
    builder.step(stage.value, values.kernel('binaryPointwiseWords'), out.tiles, common);
    return;
  }
  builder.step(stage.value, values.kernel('binaryConv2dWords'), out.tiles, {
    ...common,
    window: builder.scratch(wordsPerFilter(node) * 16),
    wordsPerFilter: wordsPerFilter(node),
    groupChannels: node.inChannels / node.groups,
    groupOutputs: node.outChannels / node.groups,
    inHeight: input.height,
    inWidth: input.width,
    inStride: input.row,
    outHeight: out.height,
    outWidth: out.width,
    outStride: out.row,
    kernelHeight: node.kernel[0],
    kernelWidth: node.kernel[1],
    strideY: node.stride[0],
    strideX: node.stride[1],
    paddingTop: node.padding[0],
    paddingLeft: node.padding[1],
    paddingValue: node.paddingValue,
  });
}

function lowerConv2d(stage: Stage, node: Conv2dNode, wanted: Wanted, values: Values): void {
  const { builder } = values;
  const { raster } = values.shape(stage.value);
  const { channels: inChannels, raster: input } = values.shape(stage.inputs[0]!);
  const planar = values.planar(stage.inputs[0]!);
  const shape = columnsShape(node, raster);
  const columns = builder.buffer(inChannels * shape.planes * shape.planeBytes);
  builder.step(stage.value, 'columns', inChannels * shape.planes, {
    planar,
    columns,
    planeBytes: shape.planeBytes,
    height: input.height,
    width: input.width,
    rows: shape.rows,
    outWidth: raster.width,
    kernelWidth: node.kernel[1],
    strideY: node.stride[0],
    strideX: node.stride[1],
    paddingTop: node.padding[0],
    paddingLeft: node.padding[1],
  });
  const offsets = columnsOffsets(node, raster);
  const groupChannels = node.inChannels / node.groups;
  builder.step(stage.value, 'conv2d', raster.tiles, {
    columns,
    weights: builder.constant(node.weight),
    offsets: builder.constant(offsets),
    tapCount: offsets.length,
    groupBytes: groupChannels * shape.planes * shape.planeBytes,
    groupOutputs: node.outChannels / node.groups,
    parameters: parametersOf(stage, values),
    ...skipArguments(stage, values),
    stream: outStream(stage, wanted, values),
    outChannels: node.outChannels,
  });
}

/** The same in 16-bit integers. */
function lowerConv2dInt16(
  stage: Stage,
  node: Conv2dNode,
  fraction: number,
  wanted: Wanted,
  values: Values,
): void {
  const { builder } = values;
  const { raster } = values.shape(stage.value);
  const { channels: inChannels, raster: input } = values.shape(stage.inputs[0]!);
  const planar = values.planar(stage.inputs[0]!);
  const shape = pairsShape(node, raster);
  const pairs = builder.buffer(inChannels * shape.planes * shape.planeBytes);
  builder.step(stage.value, 'columnPairs', inChannels * shape.planes, {
    planar,
    pairs,
    planeBytes: shape.planeBytes,
    height: input.height,
    width: input.width,
    rows: shape.rows,
    outWidth: raster.width,
    pairPlanes: shape.pairPlanes,
    strideY: node.stride[0],
    strideX: node.stride[1],
    paddingTop: node.padding[0],
    paddingLeft: node.padding[1],
  });
  const offsets = pairsOffsets(node, raster);
  const { weights, sumsPerOne } = int16Filters(node);
  const functions = stage.functions!.map((f, output) =>
    scaled(ofIntegerSum(f, sumsPerOne[output]!), 2 ** fraction, 0),
  );
  const groupChannels = node.inChannels / node.groups;
  builder.step(stage.value, 'conv2dInt16', raster.tiles, {
    pairs,
    weights: builder.constant(weights),
    offsets: builder.constant(offsets),
    pairCount: offsets.length,
    groupBytes: groupChannels * shape.planes * shape.planeBytes,
    groupOutputs: node.outChannels / node.groups,
    parameters: builder.constant(epilogueParameters(functions, undefined)),
    ...skipArguments(stage, values),
    stream: outStream(stage, wanted, values),
    outChannels: node.outChannels,
  });
}

function lowerPointwise(stage: Stage, node: Conv2dNode, wanted: Wanted, values: Values): void {
  const { raster } = values.shape(stage.value);
  const input = stage.inputs[0]!;
  // A tile's inputs are read again for every block of outputs: they may not be overwritten.
  const skipIsLast = wanted.skipIsLast && stage.skip?.value !== input;
  values.builder.step(stage.value, 'pointwise', raster.tiles, {
    input: values.stream(input),
    weights: values.builder.constant(packPointwise(node)),
    parameters: parametersOf(stage, values),
    ...skipArguments(stage, values),
    stream: outStream(stage, { ...wanted, skipIsLast }, values),
    inChannels: node.inChannels,
    outChannels: node.outChannels,
  });
}

function lowerMap(stage: Stage, input: string, wanted: Wanted, values: Values): void {
  const { channels, raster } = values.shape(stage.value);
  values.builder.step(stage.value, 'mapChannels', raster.tiles, {
    input: values.stream(input),
    parameters: parametersOf(stage, values),
    ...skipArguments(stage, values),
    stream: outStream(stage, wanted, values),
    channels,
  });
}

function lowerMapVector(stage: Stage, values: Values): void {
  const { channels } = values.shape(stage.value);
  const out = values.builder.buffer(channels * 4);
  const zeros = () =>
    values.builder.sharedConstant(`zeros ${channels}`, () => new Float32Array(channels));
  values.builder.step(stage.value, 'mapVector', channels, {
    input: values.planar(stage.inputs[0]!),
    parameters: parametersOf(stage, values),
    skip: stage.skip === undefined ? zeros() : values.planar(stage.skip.value),
    out,
  });
  values.setPlanar(stage.value, out);
}

/** relu with a maximum: two kinks, so it is rectified first and limited then. */
function lowerLimit(stage: Stage, limit: number, values: Values): void {
  const { builder } = values;
  const { channels, raster } = values.shape(stage.value);
  const rectify = Array.from({ length: channels }, () => ({
    knee: 0,
    value: 0,
    left: 0,
    right: 1,
  }));
  const rectified: Stage = { ...stage, functions: rectify };
  if (values.isVector(stage.value)) {
    lowerMapVector(rectified, values);
    const vector = values.planar(stage.value);
    builder.step(stage.value, 'limit', channels, { input: vector, out: vector, limit });
    return;
  }
  const nothing = { stream: true, skipIsLast: false, sign: undefined };
  lowerMap(rectified, stage.inputs[0]!, nothing, values);
  const stream = values.stream(stage.value);
  const numbers = raster.tiles * channels * TILE_PIXELS;
  builder.step(stage.value, 'limit', numbers, { input: stream, out: stream, limit });
}

function lowerPool(stage: Stage, node: Pool2dNode, values: Values): void {
  const { builder } = values;
  const { channels, raster } = values.shape(stage.value);
  const { raster: inputRaster } = values.shape(stage.inputs[0]!);
  const input = values.stream(stage.inputs[0]!);
  const stream = values.newStream(stage.value);
  if (hasSimd(values.build) && isAverage2x2(node)) {
    builder.step(stage.value, values.kernel('averagePool2x2'), raster.height, {
      input,
      run: builder.scratch(
        ((2 * inputRaster.row + raster.row + 80) * values.tileBytes) / TILE_PIXELS,
      ),
      stream,
      channels,
      inRow: inputRaster.row,
      outRow: raster.row,
    });
  } else {
    builder.step(stage.value, values.kernel('pool2d'), raster.tiles, {
      input,
      windows: builder.constant(poolWindows(node, inputRaster, raster, channels)),
      tapCount: node.kernel[0] * node.kernel[1],
      maximum: node.op === 'max_pool2d' ? 1 : 0,
      stream,
      channels,
    });
  }
  values.setStream(stage.value, stream);
}

function isAverage2x2(node: Pool2dNode): boolean {
  return (
    node.op === 'average_pool2d' &&
    [...node.kernel, ...node.stride].every((size) => size === 2) &&
    node.padding.every((pixels) => pixels === 0)
  );
}

function lowerGlobalAveragePool(stage: Stage, values: Values): void {
  const { channels, raster } = values.shape(stage.inputs[0]!);
  const { height, width } = raster;
  const units = values.int16 === undefined ? 1 : 2 ** values.int16.fraction;
  const out = values.builder.buffer(channels * 4);
  values.builder.step(stage.value, values.kernel('globalAveragePool'), channels, {
    input: values.stream(stage.inputs[0]!),
    out,
    channels,
    height,
    width,
    reciprocal: 1 / (height * width * units),
  });
  values.setPlanar(stage.value, out);
}

function lowerDense(stage: Stage, node: DenseNode, values: Values): void {
  const { builder } = values;
  const { weights, scales, biases } = packDense(node);
  const blocks = denseBlocks(node);
  const out = builder.buffer(blocks * 64);
  const kernel = weights instanceof Int8Array ? 'denseInt8' : 'dense';
  builder.step(stage.value, kernel, blocks, {
    input: values.planar(stage.inputs[0]!),
    weights: builder.constant(weights),
    scales: builder.constant(scales),
    biases: builder.constant(biases),
    out,
    inChannels: node.inChannels,
  });
  values.setPlanar(stage.value, out);
}

function lowerConcat(stage: Stage, values: Values): void {
  const { channels: outChannels, raster } = values.shape(stage.value);
  const out = values.newStream(stage.value);
  let firstChannel = 0;
  for (const input of stage.inputs) {
    const { channels } = values.shape(input);
    values.builder.step(stage.value, values.kernel('concatenate'), raster.tiles, {
      stream: values.stream(input),
      out,
      channels,
      firstChannel,
      outChannels,
    });
    firstChannel += channels;
  }
  values.setStream(stage.value, out);
}
