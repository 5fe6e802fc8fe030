/** What comes of the measurements: numbers, a table, a picture. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { BUILDS, wasmFile } from '../../dist/kernels/builds.js';
import { median, table } from '../report.js';
import { OURS } from './contestants.js';
import { whiskerBars } from './picture.js';

/** @typedef {import('./contestants.js').Contestant} Contestant */
/** @typedef {import('./hosts.js').Result} Result */
/** @typedef {{ contestant: Contestant, results: (Result & { busy: number })[], error?: string }} Entry */

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} where
 * @property {string} network
 * @property {string} version of the engine's package
 * @property {string} [error] why it could not be measured
 * @property {Figures} [figures]
 */

/**
 * Milliseconds and bytes.
 * @typedef {object} Figures
 * @property {string} build
 * @property {number} median of the medians of the rounds
 * @property {number} min of all runs
 * @property {number} lowerQuartile of all runs
 * @property {number} upperQuartile of all runs
 * @property {number[]} rounds median of each
 * @property {number[]} busy cores busy in each round, the contestant's own among them
 * @property {number} firstCall median of the rounds
 * @property {number} load median of the rounds
 * @property {number} memory of WebAssembly; 0 where there is none
 * @property {Result['downloads']} downloads
 * @property {number} [ratio] median by that of `mobinet`
 * @property {number} [minRatio] min by that of `mobinet`: what a busy machine disturbs least
 * @property {number} [difference] greatest of the logits from the first float row of the network, by its greatest
 */

const versionOf = (/** @type {string} */ name) => {
  const file = new URL(
    name === 'mobinet' ? '../../package.json' : `node_modules/${name}/package.json`,
    import.meta.url,
  );
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : 'not installed';
};

/**
 * @param {readonly number[]} numbers
 * @param {number} part 0..1
 */
function quantile(numbers, part) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.round(part * (sorted.length - 1))] ?? Number.NaN;
}

const rounded = (/** @type {number} */ value) => Number(value.toPrecision(4));

/** @param {readonly Entry[]} entries @returns {Row[]} */
export function summarise(entries) {
  /** The first measured of a network in float. */
  const referenceOf = (/** @type {string} */ network) => {
    const float = network.replace('int8', 'float');
    const same = entries.filter(({ contestant }) => contestant.network === float);
    return same.flatMap(({ results }) => results)[0];
  };
  const roundsOf = (/** @type {readonly Result[]} */ results) =>
    results.map(({ runs }) => rounded(median(runs)));
  const ours = entries.find(({ contestant }) => contestant.name === OURS)?.results ?? [];
  return entries.map(({ contestant, results, error }) => {
    const { name, where, network, npm } = contestant;
    const row = { name, where, network, version: versionOf(npm) };
    const [first] = results;
    if (error !== undefined || first === undefined) return { ...row, error: error ?? 'not run' };
    const runs = results.flatMap((result) => result.runs);
    const rounds = roundsOf(results);
    const figures = {
      build: first.build,
      median: rounded(median(rounds)),
      min: rounded(quantile(runs, 0)),
      lowerQuartile: rounded(quantile(runs, 0.25)),
      upperQuartile: rounded(quantile(runs, 0.75)),
      rounds,
      busy: results.map((result) => rounded(result.busy)),
      firstCall: rounded(median(results.map((result) => result.firstCall))),
      load: rounded(median(results.map((result) => result.load))),
      memory: Math.max(...results.map((result) => result.memory)),
      downloads: first.downloads,
    };
    if (ours.length > 0) {
      const least = quantile(
        ours.flatMap((result) => result.runs),
        0,
      );
      Object.assign(figures, {
        ratio: rounded(median(rounds) / median(roundsOf(ours))),
        minRatio: rounded(figures.min / least),
      });
    }
    const reference = referenceOf(network);
    if (!network.startsWith('mobinet') && reference !== undefined) {
      const greatest = Math.max(...reference.output.map(Math.abs));
      const off = reference.output.map((value, index) =>
        Math.abs(value - (first.output[index] ?? Number.NaN)),
      );
      Object.assign(figures, { difference: rounded(Math.max(...off) / greatest) });
    }
    return { ...row, figures };
  });
}

/** Of the kernels in dist, as they are now. */
export function kernelDigests() {
  const digests = BUILDS.flatMap((build) => {
    const file = new URL(`../../dist/${wasmFile(build, false)}`, import.meta.url);
    if (!existsSync(file)) return [];
    const digest = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 8);
    return `${build} ${digest}`;
  });
  return digests.join(', ');
}

