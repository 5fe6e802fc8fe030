/** What all threads of a pool do, each with its own instance of the kernels on the shared memory. */

import type { Step } from '../plan/program.ts';
import { argumentsOf } from '../plan/share.ts';
import { type Barrier, barrierMemory, openBarrier } from './barrier.ts';
import { type Claims, claimsMemory, openClaims } from './claims.ts';
import { bindStep, instantiateKernels } from './engine.ts';

/** What the threads have in common; can be posted. */
export interface Team {
  readonly threads: number;
  readonly module: WebAssembly.Module;
  /** Shared, with the plan's constants in it. */
  readonly memory: WebAssembly.Memory;
  readonly steps: readonly Step[];
  readonly barrier: Int32Array<SharedArrayBuffer>;
  readonly claims: Int32Array<SharedArrayBuffer>;
}

/** One of the threads. */
export interface Member {
  readonly barrier: Barrier;
  /** Puts its part of the first step up; before it counts the start of the run as done. */
  prepare(): void;
  /**
   * Its share of a run.
   * @param afterStep called when all threads have done a step
   */
  run(afterStep?: (index: number) => void): void;
}

export function createTeam(
  threads: number,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  steps: readonly Step[],
): Team {
  const barrier = barrierMemory(threads);
  const claims = claimsMemory(threads);
  return { threads, module, memory, steps, barrier, claims };
}

/** @param thread from 0, the calling one, to `threads` - 1 */
export async function joinTeam(team: Team, thread: number): Promise<Member> {
  const { threads, steps } = team;
  const kernels = await instantiateKernels(team.module, team.memory);
  const calls = steps.map((step) => bindStep(kernels, step.kernel, argumentsOf(step, thread)));
  const barrier = openBarrier(team.barrier, thread, threads);
  const claims: Claims = openClaims(team.claims, thread, threads);

  return {
    barrier,
    prepare: () => claims.offer(0, steps[0]!.work),
    run(afterStep) {
      for (const [index, { work, granule }] of steps.entries()) {
        barrier.wait();
        if (index > 0) afterStep?.(index - 1);
        claims.drain(index, work, granule, calls[index]!);
        const next = steps[index + 1];
        if (next !== undefined) claims.offer(index + 1, next.work);
        barrier.arrive();
      }
    },
  };
}
