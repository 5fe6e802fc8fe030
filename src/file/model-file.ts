/** A model file: the container's metadata and tensors, checked and put together. */

import { ModelFormatError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { parseGraph } from '../graph/parse.ts';
import type { Preprocessing } from '../image/picture.ts';
import { isRecord, showJson } from '../json.ts';
import { digestOf } from './digest.ts';
import { type Container, parseHeader, readTensors, writeSafetensors } from './safetensors.ts';

/** The version this package reads and writes (docs/model-format.md). */
export const FORMAT_VERSION = '1';

export interface ModelFile {
  readonly name: string;
  readonly formatVersion: string;
  readonly graph: Graph;
  /** By class index. */
  readonly labels: readonly string[];
  /** WordNet ids or the like, by class index. */
  readonly labelIds: readonly string[] | undefined;
  readonly preprocessing: Preprocessing;
  /** Scores are softmax(logits / temperature). */
  readonly temperature: number;
  readonly provenance: Readonly<Record<string, unknown>>;
  /** `sha256:<hex>` as the file states it, not yet compared (`verifyDigest` does). */
  readonly digest: string | undefined;
  /** Bytes of the file. */
  readonly byteLength: number;
}

/** What came of comparing the digest; `unavailable` where the engine cannot compute it. */
export type DigestState = 'verified' | 'absent' | 'unavailable';

/**
 * Reads a model file, all but its digest.
 * @param container of the bytes, where it is open already
 * @throws ModelFormatError NOT_A_MODEL, MODEL_VERSION, MODEL_TRUNCATED, MODEL_METADATA,
 *   TENSOR_BOUNDS, TENSOR_MISSING, TENSOR_MISMATCH; GraphError
 */
export function parseModelFile(bytes: Uint8Array, container = openContainer(bytes)): ModelFile {
  const { metadata, tensors } = container;
  const graph = parseGraph(json(metadata, 'graph'), tensors);
  const labels = parseLabels(metadata, 'labels');
  const labelIds = metadata.has('label_ids') ? parseLabels(metadata, 'label_ids') : undefined;
  const classes = graph.shapes.get(graph.output)!.reduce((product, size) => product * size, 1);
  if (labels.length !== classes || (labelIds !== undefined && labelIds.length !== classes)) {
    const counts = `${labels.length} labels and ${labelIds?.length ?? 'no'} label_ids`;
    throw invalid('labels', `${counts} for ${classes} classes`, 'one per class');
  }
  const preprocessing = parsePreprocessing(json(metadata, 'preprocessing'));
  const [channels, height, width] = graph.input.shape;
  if (channels !== 3) {
    throw invalid(
      'graph',
      `the input has ${channels} channels`,
      'it must have 3: pictures are RGB',
    );
  }
  if (preprocessing.size[0] !== height || preprocessing.size[1] !== width) {
    const size = preprocessing.size.join('x');
    throw invalid('preprocessing', `size is ${size}`, `the graph wants ${height}x${width}`);
  }
  return {
    name: text(metadata, 'name'),
    formatVersion: FORMAT_VERSION,
    graph,
    labels,
    labelIds,
    preprocessing,
    temperature: parseTemperature(metadata),
    provenance: parseProvenance(metadata),
    digest: metadata.get('digest'),
    byteLength: bytes.length,
  };
}

/**
 * The container of a model; what is no model, or a later one, is found out before its tensors are.
 * @throws ModelFormatError NOT_A_MODEL, MODEL_VERSION, MODEL_TRUNCATED, MODEL_METADATA,
 *   TENSOR_BOUNDS, TENSOR_MISMATCH
 */
export function openContainer(bytes: Uint8Array): Container {
  const header = parseHeader(bytes);
  const { metadata } = header;
  if (metadata.get('format') !== 'mobinet') {
    throw new ModelFormatError('NOT_A_MODEL', 'This safetensors file is not a mobinet model', {
      hint: 'its metadata lacks "format": "mobinet"; training/export.py writes it',
    });
  }
  const version = text(metadata, 'format_version');
  if (version !== FORMAT_VERSION) {
    throw new ModelFormatError(
      'MODEL_VERSION',
      `The model has format version ${showJson(version)}`,
      {
        hint: `this package reads version ${FORMAT_VERSION}: update the older of the two`,
      },
    );
  }
  return { metadata, tensors: readTensors(header) };
}

/**
 * Compares the file's digest with its content.
 * @param container of the bytes, where it is open already
 * @throws ModelFormatError MODEL_DIGEST, and what `parseModelFile` throws for a broken container
 */
export async function verifyDigest(
  bytes: Uint8Array,
  container = openContainer(bytes),
): Promise<DigestState> {
  const expected = container.metadata.get('digest');
  if (expected === undefined) return 'absent';
  const actual = await digestOf(container);
  if (actual === undefined) return 'unavailable';
  if (actual === expected) return 'verified';
  throw new ModelFormatError(
    'MODEL_DIGEST',
    `The content is ${actual}, not ${showJson(expected)}`,
    {
      hint: 'the file is damaged: fetch it again',
    },
  );
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

/** Deeper JSON is refused: what writes it again, or sends it to another thread, recurses. */
const MAX_DEPTH = 64;

function json(metadata: ReadonlyMap<string, string>, field: string): unknown {
  const content = text(metadata, field);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new ModelFormatError('MODEL_METADATA', `Metadata ${field} is not JSON`, { cause });
  }
  if (nestsDeeper(value, MAX_DEPTH))
    throw invalid(field, 'nested too deep', `at most ${MAX_DEPTH}`);
  return value;
}

function nestsDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((member) => nestsDeeper(member, depth - 1));
}

