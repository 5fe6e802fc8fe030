/**
 * MoBiNet in this package beside float and int8 MobileNet v1 in other engines, in Chromium and Node.
 *
 *     node bench/peers/run.js [--rounds 3] [--runs 30] [--warm-up 3] [--only mobinet,litert-v1]
 *         [--calm 1.4] [--tries 3]
 *
 * A measurement while more than `calm` cores were busy (its own is one, or two on two threads: then it
 * is one more) is repeated, `tries` in all;
 * the calmest counts.
 * Writes bench/peers/results.{json,txt,svg}; README.md says what has to be there before.
 */

import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { calmest } from './calm.js';
import { CONTESTANTS } from './contestants.js';
import { chromiumVersion, measureInChromium, measureInNode } from './hosts.js';
import { heading, kernelDigests, loadNow, picture, summarise, textReport } from './report.js';
import { serve } from './server.js';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    runs: { type: 'string', default: '30' },
    'warm-up': { type: 'string', default: '3' },
    calm: { type: 'string', default: '1.4' },
    tries: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});

/** A number of the command line. */
function amount(
  /** @type {'rounds' | 'runs' | 'warm-up' | 'calm' | 'tries'} */ flag,
  /** @type {number} */ least,
) {
  const value = Number(flags[flag]);
  if (value >= least) return value;
  throw new Error(`--${flag} is ${flags[flag]}: a number of at least ${least}`);
}

const rounds = amount('rounds', 1);
const runs = amount('runs', 1);
const warmUp = amount('warm-up', 0);
const calm = amount('calm', 0);
const tries = amount('tries', 1);
const wanted = flags.only?.split(',') ?? CONTESTANTS.map(({ name }) => name);
const unknown = wanted.filter((name) => !CONTESTANTS.some((one) => one.name === name));
if (unknown.length > 0) {
  const names = CONTESTANTS.map(({ name }) => name).join(', ');
  throw new Error(`--only ${unknown.join(',')}: there are ${names}`);
}

/** @type {import('./report.js').Entry[]} */
const entries = CONTESTANTS.filter(({ name }) => wanted.includes(name)).map((contestant) => {
  const there = existsSync(new URL(`models/out/${contestant.model}`, import.meta.url));
  const missing = { error: `models/out/${contestant.model} is missing: see README.md` };
  return { contestant, results: [], ...(there ? {} : missing) };
});

const loadBefore = loadNow();
const digests = kernelDigests();
const chromium = await chromiumVersion();
const server = await serve();
for (let round = 1; round <= rounds; round++) {
  for (const entry of entries) {
    const { contestant, results } = entry;
    if (entry.error !== undefined) continue;
    process.stderr.write(`round ${round} of ${rounds}: ${contestant.name} ... `);
    try {
      const task = () =>
        contestant.where === 'chromium'
          ? measureInChromium(contestant, { warmUp, runs }, server)
          : measureInNode(contestant, { warmUp, runs });
      const { result, busy } = await calmest(task, { calm: calm + contestant.threads - 1, tries });
      results.push({ ...result, busy });
      const middle = [...result.runs].sort((a, b) => a - b)[runs >> 1];
      process.stderr.write(`${middle?.toFixed(2)} ms, ${busy.toFixed(2)} cores busy\n`);
    } catch (error) {
      entry.error = error instanceof Error ? error.message : String(error);
      process.stderr.write(`failed: ${entry.error}\n`);
    }
  }
}
server.close();

const head = heading({
  chromium,
  rounds,
  runs,
  warmUp,
  calm,
  tries,
  loads: [loadBefore, loadNow()],
  digests,
});
const rows = summarise(entries);
const text = textReport(head, rows);
const file = (/** @type {string} */ ending) => new URL(`results.${ending}`, import.meta.url);
// Numbers of one array on one line, as the formatter has them.
const json = JSON.stringify({ ...head, rows }, undefined, 2).replace(
  /\[\n\s+([-\d.e,\s]+?)\n\s+\]/g,
  (_, numbers) => `[${numbers.replace(/\s+/g, ' ')}]`,
);
writeFileSync(file('json'), `${json}\n`);
writeFileSync(file('txt'), text);
writeFileSync(file('svg'), picture(head, rows));
process.stdout.write(text);
