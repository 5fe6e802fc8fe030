/** Model files, damaged in their JSON, their tensors or their bytes. */

import { MobinetError } from '../../../src/errors.ts';
import { parseSafetensors, writeSafetensors } from '../../../src/file/safetensors.ts';
import { loadModel } from '../../../src/node/index.ts';
import type { Tensor } from '../../../src/tensor.ts';
import { bitsOf, fixedInput } from '../../engines/fixed-input.js';
import { tinyModelFile } from '../../helpers/model-file.ts';
import type { Random } from '../../helpers/random.ts';
import { BUILDS, wasmBytes } from '../../helpers/run.ts';
import { mutateBytes, mutateJson, pick } from '../mutate.ts';
import { expectThat, type Target } from '../target.ts';
import { graphs } from './graphs.ts';

/** Enough for what is damaged, and run in a second. */
const LIMITS = { values: 2 ** 22, multiplyAdds: 2 ** 26, poolTaps: 2 ** 20 };

export const models: Target = {
  extension: 'safetensors',
  async make(random) {
    const sound = random.next() < 0.5 ? await tinyModelFile() : await graphs.make(random);
    if (random.next() < 0.25) return mutateBytes(random, sound);
    const parsed = parseSafetensors(sound);
    const [metadata, tensors] = [new Map(parsed.metadata), new Map(parsed.tensors)];
    // Or damage would always be found by it.
    metadata.delete('digest');
    const container = { metadata, tensors };
    if (random.next() < 0.8) mutateMetadata(random, metadata);
    if (random.next() < 0.3) mutateTensors(random, tensors);
    const bytes = writeSafetensors(container);
    return random.next() < 0.1 ? mutateBytes(random, bytes) : bytes;
  },
  async check(input) {
    const outcomes = new Set<string>();
    let first: Uint32Array | undefined;
    for (const build of BUILDS) {
      const { outcome, bits } = await outcomeOf(input, build);
      outcomes.add(outcome);
      expectThat(outcomes.size === 1, `builds differ: ${[...outcomes].join(', ')}`);
      first ??= bits;
      expectThat(String(bits) === String(first), `${build}: other logits than ${BUILDS[0]}`);
    }
    return [...outcomes][0]!;
  },
};

async function outcomeOf(
  bytes: Uint8Array,
  build: (typeof BUILDS)[number],
): Promise<{ outcome: string; bits?: Uint32Array }> {
  try {
    const options = { build, wasm: wasmBytes(build), limits: LIMITS };
    const model = await loadModel(Uint8Array.from(bytes), options);
    const [channels, height, width] = model.describe().input;
    const logits = await model.run(fixedInput(channels * height * width));
    const data = new Uint8Array(9 * 7 * 3).fill(77);
    const { predictions } = await model.classify({ data, width: 9, height: 7 });
    const isSound = predictions.every(({ score }) => score >= 0 && score <= 1);
    expectThat(isSound, `scores ${predictions.map(({ score }) => score)}`);
    model.dispose();
    return { outcome: 'taken', bits: bitsOf(logits) };
  } catch (error) {
    if (error instanceof MobinetError) return { outcome: error.code };
    throw error;
  }
}

function mutateMetadata(random: Random, metadata: Map<string, string>): void {
  const field = random.next() < 0.7 ? 'graph' : pick(random, [...metadata.keys()]);
  const text = metadata.get(field)!;
  try {
    metadata.set(field, JSON.stringify(mutateJson(random, JSON.parse(text))));
  } catch {
    metadata.set(field, text.slice(random.below(text.length)));
  }
}

const FLOATS = [0, -0, 1, -1, 1e-45, 1e-38, 3e38, -3e38, Number.NaN, Number.POSITIVE_INFINITY];

function mutateTensors(random: Random, tensors: Map<string, Tensor>): void {
  const filled = [...tensors].filter(([, { data }]) => data.length > 0);
  if (filled.length === 0) return;
  const [name, tensor] = pick(random, filled);
  const at = random.below(tensor.data.length);
  if (tensor.dtype === 'U64')
    tensor.data[at] = BigInt.asUintN(64, BigInt(random.below(2 ** 31)) * 0x9e3779b97f4a7c15n);
  else if (random.next() < 0.5) tensor.data[at] = pick(random, FLOATS);
  else tensor.data.fill(pick(random, FLOATS));
  if (random.next() < 0.1) tensors.delete(name);
}
