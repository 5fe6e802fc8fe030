/** A model file: the container's metadata and tensors, checked and put together. */

import { ModelFormatError } from '../errors.ts';
import { isRecord } from '../graph/attributes.ts';
import type { Graph } from '../graph/graph.ts';
import { parseGraph } from '../graph/parse.ts';
import type { Preprocessing } from '../image/picture.ts';
import { digestOf } from './digest.ts';
import { type Container, parseSafetensors, writeSafetensors } from './safetensors.ts';

/** The version this package reads and writes (docs/model-format.md). */
export const FORMAT_VERSION = '1';

export interface ModelFile {
  readonly name: string;
  readonly formatVersion: string;
  readonly graph: Graph;
  /** One a class. */
  readonly labels: readonly string[];
  /** WordNet ids or the like, one a class. */
  readonly labelIds: readonly string[] | undefined;
  readonly preprocessing: Preprocessing;
  /** Scores are softmax(logits / temperature). */
  readonly temperature: number;
  readonly provenance: Readonly<Record<string, unknown>>;
  /** Bytes of the file. */
  readonly byteLength: number;
}

/** What came of comparing the digest; `unavailable` where the engine cannot compute it. */
export type DigestState = 'verified' | 'absent' | 'unavailable';

/**
 * Reads a model file, all but its digest.
 * @throws ModelFormatError, GraphError
 */
export function parseModelFile(bytes: Uint8Array): ModelFile {
  const { metadata, tensors } = parseSafetensors(bytes);
  if (metadata.get('format') !== 'mobinet') {
    throw new ModelFormatError('NOT_A_MODEL', 'This safetensors file is not a mobinet model', {
      hint: 'its metadata lacks "format": "mobinet"; training/export.py writes it',
    });
  }
  const formatVersion = text(metadata, 'format_version');
  if (formatVersion !== FORMAT_VERSION) {
    throw new ModelFormatError('MODEL_VERSION', `The model has format version ${formatVersion}`, {
      hint: `this package reads version ${FORMAT_VERSION}: update the older of the two`,
    });
  }
  const graph = parseGraph(json(metadata, 'graph'), tensors);
  const labels = parseLabels(metadata, 'labels');
  const labelIds = metadata.has('label_ids') ? parseLabels(metadata, 'label_ids') : undefined;
  const classes = graph.shapes.get(graph.output)!.reduce((product, size) => product * size, 1);
  if (labels.length !== classes || (labelIds !== undefined && labelIds.length !== classes)) {
    const counts = `${labels.length} labels and ${labelIds?.length ?? 'no'} label_ids`;
    throw invalid('labels', `${counts} for ${classes} classes`, 'one a class');
  }
  const preprocessing = parsePreprocessing(json(metadata, 'preprocessing'));
  const [, height, width] = graph.input.shape;
  if (preprocessing.size[0] !== height || preprocessing.size[1] !== width) {
    const size = preprocessing.size.join('x');
    throw invalid('preprocessing', `size is ${size}`, `the graph wants ${height}x${width}`);
  }
  return {
    name: text(metadata, 'name'),
    formatVersion,
    graph,
    labels,
    labelIds,
    preprocessing,
    temperature: parseTemperature(metadata),
    provenance: parseProvenance(metadata),
    byteLength: bytes.length,
  };
}

/**
 * Compares the file's digest with its content.
 * @throws ModelFormatError MODEL_DIGEST
 */
export async function verifyDigest(bytes: Uint8Array): Promise<DigestState> {
  const container = parseSafetensors(bytes);
  const expected = container.metadata.get('digest');
  if (expected === undefined) return 'absent';
  const actual = await digestOf(container);
  if (actual === undefined) return 'unavailable';
  if (actual === expected) return 'verified';
  throw new ModelFormatError('MODEL_DIGEST', `The content is ${actual}, not ${expected}`, {
    hint: 'the file is damaged: fetch it again',
  });
}

