/** What a thread beside the calling one does. */

import { joinTeam, type Team } from './team.ts';

/** What a thread starts with. */
export interface ThreadStart {
  readonly team: Team;
  /** From 1 on; the calling thread is 0. */
  readonly thread: number;
}

/** What it says: that it is ready, or why it has ended. */
export type ThreadReport =
  | { readonly type: 'ready' }
  | { readonly type: 'failure'; readonly message: string };

/** What the first thread counts before the first step: the start, and the input as written. */
export const COUNTS_BEFORE = 2;

/**
 * Does its share of one run after the other and sleeps in between; returns only when something has
 * failed.
 */
export async function serveThread(
  { team, thread }: ThreadStart,
  report: (report: ThreadReport) => void,
): Promise<void> {
  try {
    const { barrier, prepare, run } = await joinTeam(team, thread);
    report({ type: 'ready' });
    try {
      for (;;) {
        barrier.waitForStart();
        prepare();
        barrier.arrive(COUNTS_BEFORE);
        run();
      }
    } finally {
      barrier.fail();
    }
  } catch (error) {
    report({ type: 'failure', message: error instanceof Error ? error.message : String(error) });
  }
}
