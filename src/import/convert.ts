/** A foreign model file to a model file of this package. */

import { ImportError } from '../errors.ts';
import { FORMAT_VERSION, parseModelFile, writeModelFile } from '../file/model-file.ts';
import { graphCost } from '../graph/cost.ts';
import type { Graph } from '../graph/graph.ts';
import { parseGraph } from '../graph/parse.ts';
import type { Preprocessing } from '../image/picture.ts';
import type { GraphDefinition } from '../networks/writer.ts';
import { sizeOf } from '../tensor.ts';
import { emitGraph } from './emit.ts';
import type { LayerReport } from './emitter.ts';
import type { ReadBeside } from './onnx/model.ts';
import { readOnnx } from './onnx/read.ts';
import { withRgbInput } from './rgb-input.ts';
import { isTflite } from './tflite/model.ts';
import { readTflite } from './tflite/read.ts';

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
  readonly kind: 'ONNX' | 'TensorFlow Lite';
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

export type ImportOptions = Pick<ConvertOptions, 'tolerance' | 'readBeside'>;

/** A foreign model's graph, before it is a file. */
export interface ImportedGraph {
  readonly definition: GraphDefinition;
  readonly graph: Graph;
  readonly report: Omit<ConversionReport, 'bytesAfter'>;
}

const TOLERANCE = 1e-3;

/**
 * Reads an ONNX or TensorFlow Lite model: its graph, with whatever can be as bits.
 * @throws ImportError naming the node, the operation and what could be done
 */
export function importModel(source: Uint8Array, options: ImportOptions = {}): ImportedGraph {
  const { tolerance = TOLERANCE, readBeside = () => undefined } = options;
  if (!(tolerance >= 0 && tolerance < 0.5)) {
    throw new ImportError('INVALID_OPTION', `The tolerance is ${tolerance}`, {
      hint: 'a number from 0 to 0.5',
    });
  }
  const network = isTflite(source) ? readTflite(source) : readOnnx(source, readBeside);
  const { kind, producer, nodes, needed, layers, output } = network;
  const emitted = emitGraph(output, layers, { tolerance });
  const { definition } = emitted;
  const graph = parseGraph(definition.json, definition.tensors);
  const { floatMacs, binaryMacs } = graphCost(graph);
  const warnings = emitted.layers
    .filter(({ warning }) => warning)
    .map(({ name, why }) => `${name}: ${why}`);
  const report = {
    kind,
    producer,
    nodes,
    needed,
    layers: emitted.layers,
    notes: emitted.notes,
    warnings,
    bytesBefore: source.length,
    floatMacs,
    binaryMacs,
  };
  return { definition, graph, report };
}

/**
 * Converts an ONNX or TensorFlow Lite model to a model file.
 *
 *     const { bytes, report } = await convertModel(await readFile('network.onnx'), { labels });
 *     report.layers[1] // { name: 'conv2', operation: 'Conv', as: 'bits', why: 'input of 2 levels, +-alpha', ... }
 *
 * @throws ImportError naming the node, the operation and what could be done; ModelFormatError
 *   MODEL_METADATA where labels or preprocessing do not fit the network
 */
export async function convertModel(
  source: Uint8Array,
  options: ConvertOptions = {},
): Promise<Conversion> {
  const { definition: imported, graph, report } = importModel(source, options);
  const [, height, width] = graph.input.shape;
  const classes = sizeOf(graph.shapes.get(graph.output)!);
  const labels = options.labels ?? Array.from({ length: classes }, (_, index) => String(index));
  const preprocessing = {
    size: [height, width],
    resize: { rule: 'stretch', size: [height, width], filter: 'bilinear' },
    crop: 'none',
    mean: [0, 0, 0],
    std: [1, 1, 1],
    ...options.preprocessing,
  };
  const [mean, std] = [preprocessing.mean[0] ?? 0, preprocessing.std[0] ?? 1];
  const { definition, assumed } = withRgbInput(imported, (1 - mean) / std);
  if (options.labels === undefined) assumed.push('classes are labelled with their numbers');
  if (options.preprocessing === undefined) {
    assumed.push('pictures are stretched to the size of the input, their values 0 to 1');
  }
  const metadata = new Map([
    ['format', 'mobinet'],
    ['format_version', FORMAT_VERSION],
    ['name', options.name ?? 'converted'],
    ['graph', JSON.stringify(definition.json)],
    ['labels', JSON.stringify(labels)],
    ['preprocessing', JSON.stringify(preprocessing)],
    ['provenance', JSON.stringify({ converted_from: report.kind, producer: report.producer })],
  ]);
  const bytes = await writeModelFile({ metadata, tensors: definition.tensors });
  // Whoever loads it would find out first what does not fit.
  parseModelFile(bytes);
  return {
    bytes,
    report: { ...report, notes: [...assumed, ...report.notes], bytesAfter: bytes.length },
  };
}
