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

/**
 * Does its share of one run after the other and sleeps in between; returns only when something has
 * failed.
 */
export async function serveThread(
  { team, thread }: ThreadStart,
  report: (report: ThreadReport) => void,
): Promise<void> {
  try {
    const { awaitStart, run, fail } = await joinTeam(team, thread);
    report({ type: 'ready' });
    try {
      for (;;) {
        awaitStart();
        run();
      }
    } finally {
      fail();
    }
  } catch (error) {
    report({ type: 'failure', message: error instanceof Error ? error.message : String(error) });
  }
}
