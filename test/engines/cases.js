/**
 * What must be the same bits everywhere, and how an engine works it out. Plain JavaScript over dist/: every engine runs
 * this file as it is, or bundled.
 */

import { parseModelFile } from '../../dist/file/model-file.js';
import { withActivations } from '../../dist/graph/activations.js';
import { parseGraph } from '../../dist/graph/parse.js';
import { preprocess } from '../../dist/image/preprocess.js';
import { UNCOMMON } from '../../dist/kernels/uncommon.js';
import { NETWORKS as DEFINITIONS } from '../../dist/networks/index.js';
import { mobileNetV1 } from '../../dist/networks/mobilenet-v1.js';
import { mobinet } from '../../dist/networks/mobinet.js';
import { planGraph } from '../../dist/plan/plan.js';
import { fixedInput } from './fixed-input.js';

/** @typedef {import('../../dist/graph/graph.js').Graph} Graph */
/** @typedef {import('../../dist/kernels/builds.js').Build} Build */
/** @typedef {import('../../dist/plan/plan.js').Plan} Plan */
/** @typedef {import('../../dist/runtime/engine.js').Engine} Engine */

/**
 * An engine of JavaScript.
 * @typedef {object} Host
 * @property {(file: string) => Promise<Uint8Array>} readModel a file of models/
 * @property {readonly Build[]} builds that it takes
 * @property {readonly number[]} threads
 * @property {(build: Build, shared: boolean) => Promise<WebAssembly.Module>} compile
 * @property {(plan: Plan, module: WebAssembly.Module, threads: number) => Promise<Engine>} open
 */

/**
 * Per case its logits as hexadecimal bytes, each with the runs that gave them: `simd on 2`.
 * @typedef {Record<string, Record<string, string[]>>} Report
 */

const FRACTION = 8;

/** The files of models/; those whose activations are int16 run as float32, too. */
export const MODELS = {
  'mobilenet-v1-w50-64': ['float32'],
  'mobinet-mid-k3-w25-64': ['int16', 'float32'],
  'mobinet-mid-k3-w50-64': ['int16', 'float32'],
  'mobinet-signs-k3-w25-32': ['int16', 'float32'],
  'mobinet-steady-w50-64': ['float32'],
};

const SMALL = /** @type {const} */ ({ width: 0.25, size: 32, classes: 10, seed: 12 });
const INT16 = /** @type {const} */ ({ type: 'int16', fraction: FRACTION });

/** Every network that can be built, with random weights. */
/** @type {Record<string, Record<string, () => Graph>>} */
const NETWORKS = {
  ...Object.fromEntries(
    Object.entries(DEFINITIONS).map(([name, { definition }]) => {
      const build = () => {
        const { json, tensors } = definition({ ...SMALL, size: 64 });
        return parseGraph(json, tensors);
      };
      return [name, { float32: build }];
    }),
  ),
  'mobilenet-v1, 8-bit head': { float32: () => mobileNetV1({ ...SMALL, headBits: 8 }) },
  mobinet: Object.fromEntries(
    /** @type {const} */ (['none', 'pre', 'mid', 'post']).flatMap((block, k) => [
      [`${block} k=${k}, float32`, () => mobinet({ ...SMALL, block, k })],
      [`${block} k=${k}, int16`, () => mobinet({ ...SMALL, block, k, stream: INT16 })],
    ]),
  ),
};

/** @returns {{ name: string, load(host: Host): Promise<{ graph: Graph, input: Float32Array }> }[]} */
export function allCases() {
  const models = Object.entries(MODELS).flatMap(([file, types]) =>
    types.map((type) => ({
      name: `${file}, ${type}`,
      /** @param {Host} host */
      async load(host) {
        const model = parseModelFile(await host.readModel(`${file}.safetensors`));
        const activations = type === 'float32' ? type : 'model';
        return {
          graph: withActivations(model.graph, activations),
          input: preprocess(fixedPicture(), model.preprocessing),
        };
      },
    })),
  );
  const networks = Object.entries(NETWORKS).flatMap(([file, variants]) =>
    Object.entries(variants).map(([variant, build]) => ({
      name: `${file}, ${variant}`,
      async load() {
        const graph = build();
        return { graph, input: fixedInput(graph.input.shape.reduce((a, b) => a * b)) };
      },
    })),
  );
  return [...models, ...networks];
}

/** Pixels that have to be resized and cropped. */
function fixedPicture() {
  const [width, height] = [97, 83];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) >> 4);
  return { data, width, height };
}

/**
 * Every case in every build on every number of threads.
 * @param {Host} host
 * @returns {Promise<Report>}
 */
export async function reportOf(host) {
  /** @type {Report} */
  const report = {};
  const modules = new Map();
  const moduleOf = async (/** @type {Build} */ build, /** @type {boolean} */ shared) => {
    const key = `${build} ${shared}`;
    if (!modules.has(key)) modules.set(key, await host.compile(build, shared));
    return modules.get(key);
  };
  for (const { name, load } of allCases()) {
    const { graph, input } = await load(host);
    /** @type {Record<string, string[]>} */
    const answers = {};
    for (const build of host.builds) {
      for (const threads of host.threads) {
        const plan = planGraph(graph, build, threads, {}, UNCOMMON);
        const engine = await host.open(plan, await moduleOf(build, threads > 1), threads);
        const answer = hexOf(engine.run(input));
        answers[answer] = [...(answers[answer] ?? []), `${build} on ${engine.threads}`];
        engine.dispose();
      }
    }
    report[name] = answers;
  }
  return report;
}

/** @param {Float32Array} numbers */
function hexOf(numbers) {
  let text = '';
  for (const byte of new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)) {
    text += byte.toString(16).padStart(2, '0');
  }
  return text;
}
