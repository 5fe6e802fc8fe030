/** Layers to a graph of the model file. */

import { ImportError } from '../errors.ts';
import type { GraphDefinition } from '../networks/writer.ts';
import { makesBitVector } from './emit-bit-weights.ts';
import { emitConv, floatSteps } from './emit-conv.ts';
import { emitClip, emitFlatten, emitPad, emitSlice } from './emit-moves.ts';
import {
  add,
  affine,
  area,
  dilationAttribute,
  type EmitOptions,
  type Emitter,
  floats,
  type LayerReport,
  plainConv,
} from './emitter.ts';
import type { Layer } from './layers.ts';

export interface Emitted {
  readonly definition: GraphDefinition;
  readonly layers: readonly LayerReport[];
  /** What the file asks for and is done otherwise. */
  readonly notes: readonly string[];
}

export function emitGraph(output: Layer, all: readonly Layer[], options: EmitOptions): Emitted {
  const needed = neededLayers(output, all);
  const last = output.op === 'softmax' ? output.inputs[0]! : output;
  const emitter: Emitter = {
    nodes: [],
    tensors: new Map(),
    reports: [],
    notes: new Set(),
    options,
    values: new Map(),
    signs: new Map(),
    asMaps: needed.some(
      (layer) =>
        (layer.op === 'conv' && layer.steps !== undefined && area(layer.inputs[0]!) === 1) ||
        makesBitVector(layer, options.tolerance),
    ),
  };
  if (last !== output) {
    emitter.notes.add('the softmax at the end is left out: scores are computed from the logits');
  }
  for (const layer of needed) {
    if (layer === output && last !== output) continue;
    emitter.values.set(layer, emitLayer(emitter, layer));
  }
  let name = emitter.values.get(last)!;
  if (last.op === 'input') {
    throw new ImportError('IMPORT_UNSUPPORTED', 'The output is the input', {
      hint: 'export a network',
    });
  }
  if (area(last) === 1 && emitter.asMaps) name = add(emitter, 'logits', 'flatten', [name]);
  const input = needed.find((layer) => layer.op === 'input');
  if (input === undefined) {
    throw new ImportError('IMPORT_UNSUPPORTED', 'The output does not depend on the input');
  }
  return {
    definition: definitionOf(emitter, input, name),
    layers: emitter.reports,
    notes: [...emitter.notes],
  };
}

/** The graph without what nobody reads, as a bias that has become part of a sign's thresholds. */
function definitionOf({ nodes, tensors }: Emitter, input: Layer, output: string): GraphDefinition {
  const read = new Set<unknown>([output]);
  const kept = [...nodes].reverse().filter(({ name, inputs, op: _, ...attributes }) => {
    if (!read.has(name)) return false;
    for (const value of inputs as string[]) read.add(value);
    for (const attribute of Object.values(attributes)) read.add(attribute);
    return true;
  });
  return {
    json: {
      inputs: [{ name: input.name, shape: [...input.shape] }],
      nodes: kept.reverse(),
      outputs: [output],
    },
    tensors: new Map([...tensors].filter(([name]) => read.has(name))),
  };
}

function neededLayers(output: Layer, all: readonly Layer[]): Layer[] {
  const needed = new Set<Layer>([output]);
  for (const layer of [...all].reverse()) {
    if (needed.has(layer)) for (const input of layer.inputs) needed.add(input);
  }
  return all.filter((layer) => needed.has(layer));
}

function emitLayer(emitter: Emitter, layer: Layer): string {
  const inputs = layer.inputs.map((input) => emitter.values.get(input)!);
  const input = inputs[0]!;
  const { name, shape } = layer;
  const [channels] = shape;
  switch (layer.op) {
    case 'input':
      return name;
    case 'conv':
      return emitConv(emitter, layer, input);
    case 'affine':
      return affine(emitter, name, input, channels, layer);
    case 'batch_norm': {
      const vector = (key: 'mean' | 'variance' | 'gamma' | 'beta') =>
        floats(emitter, `${name}.${key}`, [channels], layer[key]);
      return add(emitter, name, 'batch_norm', [input], {
        mean: vector('mean'),
        variance: vector('variance'),
        gamma: vector('gamma'),
        beta: vector('beta'),
        epsilon: layer.epsilon,
      });
    }
    case 'prelu':
      return add(emitter, name, 'prelu', [input], {
        slope: floats(emitter, `${name}.slope`, [layer.slope.length], layer.slope),
      });
    case 'abs':
      return add(emitter, name, 'prelu', [input], {
        slope: floats(emitter, `${name}.slope`, [1], Float32Array.of(-1)),
      });
    case 'clip':
      return emitClip(emitter, layer, input);
    case 'round':
      return add(emitter, name, 'round', [input], { min: layer.min, max: layer.max });
    case 'steps':
      return floatSteps(emitter, name, layer.inputs[0]!, layer.steps);
    case 'add':
    case 'concat':
    case 'multiply':
    case 'sigmoid':
      return add(emitter, name, layer.op, inputs);
    case 'max_pool2d': {
      const { kernel, stride, padding } = layer;
      const window = { kernel, stride, ...dilationAttribute(layer), padding };
      return add(emitter, name, layer.op, [input], window);
    }
    case 'average_pool2d': {
      const { kernel, stride, padding } = layer;
      return add(emitter, name, layer.op, [input], { kernel, stride, padding });
    }
    case 'global_average_pool': {
      const [, height, width] = layer.inputs[0]!.shape;
      if (!emitter.asMaps) return add(emitter, name, layer.op, [input]);
      const kernel = [height, width];
      return add(emitter, name, 'average_pool2d', [input], {
        kernel,
        stride: kernel,
        padding: [0, 0, 0, 0],
      });
    }
    case 'channel_mean': {
      const from = layer.inputs[0]!.shape[0];
      const weight = new Float32Array(from).fill(1 / from);
      return plainConv(emitter, name, input, [1, from, 1, 1], weight, {});
    }
    case 'pad':
      return emitPad(emitter, layer, input);
    case 'slice':
      return emitSlice(emitter, layer, input);
    case 'flatten':
      return emitFlatten(emitter, layer, input);
    case 'softmax':
      throw new ImportError('IMPORT_UNSUPPORTED', 'it is not at the end of the network', {
        ...layer.source,
        hint: 'a softmax is left out at the end; elsewhere it is not known',
      });
  }
}
