/** What the page and the Node process share: the input, the memory and the clock. */

/**
 * A network of any engine, ready to run.
 * @typedef {object} Runner
 * @property {() => Promise<ArrayLike<number>>} run logits of the input, copied out
 * @property {string} [build] which of its builds the engine took, where it says
 * @property {() => number} [memory] bytes of WebAssembly memory, where it is in a worker
 */

/**
 * Opens a model for an input.
 * @typedef {(address: string, input: Input, threads: number) => Promise<Runner>} Open
 */

/**
 * One picture, -1..1, in both layouts.
 * @typedef {{ nchw: Float32Array, nhwc: Float32Array }} Input
 */

/**
 * @typedef {object} Measurement
 * @property {number} load milliseconds from navigation, or start of the process, to the first result
 * @property {number} firstCall milliseconds of the first run
 * @property {number[]} runs milliseconds of each run after the warm-up
 * @property {number} memory bytes of WebAssembly memory after the last run
 * @property {number[]} output logits of the first run
 * @property {string} build
 */

export const SIZE = 224;

/** A build, and the threads that it really uses. */
export const buildOf = (/** @type {{ build: string, threads: number }} */ { build, threads }) =>
  threads === 1 ? build : `${build}, ${threads} threads`;

/** The same for every contestant. */
function randomInput() {
  const pixels = SIZE * SIZE;
  const nchw = new Float32Array(3 * pixels);
  const nhwc = new Float32Array(3 * pixels);
  let state = 1;
  for (let index = 0; index < nchw.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const value = state / 2 ** 31 - 1;
    nchw[index] = value;
    nhwc[(index % pixels) * 3 + Math.floor(index / pixels)] = value;
  }
  return { nchw, nhwc };
}

/**
 * Watches which WebAssembly memories come into being, made or exported; to be called before any
 * engine is loaded.
 * @returns {() => number} their bytes by now
 */
export function watchMemory() {
  /** @type {Set<WebAssembly.Memory>} */
  const memories = new Set();
  const { Memory, instantiate, instantiateStreaming } = WebAssembly;
  const note = (/** @type {any} */ result) => {
    for (const value of Object.values((result.instance ?? result).exports)) {
      if (value instanceof Memory) memories.add(value);
    }
    return result;
  };
  WebAssembly.Memory = new Proxy(Memory, {
    construct(target, parameters) {
      const memory = Reflect.construct(target, parameters);
      memories.add(memory);
      return memory;
    },
  });
  WebAssembly.instantiate = async (/** @type {any[]} */ ...parameters) =>
    note(await Reflect.apply(instantiate, WebAssembly, parameters));
  if (instantiateStreaming) {
    WebAssembly.instantiateStreaming = async (...parameters) =>
      note(await instantiateStreaming(...parameters));
  }
  return () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

/**
 * @param {() => Promise<{ open: Open }>} load imports the engine
 * @param {{ address: string, warmUp: number, runs: number, threads: number }} options the model's address,
 *   seconds, two counts
 * @returns {Promise<Measurement>}
 */
export async function measure(load, { address, warmUp, runs, threads }) {
  const watched = watchMemory();
  const input = randomInput();
  const { open } = await load();
  const { run, build = '', memory = watched } = await open(address, input, threads);
  const clock = async () => {
    const begin = performance.now();
    const output = await run();
    return { time: performance.now() - begin, output };
  };
  const first = await clock();
  const ready = performance.now();
  const output = Array.from(first.output);
  while (performance.now() - ready < warmUp * 1000) await clock();
  const times = [];
  while (times.length < runs) times.push((await clock()).time);
  return { load: ready, firstCall: first.time, runs: times, memory: memory(), output, build };
}
