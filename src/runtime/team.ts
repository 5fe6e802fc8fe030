/** What all threads of a pool have: their own instance of the kernels, on memory that they share. */

import type { Step } from '../plan/addresses.ts';
import { argumentsOf } from '../plan/share.ts';
import { bindStep, instantiateKernels } from './engine.ts';
import { type Ledger, openLedger } from './ledger.ts';

/** What the threads have in common; can be posted. */
export interface Team {
  readonly threads: number;
  readonly module: WebAssembly.Module;
  /** Shared, with the plan's constants in it. */
  readonly memory: WebAssembly.Memory;
  readonly steps: readonly Step[];
  readonly ledger: Int32Array<SharedArrayBuffer>;
}

/** One of the threads. */
export interface Member extends Pick<Ledger, 'wake' | 'start' | 'awaitStart' | 'fail'> {
  /** Its share of a run; returns when the run is done. */
  run(afterStep?: (step: number) => void): void;
}

/** @param thread from 0, the calling one, to `threads` - 1 */
export async function joinTeam(team: Team, thread: number): Promise<Member> {
  const { threads, steps } = team;
  const kernels = await instantiateKernels(team.module, team.memory);
  const calls = steps.map((step) => bindStep(kernels, step.kernel, argumentsOf(step, thread)));
  const take = (step: number, begin: number, end: number) => calls[step]!(begin, end);
  const ledger = openLedger(team.ledger, steps, thread, threads);
  return { ...ledger, run: (afterStep) => ledger.run(take, afterStep) };
}
