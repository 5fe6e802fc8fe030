/**
 * Names of files as text, also those that are not UTF-8: a byte of such a name that stands for no
 * character is the lone surrogate U+DC00 + byte, as Python has it (surrogateescape), which no valid
 * text contains; JSON carries it as an escape.
 */

import { isUtf8 } from 'node:buffer';

const LONE_BYTE = /[\udc80-\udcff]/u;
const LONGEST_CHARACTER = 4;

/** A name as the file system has it, as text. */
export function pathText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1;
    while (end - at < LONGEST_CHARACTER && end < bytes.length && !isUtf8(bytes.subarray(at, end))) {
      end++;
    }
    if (isUtf8(bytes.subarray(at, end))) {
      text += bytes.toString('utf8', at, end);
      at = end;
    } else {
      text += String.fromCharCode(0xdc00 + bytes[at]!);
      at++;
    }
  }
  return text;
}

/** The name that a text stands for, as node:fs takes it. */
export function pathOfText(text: string): string | Buffer {
  if (!LONE_BYTE.test(text)) return text;
  const parts = text.split(new RegExp(`(${LONE_BYTE.source})`, 'u'));
  return Buffer.concat(
    parts.map((part) =>
      LONE_BYTE.test(part) ? Buffer.of(part.charCodeAt(0) & 0xff) : Buffer.from(part),
    ),
  );
}