function parseLabels(metadata: ReadonlyMap<string, string>, field: string): string[] {
  const labels = json(metadata, field);
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string')) return labels;
  throw invalid(field, 'not an array of strings', 'one string per class');
}

function parseTemperature(metadata: ReadonlyMap<string, string>): number {
  const temperature = Number(metadata.get('temperature') ?? '1');
  if (Number.isFinite(temperature) && temperature > 0) return temperature;
  throw invalid('temperature', showJson(metadata.get('temperature')), 'a positive number');
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
  const isFloat = (x: unknown) => typeof x === 'number' && Number.isFinite(Math.fround(x));
  const isChannels = (x: unknown, least: number) =>
    Array.isArray(x) && x.length === 3 && x.every((n) => isFloat(n) && (n as number) >= least);
  const check = (holds: boolean, what: string, found: unknown, expected: string) => {
    if (!holds) throw invalid(field, `${what} is ${showJson(found)}`, `it must be ${expected}`);
  };
  if (!isRecord(value)) throw invalid(field, 'not a JSON object', 'see docs/model-format.md');
  const { size, resize, crop, mean, std } = value;
  check(isSize(size), 'size', size, '[height, width], each from 1 to 16384');
  if (!isRecord(resize)) throw invalid(field, 'resize is missing', '{ rule, size, filter }');
  const { rule, filter } = resize;
  const resizeSize = rule === 'none' ? size : resize.size;
  check(RULES.includes(rule as string), 'resize.rule', rule, `one of ${RULES.join(', ')}`);
  check(
    FILTERS.includes(filter as string),
    'resize.filter',
    filter,
    `one of ${FILTERS.join(', ')}`,
  );
  if (rule === 'shorter-side') {
    check(isSide(resizeSize), 'resize.size', resizeSize, 'a whole number from 1 to 16384');
  } else if (rule === 'stretch') {
    check(isSize(resizeSize), 'resize.size', resizeSize, '[height, width], each from 1 to 16384');
  }
  check(CROPS.includes(crop as string), 'crop', crop, `one of ${CROPS.join(', ')}`);
  if (rule === 'stretch' && crop === 'none') {
    const same = String(resizeSize) === String(size);
    check(same, 'resize.size', resizeSize, `size, ${showJson(size)}, where nothing is cropped`);
  }
  check(isChannels(mean, Number.NEGATIVE_INFINITY), 'mean', mean, 'three finite numbers');
  check(isChannels(std, 1e-6), 'std', std, 'three numbers of at least 1e-6');
  return { size, resize: { rule, filter, size: resizeSize }, crop, mean, std } as Preprocessing;
}
