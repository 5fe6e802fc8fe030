// @ts-check
/// <reference lib="webworker" />
/** Measures, so that the page stays free and nothing else is in the way. */

import { contestants, MAIN } from './contestants.js';

/**
 * @typedef {import('./contestants.js').Contestant} Contestant
 * @typedef {import('./contestants.js').Network} Network
 * @typedef {import('../../src/runtime/engine.ts').Engine} Engine
 *
 * @typedef {Contestant & { median: number, low: number, high: number, samples: number }} Result
 *   milliseconds a run: median and quartiles
 * @typedef {{ build: import('./contestants.js').Build, kernels: { kernel: string, milliseconds: number }[] }} BuildProfile
 * @typedef {object} Report
 * @property {Result[]} results
 * @property {BuildProfile[]} profiles of the main network, a build each
 * @property {number} rounds
 * @property {number} seconds that it took in all
 */

/** The clock of a browser is coarse: a sample is of as many runs as take this long, milliseconds. */
const SAMPLE = 25;
const WARM_UP = 60;
/** Of the profile of a build, at most. */
const PROFILE = { runs: 8, milliseconds: 400 };
const LEAST_ROUNDS = 3;

/** @param {string} path */
const library = (path) => import(new URL(`../dist/${path}`, import.meta.url).href);

self.addEventListener('message', async ({ data }) => {
  try {
    self.postMessage({ type: 'done', report: await measure(data) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    self.postMessage({ type: 'failed', error: message });
  }
});

/**
 * @param {string} text
 * @param {number} share done, 0..1
 */
function tell(text, share) {
  self.postMessage({ type: 'progress', text, share });
}

/**
 * All take their turn in every round, so that what slows the device down slows all of them.
 * @param {{ rounds: number, seconds: number }} wish rounds at most, and seconds after which none begins
 * @returns {Promise<Report>}
 */
async function measure({ rounds, seconds }) {
  /** @type {typeof import('../../src/runtime/features.ts')} */
  const { probeFeatures } = await library('runtime/features.js');
  const builds = probeFeatures();
  const cores = navigator.hardwareConcurrency;
  const threads = globalThis.crossOriginIsolated ? [2, 4].filter((count) => count <= cores) : [];
  const all = contestants(builds, threads);
  const begin = performance.now();
  /** @type {Map<string, { engine: Engine, input: Float32Array, runs: number }>} */
  const ready = new Map();
  for (const [i, contestant] of all.entries()) {
    tell(`Warming up: ${contestant.name}`, (i / all.length) * 0.4);
    const key = keyOf(contestant);
    if (!ready.has(key)) ready.set(key, await warmUp(contestant));
  }
  /** @type {Map<string, number[]>} */
  const times = new Map([...ready.keys()].map((key) => [key, []]));
  let round = 0;
  const started = performance.now();
  while (round < rounds) {
    if (round >= LEAST_ROUNDS && performance.now() - started > seconds * 1000) break;
    round++;
    for (const [key, { engine, input, runs }] of ready) {
      tell(`Round ${round}`, 0.4 + (0.5 * round) / rounds);
      times.get(key)?.push(timeOf(engine, input, runs) / runs);
    }
  }
  tell('Kernel by kernel', 0.95);
  const profiles = builds.map((build) => {
    const main = ready.get(keyOf({ network: MAIN, build, threads: 1 }));
    return { build, kernels: main ? profileOf(main) : [] };
  });
  return {
    results: all.map((contestant) => ({ ...contestant, ...spread(times.get(keyOf(contestant))) })),
    profiles,
    rounds: round,
    seconds: (performance.now() - begin) / 1000,
  };
}

/** @param {Pick<Contestant, 'network' | 'build' | 'threads'>} contestant */
function keyOf({ network: { block, width, size }, build, threads }) {
  return [block, width, size, build, threads].join();
}

/** @param {Contestant} contestant */
async function warmUp({ network, build, threads }) {
  const engine = await openEngine(network, build, threads);
  const input = Float32Array.from({ length: 3 * network.size ** 2 }, () => Math.random() * 4 - 2);
  timeOf(engine, input, 1);
  let runs = 1;
  let time = timeOf(engine, input, runs);
  for (let spent = time; spent < WARM_UP; spent += time) {
    if (time < SAMPLE) runs *= 2;
    time = timeOf(engine, input, runs);
  }
  return { engine, input, runs: Math.max(1, Math.round((runs * SAMPLE) / Math.max(time, 0.1))) };
}

/**
 * @param {Network} network
 * @param {import('./contestants.js').Build} build
 * @param {number} threads
 * @returns {Promise<Engine>}
 */
async function openEngine({ block, width, size }, build, threads) {
  /** @type {[typeof import('../../src/networks/mobinet.ts'), typeof import('../../src/networks/mobilenet-v1.ts'), typeof import('../../src/plan/plan.ts'), typeof import('../../src/runtime/engine.ts'), typeof import('../../src/runtime/wasm.ts'), typeof import('../../src/kernels/uncommon.ts')]} */
  const [{ mobinet }, { mobileNetV1 }, { planGraph }, { createEngine }, kernels, { UNCOMMON }] =
    await Promise.all([
      library('networks/mobinet.js'),
      library('networks/mobilenet-v1.js'),
      library('plan/plan.js'),
      library('runtime/engine.js'),
      library('runtime/wasm.js'),
      library('kernels/uncommon.js'),
    ]);
  const classes = size === 224 ? 1000 : 200;
  const graph =
    block === 'float'
      ? mobileNetV1({ width, size, classes })
      : mobinet({
          ...{ block, k: 3, width, size, classes },
          headBits: 8,
          stream: { type: 'int16', fraction: 9 },
        });
  const plan = planGraph(graph, build, threads, {}, UNCOMMON);
  const common = await kernels.loadKernels(kernels.defaultWasmUrl, build, threads);
  const { module } = await kernels.kernelsFor(plan.steps, common);
  if (threads === 1) return createEngine(plan, module);
  /** @type {typeof import('../../src/web/thread-pool.ts')} */
  const { openThreadPool } = await library('web/thread-pool.js');
  return openThreadPool(plan, module, undefined);
}

/**
 * @param {Engine} engine
 * @param {Float32Array} input
 * @param {number} runs
 */
function timeOf(engine, input, runs) {
  const begin = performance.now();
  for (let run = 0; run < runs; run++) engine.run(input);
  return performance.now() - begin;
}

/** @param {number[]} [times] */
function spread(times = []) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { median: at(0.5), low: at(0.25), high: at(0.75), samples: sorted.length };
}

/**
 * Mean time by kernel.
 * @param {{ engine: Engine, input: Float32Array }} ready
 */
function profileOf({ engine, input }) {
  /** @type {Map<string, number>} */
  const times = new Map();
  const begin = performance.now();
  let runs = 0;
  do {
    runs++;
    for (const { kernel, milliseconds } of engine.profile(input)) {
      times.set(kernel, (times.get(kernel) ?? 0) + milliseconds);
    }
  } while (runs < PROFILE.runs && performance.now() - begin < PROFILE.milliseconds);
  return [...times].map(([kernel, time]) => ({ kernel, milliseconds: time / runs }));
}