/** A file of a container, with its digest. */
export async function writeModelFile({ metadata, tensors }: Container): Promise<Uint8Array> {
  const digest = await digestOf({ metadata, tensors });
  const complete = digest === undefined ? metadata : new Map([...metadata, ['digest', digest]]);
  return writeSafetensors({ metadata: complete, tensors });
}

function invalid(field: string, problem: string, hint: string): ModelFormatError {
  return new ModelFormatError('MODEL_METADATA', `Metadata ${field}: ${problem}`, { hint });
}

function text(metadata: ReadonlyMap<string, string>, field: string): string {
  const value = metadata.get(field);
  if (value === undefined || value === '') throw invalid(field, 'missing', 'a non-empty string');
  return value;
}

function json(metadata: ReadonlyMap<string, string>, field: string): unknown {
  try {
    return JSON.parse(text(metadata, field));
  } catch (cause) {
    if (cause instanceof ModelFormatError) throw cause;
    throw new ModelFormatError('MODEL_METADATA', `Metadata ${field} is not JSON`, { cause });
  }
}

function parseLabels(metadata: ReadonlyMap<string, string>, field: string): string[] {
  const labels = json(metadata, field);
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string')) return labels;
  throw invalid(field, 'not an array of strings', 'one string a class');
}

function parseTemperature(metadata: ReadonlyMap<string, string>): number {
  const temperature = Number(metadata.get('temperature') ?? '1');
  if (Number.isFinite(temperature) && temperature > 0) return temperature;
  throw invalid('temperature', String(metadata.get('temperature')), 'a positive number');
}

function parseProvenance(metadata: ReadonlyMap<string, string>): Record<string, unknown> {
  if (!metadata.has('provenance')) return {};
  const provenance = json(metadata, 'provenance');
  if (isRecord(provenance)) return provenance;
  throw invalid('provenance', 'not a JSON object', 'an object, its members are free');
}

const RULES = ['shorter-side', 'stretch', 'none'];
const FILTERS = ['box', 'bilinear', 'bicubic', 'lanczos'];
const CROPS = ['center', 'none'];

function parsePreprocessing(value: unknown): Preprocessing {
  const field = 'preprocessing';
  const isSide = (x: unknown) =>
    Number.isSafeInteger(x) && (x as number) > 0 && (x as number) <= 16384;
  const isSize = (x: unknown) => Array.isArray(x) && x.length === 2 && x.every(isSide);
  const isChannels = (x: unknown, least: number) =>
    Array.isArray(x) && x.length === 3 && x.every((n) => Number.isFinite(n) && n >= least);
  if (!isRecord(value)) throw invalid(field, 'not a JSON object', 'see docs/model-format.md');
  const { size, resize, crop, mean, std } = value;
  if (!isSize(size)) throw invalid(field, `size is ${JSON.stringify(size)}`, '[height, width]');
  if (!isRecord(resize)) throw invalid(field, 'resize is missing', '{ rule, size, filter }');
  if (!RULES.includes(resize.rule as string)) {
    throw invalid(field, `resize.rule is ${resize.rule}`, `one of ${RULES.join(', ')}`);
  }
  if (!FILTERS.includes(resize.filter as string)) {
    throw invalid(field, `resize.filter is ${resize.filter}`, `one of ${FILTERS.join(', ')}`);
  }
  const sized = { 'shorter-side': isSide, stretch: isSize, none: () => true };
  if (!sized[resize.rule as keyof typeof sized](resize.size)) {
    const hint = resize.rule === 'stretch' ? '[height, width]' : 'one whole number';
    throw invalid(field, `resize.size is ${JSON.stringify(resize.size)}`, hint);
  }
  if (!CROPS.includes(crop as string)) {
    throw invalid(field, `crop is ${crop}`, `one of ${CROPS.join(', ')}`);
  }
  if (!isChannels(mean, Number.NEGATIVE_INFINITY)) {
    throw invalid(field, `mean is ${JSON.stringify(mean)}`, 'three finite numbers');
  }
  if (!isChannels(std, 1e-6)) {
    throw invalid(field, `std is ${JSON.stringify(std)}`, 'three positive numbers');
  }
  return value as unknown as Preprocessing;
}
