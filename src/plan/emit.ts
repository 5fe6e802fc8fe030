/**
 * Selected stages to calls. Each stage's inputs are brought into the layout that its kernels read: what is
 * not there in it yet is converted, once.
 */

import type { Graph } from '../graph/graph.ts';
import type { Buffer, CallWriter } from '../kernels/calls.ts';
import { encodeSigns } from '../kernels/encodings.ts';
import type { Encode, Layout, Place, Selection, Target } from '../kernels/family.ts';
import { toPlanar, toStream } from '../kernels/layout.ts';
import { rasterOf } from '../kernels/raster.ts';
import type { LevelsNode } from '../ops/levels.ts';
import type { SignNode } from '../ops/sign.ts';
import { sizeOf } from '../tensor.ts';

/** Of families that accept nothing but signs. */
const ofSigns = encodeSigns as Encode;

/** Where the network's input and output are, both planar float32. */
export interface Ends {
  readonly input: Buffer;
  readonly output: Buffer;
}

export function emitCalls(
  graph: Graph,
  selections: readonly Selection[],
  target: Target,
  calls: CallWriter,
): Ends {
  const { activations } = target;
  const bitNodes = new Map<string, SignNode | LevelsNode>();
  for (const node of graph.nodes) {
    if (node.op === 'sign' || node.op === 'levels') bitNodes.set(node.name, node);
  }
  const places = new Map<string, Buffer>();
  const key = (value: string, layout: Layout) => `${layout} ${value}`;

  const placeOf = (value: string, buffer: Buffer): Place => {
    const [channels, height = 1, width = 1] = graph.shapes.get(value)!;
    return { buffer, channels, raster: rasterOf(height, width) };
  };
  const convert = (value: string, layout: Layout, encode: Encode): Buffer => {
    if (layout === 'stream') {
      return toStream(calls, activations, value, placeIn(value, 'planar'));
    }
    if (layout === 'planar') return toPlanar(calls, activations, value, placeIn(value, 'stream'));
    const node = bitNodes.get(value)!;
    return encode(calls, activations, node, placeIn(node.inputs[0]!, 'stream'), layout);
  };
  /** The value in a layout, converted if need be. */
  const placeIn = (value: string, layout: Layout, encode = ofSigns): Place => {
    const buffer = places.get(key(value, layout)) ?? convert(value, layout, encode);
    places.set(key(value, layout), buffer);
    return placeOf(value, buffer);
  };

  const input = calls.buffer(sizeOf(graph.input.shape) * 4);
  places.set(key(graph.input.name, 'planar'), input);
  for (const { stage, family, sign } of selections) {
    const [channels, height = 1, width = 1] = stage.shape;
    const emitted = family.emit({
      stage,
      target,
      calls,
      inputs: stage.inputs.map((value) => placeIn(value, family.reads, family.encode)),
      skip: stage.skip && placeIn(stage.skip.value, family.writes),
      sign,
      channels,
      raster: rasterOf(height, width),
    });
    places.set(key(stage.value, family.writes), emitted.value);
    if (sign !== undefined) places.set(key(sign.name, sign.encoding), emitted.signs!);
  }
  return { input, output: placeIn(graph.output, 'planar').buffer };
}
