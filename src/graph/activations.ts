/** The type of the feature maps between the layers. */

import { invalidOption } from '../errors.ts';
import type { Graph } from './graph.ts';

/** `int16` is fixed-point arithmetic (docs/fixed-point.md). */
export type Activations = 'float32' | 'int16';

/** A type of activations that was asked for; `model`: the one that the model file asks for. */
export type ActivationsWish = Activations | 'model';

export function activationsOf(graph: Graph): Activations {
  return graph.stream?.type ?? 'float32';
}

/**
 * The graph with activations of the type asked for.
 * @throws InputError INVALID_OPTION for a wish that is none, and for int16 where the model does not
 *   say how many bits of fraction they have
 */
export function withActivations(graph: Graph, wish: ActivationsWish): Graph {
  if (wish === 'model' || wish === activationsOf(graph)) return graph;
  if (wish === 'float32') return { ...graph, stream: undefined };
  const known = wish === 'int16';
  throw invalidOption(
    'activations',
    wish,
    known
      ? 'this model has float32 activations; `training/export.py --int16` finds the bits of fraction'
      : "'float32', 'int16' or 'model'",
  );
}
