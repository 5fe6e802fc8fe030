/** A foreign model file to a model file of this package. */

import { ImportError } from '../errors.ts';
import { writeModelFile } from '../file/model-file.ts';
import { graphCost } from '../graph/cost.ts';
import { parseGraph } from '../graph/parse.ts';
import type { Preprocessing } from '../image/picture.ts';
import { sizeOf } from '../tensor.ts';
import { emitGraph, type LayerReport } from './emit.ts';
import type { ReadBeside } from './onnx/model.ts';
import { type ForeignNetwork, readOnnx } from './onnx/read.ts';
import { isTflite, readTflite } from './tflite/read.ts';

export interface ConvertOptions {
  /** For people; `converted` by default. */
  readonly name?: string | undefined;
  /** One a class; numbers by default. */
  readonly labels?: readonly string[] | undefined;
  /** How a picture becomes the input; by default stretched to its size, values 0 to 1. */
  readonly preprocessing?: Partial<Preprocessing> | undefined;
  /** How far weights may be from +-alpha, relative to alpha, to be stored as bits: 0.001. */
  readonly tolerance?: number | undefined;
  /** Files beside the model; an ONNX model may keep its weights in one. */
  readonly readBeside?: ReadBeside | undefined;
}

export interface ConversionReport {
  readonly kind: ForeignNetwork['kind'];
  readonly producer: string;
  /** Nodes of the foreign file, and those that its output needs. */
  readonly nodes: number;
  readonly needed: number;
  /** What became of each convolution and dense layer. */
  readonly layers: readonly LayerReport[];
  /** What the result assumes, and what it does otherwise than the file. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly floatMacs: number;
  readonly binaryMacs: number;
}

export interface Conversion {
  /** The model file. */
  readonly bytes: Uint8Array;
  readonly report: ConversionReport;
}

const TOLERANCE = 1e-3;

/**
 * Converts an ONNX model or a TensorFlow Lite model of Larq Compute Engine.
 * @throws ImportError naming the node, the operation and what could be done
 */
export async function convertModel(
  source: Uint8Array,
  options: ConvertOptions = {},
): Promise<Conversion> {
  const { tolerance = TOLERANCE, readBeside = () => undefined } = options;
  if (!(tolerance >= 0 && tolerance < 0.5)) {
    throw new ImportError('INVALID_OPTION', `The tolerance is ${tolerance}`, { hint: '0 to 0.5' });
  }
  const network = isTflite(source) ? readTflite(source) : readOnnx(source, readBeside);
  const { definition, layers, notes } = emitGraph(network.output, network.layers, { tolerance });
  const graph = parseGraph(definition.json, definition.tensors);
  const classes = sizeOf(graph.shapes.get(graph.output)!);
  const assumed: string[] = [];
  const labels = options.labels ?? Array.from({ length: classes }, (_, index) => String(index));
  if (options.labels === undefined) assumed.push('classes are labelled with their numbers');
  if (labels.length !== classes) {
    throw new ImportError('INVALID_OPTION', `${labels.length} labels for ${classes} classes`, {
      hint: 'one a class, in the order of the outputs',
    });
  }
  const [channels, height, width] = graph.input.shape;
  if (options.preprocessing === undefined) {
    assumed.push('pictures are stretched to the size of the input, values 0 to 1');
  }
  const preprocessing = {
    size: [height, width],
    resize: { rule: 'stretch', size: [height, width], filter: 'bilinear' },
    crop: 'none',
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1),
    ...options.preprocessing,
  };
  const metadata = new Map([
    ['format', 'mobinet'],
    ['format_version', '1'],
    ['name', options.name ?? 'converted'],
    ['graph', JSON.stringify(definition.json)],
    ['labels', JSON.stringify(labels)],
    ['preprocessing', JSON.stringify(preprocessing)],
    ['provenance', JSON.stringify({ converted_from: network.kind, producer: network.producer })],
  ]);
  const bytes = await writeModelFile({ metadata, tensors: definition.tensors });
  const { floatMacs, binaryMacs } = graphCost(graph);
  return {
    bytes,
    report: {
      kind: network.kind,
      producer: network.producer,
      nodes: network.nodes,
      needed: network.needed,
      layers,
      notes: [...assumed, ...notes],
      warnings: layers.filter(({ warning }) => warning).map(({ name, why }) => `${name}: ${why}`),
      bytesBefore: source.length,
      bytesAfter: bytes.length,
      floatMacs,
      binaryMacs,
    },
  };
}
