import { readFileSync } from 'node:fs';
import { pathText } from '../node/path-text.ts';

const REPLACEMENT = '\ufffd';

/**
 * The arguments of the program. Node makes replacement characters of what is not UTF-8; names of
 * files may be that, and Linux has the bytes.
 */
export function programArguments(): string[] {
  const given = process.argv.slice(2);
  if (!given.some((argument) => argument.includes(REPLACEMENT))) return given;
  try {
    const bytes = readFileSync('/proc/self/cmdline');
    const all: string[] = [];
    for (let begin = 0; begin < bytes.length; ) {
      const end = bytes.indexOf(0, begin);
      all.push(pathText(bytes.subarray(begin, end)));
      begin = end + 1;
    }
    return all.slice(-given.length);
  } catch {
    return given;
  }
}
