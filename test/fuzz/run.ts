/**
 * Inputs at random, for as long as is wanted, against everything that takes what strangers give:
 *
 *     npm run fuzz -- --minutes 60 --seed 7              goes on where that seed was left
 *     npm run fuzz -- --minutes 5 --target graphs
 *
 * An input at which something crashes, hangs, throws what is no MobinetError or answers wrongly is kept in
 * test/fuzz/regressions/, where a test tries it from then on.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inputOf, TARGETS } from './targets.ts';
import type { Job, Said } from './worker.ts';

/** An input that takes longer twice hangs: once, the machine may have been busy. */
const MAX_MILLISECONDS = 60_000;
const MAX_HEAP = '--max-old-space-size=1024';
/** Inputs of a target, until it is another's turn. */
const TURN = 50;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true, default: Object.keys(TARGETS) },
  },
});
const seed = Number(values.seed);
const end = Date.now() + Number(values.minutes) * 60_000;

const folder = new URL('../../.fuzz/', import.meta.url);
const regressions = new URL('regressions/', import.meta.url);
const stateFile = new URL(`${seed}.json`, folder);

interface State {
  /** What has run so far, in milliseconds. */
  milliseconds: number;
  /** By target, of how many inputs what became. */
  readonly outcomes: Record<string, Record<string, number>>;
}

const state: State = existsSync(stateFile)
  ? JSON.parse(readFileSync(stateFile, 'utf8'))
  : { milliseconds: 0, outcomes: {} };

const triedOf = (target: string) =>
  Object.values(state.outcomes[target] ?? {}).reduce((sum, count) => sum + count, 0);

function note(target: string, outcome: string): void {
  state.outcomes[target] ??= {};
  const outcomes = state.outcomes[target];
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

/** What went wrong and where: of those alike the first is kept. */
const faults = new Set<string>();

async function keep(target: string, index: number, fault: string): Promise<void> {
  note(target, 'FAULT');
  const kind = fault.split('\n').slice(0, 2).join(' ').replace(/\d+/g, '#');
  if (faults.has(kind)) return;
  faults.add(kind);
  const file = `${target}-${seed}-${index}.${TARGETS[target]!.extension}`;
  mkdirSync(regressions, { recursive: true });
  writeFileSync(new URL(file, regressions), await inputOf(target, seed, index));
  console.error(`${file}: ${fault}\n`);
}

function openWorker(): ChildProcess {
  const script = fileURLToPath(new URL('worker.ts', import.meta.url));
  const execArgv = [...process.execArgv, MAX_HEAP];
  return fork(script, { execArgv, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
}

/** Inputs that have taken too long once. */
const slow = new Set<string>();

/** One turn; the worker is gone after it if something ended it. */
function takeTurn(worker: ChildProcess, job: Job): Promise<void> {
  return new Promise((resolve) => {
    let current = job.index;
    let watch: NodeJS.Timeout | undefined;
    let hangs = false;
    const settle = () => {
      clearTimeout(watch);
      worker.removeAllListeners();
      resolve();
    };
    worker.on('message', (said: Said) => {
      clearTimeout(watch);
      if (said.type === 'done') return settle();
      current = said.index;
      if (said.type === 'end') return note(job.target, said.outcome);
      if (said.type === 'fault') return void keep(job.target, current, said.fault);
      watch = setTimeout(() => {
        hangs = true;
        worker.kill('SIGKILL');
      }, MAX_MILLISECONDS);
    });
    worker.on('exit', async (code, signal) => {
      const input = `${job.target}-${current}`;
      if (hangs && !slow.has(input)) {
        slow.add(input);
        return settle();
      }
      const how = hangs
        ? `it took more than ${MAX_MILLISECONDS} ms`
        : `it ended: ${code ?? signal}`;
      await keep(job.target, current, how);
      settle();
    });
    worker.send(job);
  });
}

let worker = openWorker();
for (let turn = 0; Date.now() < end; turn++) {
  const target = values.target[turn % values.target.length]!;
  const begun = Date.now();
  await takeTurn(worker, { seed, target, index: triedOf(target), count: TURN });
  if (worker.exitCode !== null || worker.signalCode !== null) worker = openWorker();
  state.milliseconds += Date.now() - begun;
  mkdirSync(folder, { recursive: true });
  writeFileSync(stateFile, `${JSON.stringify(state, undefined, 2)}\n`);
}
worker.removeAllListeners();
worker.kill();

for (const target of values.target) {
  const outcomes = Object.entries(state.outcomes[target] ?? {}).sort((a, b) => b[1] - a[1]);
  const told = outcomes.map(([outcome, count]) => `${outcome} ${count}`).join(', ');
  console.log(`${target}: ${triedOf(target)} inputs: ${told}`);
}
console.log(
  `seed ${seed}: ${(state.milliseconds / 60_000).toFixed(1)} minutes in all, ${faults.size} kinds of faults`,
);
process.exitCode = faults.size > 0 ? 1 : 0;
