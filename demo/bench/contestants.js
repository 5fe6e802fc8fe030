// @ts-check
/**
 * @typedef {import('../../src/index.ts').Build} Build
 *
 * @typedef {object} Network what is run, with random weights: they cost what trained ones do
 * @property {'mid' | 'post' | 'float'} block of MoBiNet with K = 3, or MobileNet v1 in floats
 * @property {number} width factor of all channel counts
 * @property {number} size of the input, pixels
 *
 * @typedef {object} Contestant
 * @property {string} group what it is compared within
 * @property {string} name
 * @property {Network} network
 * @property {Build} build
 * @property {number} threads
 */

/** @type {Network} */
export const MAIN = { block: 'mid', width: 1, size: 224 };

/** @type {Network} */
export const FLOAT = { block: 'float', width: 1, size: 224 };

/** @type {readonly Network[]} */
const NETWORKS = [
  MAIN,
  { block: 'post', width: 1, size: 224 },
  { block: 'mid', width: 0.5, size: 224 },
  { block: 'mid', width: 0.25, size: 224 },
  FLOAT,
  { block: 'float', width: 0.5, size: 224 },
  { block: 'mid', width: 1, size: 64 },
  { block: 'mid', width: 0.5, size: 64 },
  { block: 'float', width: 1, size: 64 },
  { block: 'float', width: 0.5, size: 64 },
];

/** @type {Readonly<Record<Build, string>>} */
export const BUILD_NAMES = { plain: 'Plain', simd: 'SIMD', relaxed: 'Relaxed SIMD' };

/** @param {Network} network */
export function nameOf({ block, width }) {
  const name =
    block === 'float' ? 'MobileNet v1, float' : `MoBiNet-${block === 'mid' ? 'Mid' : 'Post'} K = 3`;
  return `${name}, width ${width}`;
}

/**
 * Everything that this browser can run.
 * @param {readonly Build[]} builds that it takes, slowest first
 * @param {readonly number[]} threads numbers of them that it may have, beside one
 * @returns {Contestant[]}
 */
export function contestants(builds, threads) {
  const best = builds.at(-1) ?? 'plain';
  return [
    ...NETWORKS.map((network) => ({
      group: `${network.size} × ${network.size} pixels`,
      name: nameOf(network),
      network,
      build: best,
      threads: 1,
    })),
    ...builds.map((build) => ({
      group: 'Builds, MoBiNet-Mid at 224',
      name: BUILD_NAMES[build],
      network: MAIN,
      build,
      threads: 1,
    })),
    ...(threads.length > 0 ? [1, ...threads] : []).map((count) => ({
      group: 'Threads, MoBiNet-Mid at 224',
      name: count === 1 ? '1 thread' : `${count} threads`,
      network: MAIN,
      build: best,
      threads: count,
    })),
  ];
}
