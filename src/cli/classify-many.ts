/** `mobinet classify --ndjson`: any number of pictures on all cores, a line of JSON each. */

import type { NodeClassifyOptions } from '../node/load.ts';
import { type ClassifyWorkerData, classifyOnThreads } from './classify-threads.ts';
import { say } from './output.ts';
import { openProgress } from './progress.ts';
import { appendResults, readResults, writeLines } from './result-file.ts';
import { safeJson } from './text.ts';

export interface ManyFlags {
  /** Threads that decode and classify. */
  readonly jobs: number;
  /** The file that results are appended to; pictures that it has are passed over. */
  readonly resume?: string | undefined;
  /** Lines in the order of the pictures rather than as they are done. */
  readonly inOrder?: boolean | undefined;
}

/**
 * Writes a line for each picture, each picture once.
 * @returns how many failed
 */
export async function classifyMany(
  files: readonly string[],
  data: ClassifyWorkerData & { readonly options: NodeClassifyOptions },
  { jobs, resume, inOrder }: ManyFlags,
): Promise<number> {
  const known = resume === undefined ? undefined : await readResults(resume);
  const left = [...new Set(files)].filter((file) => !known?.files.has(file));
  const writer =
    resume === undefined ? writeLines(process.stdout) : await appendResults(resume, known!);
  const progress = openProgress(left.length, 'pictures');
  const begin = performance.now();
  let failed = 0;
  // Lines that wait for those before them.
  const waiting = new Map<number, string>();
  let next = 0;
  const write = async (line: string) => {
    // Standard output may be the same terminal.
    if (resume === undefined) progress.hide();
    await writer.write(line);
  };
  const writeInOrder = async (index: number, line: string) => {
    waiting.set(index, line);
    for (let ready = waiting.get(next); ready !== undefined; ready = waiting.get(next)) {
      waiting.delete(next++);
      await write(ready);
    }
  };
  await classifyOnThreads(left, data, jobs, async ({ index, ...result }) => {
    if ('error' in result) failed++;
    const line = lineOf(result);
    await (inOrder ? writeInOrder(index, line) : write(line));
    progress.step();
  }).finally(() => progress.stop());
  await writer.close();
  report(left.length, failed, (performance.now() - begin) / 1000, files.length - left.length);
  return failed;
}

/** What is measured goes to the report, not to a million lines. */
function lineOf(result: object): string {
  return safeJson({ ...result, timings: undefined, threads: undefined });
}

function report(count: number, failed: number, seconds: number, passedOver: number): void {
  const parts = [
    `${count} pictures in ${seconds.toFixed(1)} s`,
    `${(count / seconds).toFixed(0)} a second`,
    `${failed} failed`,
    `${passedOver} passed over`,
  ];
  say(parts.join(', '));
}
