/** What moves numbers or makes shapes of them in ONNX. */

import {
  allocate,
  broadcastShape,
  broadcastTo,
  checkedSize,
  integersOf,
  ndArray,
  normalAxis,
  product,
  scalar,
  uniformValue,
} from '../array.ts';
import * as constants from '../constant.ts';
import * as spatial from '../spatial.ts';
import type { Value } from '../values.ts';
import { constant, list, type NodeReader } from './node.ts';

export function reshape(node: NodeReader): Value {
  const value = node.value(0);
  const wanted = list(node, 1, 'shape') ?? [];
  const shape = constants.resolveShape(node.shape(0), wanted, node.number('allowzero', 0) === 0);
  return toShape(node, value, shape);
}

function toShape(node: NodeReader, value: Value, shape: readonly number[]): Value {
  if (value.kind === 'constant') return constant(constants.reshaped(value.array, shape));
  return spatial.reshape(node.builder, value, shape);
}

export function flatten(node: NodeReader): Value {
  const shape = node.shape(0);
  const axis = normalAxis(node.number('axis', 1), shape.length + 1);
  return toShape(node, node.value(0), [product(shape.slice(0, axis)), product(shape.slice(axis))]);
}

export function squeeze(node: NodeReader): Value {
  const shape = node.shape(0);
  const axes = list(node, 1, 'axes')?.map((axis) => normalAxis(axis, shape.length));
  return toShape(
    node,
    node.value(0),
    shape.filter((side, axis) => !(axes === undefined ? side === 1 : axes.includes(axis))),
  );
}

export function unsqueeze(node: NodeReader): Value {
  const axes = list(node, 1, 'axes') ?? [];
  const rank = node.shape(0).length + axes.length;
  const at = new Set(axes.map((axis) => normalAxis(axis, rank)));
  const rest = [...node.shape(0)];
  const shape = Array.from({ length: rank }, (_, axis) => (at.has(axis) ? 1 : rest.shift()!));
  return toShape(node, node.value(0), shape);
}

export function slice(node: NodeReader): Value {
  const begins = list(node, 1, 'starts') ?? [];
  const ends = list(node, 2, 'ends') ?? [];
  const axes = list(node, 3, 'axes') ?? begins.map((_, axis) => axis);
  const steps = node.has(4) ? integersOf(node.constant(4, 'steps')) : begins.map(() => 1);
  const ranges = begins.map((begin, at) => ({
    begin,
    end: ends[at] ?? 0,
    axis: axes[at] ?? 0,
    step: steps[at] ?? 1,
  }));
  const value = node.value(0);
  if (value.kind === 'constant') return constant(constants.sliced(value.array, ranges));
  return spatial.slice(node.builder, value, ranges);
}

export function concat(node: NodeReader): Value {
  const values = Array.from({ length: node.count }, (_, at) => node.value(at));
  const axis = node.number('axis', 1);
  if (values.every((value) => value.kind === 'constant')) {
    return constant(
      constants.concatenated(
        values.map(({ array }) => array),
        axis,
      ),
    );
  }
  return spatial.concat(node.builder, values, axis);
}

export function pad(node: NodeReader): Value {
  if (node.text('mode', 'constant') !== 'constant') {
    throw node.builder.unsupported(
      `its mode is ${node.text('mode', '')}`,
      'a constant border is known',
    );
  }
  const pads = list(node, 1, 'pads') ?? [];
  const filler = node.has(2)
    ? uniformValue(node.constant(2, 'its value'))
    : node.number('value', 0);
  const value = node.value(0);
  const rank = node.shape(0).length;
  if (pads.length !== 8 || rank !== 4 || pads.some((side) => !Number.isInteger(side) || side < 0)) {
    throw node.builder.unsupported(
      `its pads are ${pads.join(', ')}`,
      'borders of pictures, none negative',
    );
  }
  const [n0, c0, top, left, n1, c1, bottom, right] = pads as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (n0 + n1 > 0) throw node.builder.unsupported('it pads the batch', 'the batch is 1');
  const bordered = spatial.pad(node.builder, value, [top, left, bottom, right], filler ?? 0);
  if (c0 + c1 === 0) return bordered;
  return spatial.padChannels(node.builder, bordered, [c0, c1], filler ?? 0);
}

export function expand(node: NodeReader): Value {
  const shape = broadcastShape(node.shape(0), integersOf(node.constant(1, 'its shape')));
  const value = node.value(0);
  if (value.kind === 'constant') return constant(broadcastTo(value.array, shape));
  if (String(shape) === String(node.shape(0))) return value;
  throw node.builder.unsupported('it repeats a value of the picture', 'constants can be expanded');
}

export function constantOfShape(node: NodeReader): Value {
  const shape = integersOf(node.constant(0, 'its shape'));
  const filler = node.tensor('value') ?? scalar(0);
  const data = allocate(filler.type, checkedSize(shape)).fill(filler.data[0] ?? 0);
  return constant(ndArray(filler.type, shape, data));
}

/** Of a value whose shape is known: a constant. */
export function shape(node: NodeReader): Value {
  const sides = node.shape(0);
  const begin = node.number('start', 0);
  const some = sides.slice(begin, node.number('end', sides.length));
  return constant(ndArray('int', [some.length], some));
}

export function gather(node: NodeReader): Value {
  const data = node.constant(0, 'what it gathers from');
  return constant(
    constants.gathered(data, node.constant(1, 'its indices'), node.number('axis', 0)),
  );
}

/** Parts of one axis; equal ones, the last smaller, where no sizes are given. */
export function split(node: NodeReader): readonly Value[] {
  const value = node.value(0);
  const shape = node.shape(0);
  const axis = normalAxis(node.number('axis', 0), shape.length);
  const each = Math.ceil(shape[axis]! / node.results);
  const sizes = list(node, 1, 'split') ?? Array.from({ length: node.results }, () => each);
  let end = 0;
  return sizes.map((size) => {
    const begin = end;
    end += size;
    const ranges = [{ axis, begin, end, step: 1 }];
    if (value.kind === 'constant') return constant(constants.sliced(value.array, ranges));
    return spatial.slice(node.builder, value, ranges);
  });
}

export function transpose(node: NodeReader): Value {
  const reversed = node.shape(0).map((_, axis, all) => all.length - 1 - axis);
  return spatial.transpose(node.builder, node.value(0), node.numbers('perm') ?? reversed);
}
