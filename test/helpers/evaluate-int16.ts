import type { Graph } from '../../src/graph/graph.ts';
import { ofIntegerSum } from '../../src/kernels/conv2d-int16.ts';
import type { Stage } from '../../src/kernels/family.ts';
import { fixedPointParameters } from '../../src/kernels/fixed-point.ts';
import { countScale } from '../../src/ops/binary_conv2d.ts';
import type { Conv2dNode } from '../../src/ops/conv2d.ts';
import { inferShape } from '../../src/ops/index.ts';
import type { PiecewiseLinear } from '../../src/ops/piecewise-linear.ts';
import { stagesOf } from '../../src/plan/fuse.ts';
import type { Value } from '../reference/operations.ts';
import * as operations from '../reference/operations.ts';

const round = Math.fround;

function saturate(x: number): number {
  return Math.max(-32768, Math.min(32767, x));
}

/** To the nearest whole number, halves to even. */
function roundToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The arithmetic of docs/fixed-point.md, in units of the stream. */
function unit(count: number, parameters: Int16Array, channel: number): number {
  const [scale, knee, left, turn, offset] = parameters.subarray(channel * 8) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  const t = scale * count - knee;
  const slope = t > 0 ? left ^ turn : left;
  return saturate(offset + Math.floor((t * slope + 2 ** 14) / 2 ** 15));
}

/** The float32 epilogue, with parameters in units of the stream. */
function floatUnit(x: number, f: PiecewiseLinear, units: number): number {
  const t = round(x - round(f.knee));
  const straight = round(round(f.value * units) + round(round(f.left * units) * t));
  const bent = round(round((f.right - f.left) * units) * Math.max(t, 0));
  return saturate(roundToEven(round(straight + bent)));
}

/** A convolution whose sums are exact, then rounded once to float32. */
function exactConv2d(input: Value, node: Conv2dNode): Value {
  const [, height = 1, width = 1] = input.shape;
  const shape = inferShape(node, [input.shape]) as [number, number, number];
  const [kernelHeight, kernelWidth] = node.kernel;
  const groupChannels = node.inChannels / node.groups;
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  let out = 0;
  for (let output = 0; output < shape[0]; output++) {
    const first = Math.floor((output * node.groups) / node.outChannels) * groupChannels;
    for (let y = 0; y < shape[1]; y++) {
      for (let x = 0; x < shape[2]; x++) {
        let sum = 0;
        let at = output * groupChannels * kernelHeight * kernelWidth;
        for (let c = first; c < first + groupChannels; c++) {
          for (let ky = 0; ky < kernelHeight; ky++) {
            for (let kx = 0; kx < kernelWidth; kx++, at++) {
              const iy = y * node.stride[0] + ky - node.padding[0];
              const ix = x * node.stride[1] + kx - node.padding[1];
              if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
              sum += node.weight[at]! * input.data[(c * height + iy) * width + ix]!;
            }
          }
        }
        data[out++] = sum;
      }
    }
  }
  return { shape, data };
}

/** Integer sums of a float convolution, and what of them is 1. */
function integerConv2d(input: Value, node: Conv2dNode): { sums: Value; sumsPerOne: number[] } {
  const taps = node.weight.length / node.outChannels;
  const weight = new Float32Array(node.weight.length);
  const sumsPerOne: number[] = [];
  for (let output = 0; output < node.outChannels; output++) {
    const filter = [...node.weight.subarray(output * taps, (output + 1) * taps)].map(Math.abs);
    const total = filter.reduce((sum, w) => sum + w, 0);
    const scale = Math.min(32767 / Math.max(...filter), (65535 - taps) / total);
    for (let tap = output * taps; tap < (output + 1) * taps; tap++) {
      weight[tap] = Math.round(node.weight[tap]! * scale);
    }
    sumsPerOne.push(scale * 4096);
  }
  const integers = input.data.map((x) => saturate(roundToEven(x * 4096)));
  return { sums: exactConv2d({ ...input, data: integers }, { ...node, weight }), sumsPerOne };
}

/**
 * The output of a graph whose stream is int16: the oracle of those kernels, number by number.
 * @returns planar float32; maps are whole multiples of the stream's unit
 */
export function evaluateInt16(graph: Graph, input: Float32Array): Float32Array {
  const units = 2 ** graph.stream!.fraction;
  const signs = new Map(
    graph.nodes.flatMap((node) => (node.op === 'sign' ? [[node.name, node] as const] : [])),
  );
  const values = new Map<string, Value>();
  values.set(graph.input.name, { shape: graph.input.shape, data: input });
  /** The input, where it is read as a stream. */
  const stream = (name: string): Value => {
    const value = values.get(name)!;
    if (name !== graph.input.name) return value;
    return {
      shape: value.shape,
      data: value.data.map((x) => saturate(roundToEven(x * units)) / units),
    };
  };
  const inputOf = (stage: Stage): Value => {
    const name = stage.inputs[0]!;
    const sign = signs.get(name);
    return sign === undefined ? values.get(name)! : operations.sign(stream(sign.inputs[0]!), sign);
  };
  const withSkip = (stage: Stage, sums: Value, f: (x: number, channel: number) => number) => {
    const pixels = sums.data.length / sums.shape[0]!;
    const skip = stage.skip && stream(stage.skip.value).data;
    return sums.data.map((x, at) => {
      const y = f(x, Math.floor(at / pixels));
      return saturate((skip ? skip[at % skip.length]! * units : 0) + y) / units;
    });
  };
  for (const stage of stagesOf(graph)) {
    const { source, functions } = stage;
    const shape = graph.shapes.get(stage.value)!;
    const read = inputOf(stage);
    const evaluate = (): Float32Array => {
      switch (source.op) {
        case 'conv2d': {
          const { sums, sumsPerOne } = integerConv2d(read, source);
          return withSkip(stage, sums, (x, channel) =>
            floatUnit(x, ofIntegerSum(functions![channel]!, sumsPerOne[channel]!), units),
          );
        }
        case 'binary_conv2d': {
          const { taps, step } = countScale(source);
          const parameters = fixedPointParameters(
            stage.value,
            functions!,
            (2 * taps) / step,
            graph.stream!.fraction,
            undefined,
          );
          const sums = operations.binarySums(read, source);
          return withSkip(stage, sums, (dot, channel) =>
            unit((taps - dot) / step, parameters, channel),
          );
        }
        case 'average_pool2d': {
          // The float mean of a few int16 is off by less than what turns a half over.
          const mean = operations.pool2d(
            { ...read, data: read.data.map((x) => x * units) },
            source,
          );
          return mean.data.map((x) => Math.floor(x + 0.5) / units);
        }
        case 'max_pool2d':
          return operations.pool2d(read, source).data;
        case 'global_average_pool': {
          const pixels = read.data.length / shape[0]!;
          return Float32Array.from({ length: shape[0]! }, (_, channel) => {
            const numbers = read.data.subarray(channel * pixels, (channel + 1) * pixels);
            const sum = numbers.reduce((total, x) => total + x * units, 0);
            return sum * round(1 / (pixels * units));
          });
        }
        case 'flatten':
          return read.data;
        case 'concat':
          return operations.concat(stage.inputs.map((name) => stream(name))).data;
        case 'dense':
          return operations.dense(read, source).data;
        default:
          throw new Error(`${source.op} in int16`);
      }
    };
    values.set(stage.value, { shape, data: evaluate() });
  }
  return values.get(graph.output)!.data;
}
