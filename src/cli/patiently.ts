import { statSync } from 'node:fs';
import { pathOfText } from '../node/path-text.ts';
import { pathOf } from '../node/read-file.ts';
import { say } from './output.ts';
import { safeText } from './text.ts';

/** The name for standard input. */
export const STANDARD_INPUT = '-';

const PATIENCE = 2000;

/** Says so where standard input, a FIFO or a device keeps `reading` waiting: nothing may come of it. */
export async function patiently<T>(file: string, reading: Promise<T>): Promise<T> {
  const remark = () => {
    if (file === STANDARD_INPUT) say('Waiting for standard input');
    else if (isSpecial(file)) say(`Waiting for ${safeText(file)}`);
  };
  const timer = setTimeout(remark, PATIENCE);
  return reading.finally(() => clearTimeout(timer));
}

function isSpecial(file: string): boolean {
  try {
    const found = statSync(pathOfText(pathOf(file)));
    return found.isFIFO() || found.isCharacterDevice();
  } catch {
    return false;
  }
}