/**
 * Who measured where.
 * @param {{ chromium: string, rounds: number, runs: number, warmUp: number, calm: number, tries: number, loads: number[], digests: string }} facts
 *   `loads`: the load average at the start and at the end; `digests`: of the kernels at the start
 */
export function heading({ chromium, rounds, runs, warmUp, calm, tries, loads, digests }) {
  const rebuilt = digests === kernelDigests() ? '' : '; REBUILT DURING THE RUN';
  return {
    title:
      'MoBiNet-Mid K = 3 beside MobileNet v1 and v2 in other engines: 224x224, 1000 classes, batch 1, one thread but where it says two',
    mobinet: `${versionOf('mobinet')} (sha256 of the kernels: ${digests}${rebuilt})`,
    chromium,
    node: process.version,
    processor: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
    loadAverage: `${loads.map((load) => load.toFixed(1)).join(' at the start, ')} at the end`,
    method: `median of ${rounds} interleaved rounds of ${runs} runs after ${warmUp} s of warm-up, a fresh browser or process each; the calmest of up to ${tries} tries where more than ${calm} cores were busy; random weights`,
  };
}

export const loadNow = () => loadavg()[0] ?? Number.NaN;

const milliseconds = (/** @type {number} */ value) => value.toFixed(value < 10 ? 2 : 1);
const megabytes = (/** @type {number | undefined} */ bytes) =>
  bytes ? (bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1) : '-';

/** @param {ReturnType<typeof heading>} head @param {readonly Row[]} rows */
export function textReport(head, rows) {
  const { title, ...facts } = head;
  const columns = [
    'contestant',
    'network',
    'ms',
    'ratio',
    'min',
    'ratio',
    'quartiles',
    'rounds',
    'busy',
    'first call',
    'load',
    'wasm MB',
    'code MB',
    'gzip MB',
    'model MB',
    'differs by',
    'version',
  ];
  const measured = rows.flatMap(({ name, network, version, figures }) => {
    if (figures === undefined) return [];
    const { median, ratio, difference, downloads } = figures;
    return [
      [
        name,
        network,
        milliseconds(median),
        ratio === undefined ? '-' : ratio.toFixed(2),
        milliseconds(figures.min),
        figures.minRatio === undefined ? '-' : figures.minRatio.toFixed(2),
        `${milliseconds(figures.lowerQuartile)}..${milliseconds(figures.upperQuartile)}`,
        figures.rounds.map(milliseconds).join('/'),
        figures.busy.map((cores) => cores.toFixed(1)).join('/'),
        milliseconds(figures.firstCall),
        figures.load.toFixed(0),
        megabytes(figures.memory),
        megabytes(downloads.code),
        megabytes(downloads.codeGzip),
        megabytes(downloads.model),
        difference === undefined ? '-' : difference.toExponential(0),
        `${version} ${figures.build}`.trim(),
      ],
    ];
  });
  const failed = rows.flatMap(({ name, error }) =>
    error === undefined ? [] : [`${name} failed: ${error.split('\n')[0]}`],
  );
  return [
    title,
    ...Object.entries(facts).map(([name, value]) => `${name}: ${value}`),
    '',
    table(columns, measured),
    'Milliseconds. ms: median of the medians of the rounds; ratio: by the same of mobinet in Chromium;',
    "busy: cores at work in each round, the contestant's own among them;",
    'load: from navigation, or start of the process, to the first result (of the rows in a worker: the',
    'first label), all served by this machine;',
    'differs by: the greatest difference of the logits from the first float row of the network, by its\ngreatest logit.',
    ...failed,
    '',
  ].join('\n');
}

const LEGEND = {
  chromium: { name: 'Chromium', color: '#7cb0ff' },
  node: { name: 'Node', color: '#b6bec8' },
};

/** @param {ReturnType<typeof heading>} head @param {readonly Row[]} rows */
export function picture(head, rows) {
  const bars = rows.flatMap(({ name, where, figures }) => {
    if (figures === undefined) return [];
    const { color } = where === 'node' ? LEGEND.node : LEGEND.chromium;
    const { median: value, lowerQuartile: low, upperQuartile: high } = figures;
    return [{ name: name.replace(/^node-/, ''), color, value, low, high }];
  });
  const title = 'Milliseconds a picture: MoBiNet-Mid K = 3 (mobinet) and MobileNet v1, v2';
  const caption = `224x224, one thread but where it says two; ${head.processor}; logarithmic; whiskers are quartiles of all runs`;
  return whiskerBars(title, caption, Object.values(LEGEND), bars);
}
