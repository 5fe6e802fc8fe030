import { statSync } from 'node:fs';
import { pathOfText } from '../node/path-text.ts';
import { pathOf } from '../node/read-file.ts';
import { say } from './output.ts';
import { safeText } from './text.ts';

/** The name for standard input. */
export const STANDARD_INPUT = '-';

const PATIENCE = 2000;

/** Says so where standard input or a FIFO keeps `reading` waiting: nobody may write to it. */
export async function patiently<T>(file: string, reading: Promise<T>): Promise<T> {
  const remark = () => {
    if (file === STANDARD_INPUT) say('Waiting for standard input');
    else if (isFifo(file)) say(`Waiting for ${safeText(file)}, a FIFO`);
  };
  const timer = setTimeout(remark, PATIENCE);
  return reading.finally(() => clearTimeout(timer));
}

function isFifo(file: string): boolean {
  try {
    return statSync(pathOfText(pathOf(file))).isFIFO();
  } catch {
    return false;
  }
}
