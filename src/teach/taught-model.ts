import { InputError } from '../errors.ts';
import { openContainer, parseModelFile, writeModelFile } from '../file/model-file.ts';
import type { Tensor } from '../tensor.ts';
import type { Head } from './head.ts';

/** What the new model says of itself. */
export interface TaughtModel {
  readonly name: string;
  /** By class index. */
  readonly labels: readonly string[];
  readonly head: Head;
  readonly provenance: Readonly<Record<string, unknown>>;
}

/**
 * A model file whose last layer is another: its features, the new head and labels.
 * @param bytes of the model that the features are of
 * @throws InputError INVALID_OPTION where its last layer is not a dense one
 */
export async function taughtModel(
  bytes: Uint8Array,
  { name, labels, head, provenance }: TaughtModel,
): Promise<Uint8Array> {
  const container = openContainer(bytes);
  const base = parseModelFile(bytes, container);
  const graph = JSON.parse(container.metadata.get('graph')!);
  const layer = graph.nodes.find((node: { name: string }) => node.name === base.graph.output);
  if (layer.op !== 'dense') {
    throw new InputError('INVALID_OPTION', `The last layer of ${base.name} is ${layer.op}`, {
      hint: 'a network whose last layer is dense can be taught',
    });
  }
  const tensors = new Map<string, Tensor>(container.tensors);
  for (const key of ['weight', 'weight_scale', 'bias']) tensors.delete(layer[key]);
  delete layer.weight_scale;
  layer.weight = `${layer.name}.taught.weight`;
  layer.bias = `${layer.name}.taught.bias`;
  const features = head.weight.length / labels.length;
  tensors.set(layer.weight, { dtype: 'F32', shape: [labels.length, features], data: head.weight });
  tensors.set(layer.bias, { dtype: 'F32', shape: [labels.length], data: head.bias });
  const metadata = new Map(container.metadata)
    .set('name', name)
    .set('graph', JSON.stringify(graph))
    .set('labels', JSON.stringify(labels))
    .set('temperature', '1')
    .set('provenance', JSON.stringify({ ...provenance, base: base.name, baseDigest: base.digest }));
  metadata.delete('label_ids');
  metadata.delete('digest');
  return writeModelFile({ metadata, tensors });
}
