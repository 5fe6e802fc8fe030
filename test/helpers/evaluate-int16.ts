import type { Graph } from '../../src/graph/graph.ts';
import { type FixedPointFunction, fixedPointFunction } from '../../src/plan/fixed-point.ts';
import type { PiecewiseLinear } from '../../src/plan/piecewise-linear.ts';
import { countScale, type Stage, stagesOf } from '../../src/plan/stages.ts';
import type { Value } from '../../src/reference/operations.ts';
import * as operations from '../../src/reference/operations.ts';

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
function unit(count: number, f: FixedPointFunction): number {
  const t = f.scale * count - f.knee;
  const slope = t > 0 ? f.right : f.left;
  return saturate(f.offset + Math.floor((t * slope + 2 ** 14) / 2 ** 15));
}

/** The float32 epilogue, with parameters in units of the stream. */
function floatUnit(x: number, f: PiecewiseLinear, units: number): number {
  const t = round(x - round(f.knee));
  const straight = round(round(f.value * units) + round(round(f.left * units) * t));
  const bent = round(round((f.right - f.left) * units) * Math.max(t, 0));
  return saturate(roundToEven(round(straight + bent)));
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
          const sums = operations.conv2d(read, { ...source, bias: undefined });
          return withSkip(stage, sums, (x, channel) => floatUnit(x, functions![channel]!, units));
        }
        case 'binary_conv2d': {
          const { taps, step } = countScale(source);
          const integers = functions!.map((f) =>
            fixedPointFunction(f, (2 * taps) / step, graph.stream!.fraction),
          );
          const sums = operations.binarySums(read, source);
          return withSkip(stage, sums, (dot, channel) =>
            unit((taps - dot) / step, integers[channel]!),
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
