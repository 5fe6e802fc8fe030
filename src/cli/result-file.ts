/** Results as lines of JSON, in a file that a run which was cut off goes on with. */

import { createReadStream, createWriteStream } from 'node:fs';
import { truncate } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { InputError } from '../errors.ts';
import { pathOfText } from '../node/path-text.ts';
import { fileError } from '../node/read-file.ts';
import { unwritable } from '../node/write-file.ts';

const NEWLINE = 0x0a;

const LINE_BEGINS = '{"file":';

/** Of thousands of classes, with room to spare. */
const LONGEST_LINE = 2 ** 24;

/** What a file of results has already. */
export interface Results {
  /** The `file` of each line. */
  readonly files: ReadonlySet<string>;
  /** Up to the end of the last whole line: what follows was cut off. */
  readonly bytes: number;
}

/**
 * Reads which pictures a file of results has; one that is not there has none.
 * @throws FileError FILE_UNREADABLE; InputError INVALID_OPTION where a line is no result
 */
export async function readResults(path: string): Promise<Results> {
  const files = new Set<string>();
  let bytes = 0;
  let lines = 0;
  let rest: Buffer = Buffer.alloc(0);
  const take = (line: Buffer) => {
    lines++;
    bytes += line.length + 1;
    files.add(fileOf(line.toString(), `${path}, line ${lines}`));
  };
  try {
    for await (const chunk of createReadStream(pathOfText(path)) as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk]);
      let begin = 0;
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, begin)) {
        take(rest.subarray(begin, end));
        begin = end + 1;
      }
      rest = rest.subarray(begin);
      // Of what was cut off, too, so that no other file is overwritten, or read without an end.
      if (!beginsAsResult(rest)) throw noResult(`${path}, line ${lines + 1}`);
    }
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const error = fileError(path, cause);
    if (error.code !== 'FILE_NOT_FOUND') throw error;
  }
  return { files, bytes };
}

function beginsAsResult(line: Buffer): boolean {
  const beginning = line.subarray(0, LINE_BEGINS.length).toString();
  return LINE_BEGINS.startsWith(beginning) && line.length <= LONGEST_LINE;
}

function fileOf(line: string, where: string): string {
  try {
    const { file } = JSON.parse(line);
    if (typeof file === 'string') return file;
  } catch {
    // Said below.
  }
  throw noResult(where);
}

function noResult(where: string): InputError {
  return new InputError('INVALID_OPTION', `${where} is no result of classify --ndjson`, {
    hint: 'nothing was changed; give the file that an earlier run wrote, or a new name',
  });
}

/** Where lines are written, one whole line after the other. */
export interface LineWriter {
  /** Settles when more may be written. */
  write(line: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Appends to a file of results, behind its last whole line.
 * @throws FileError FILE_UNWRITABLE, also by `write` and `close`
 */
export async function appendResults(path: string, { bytes }: Results): Promise<LineWriter> {
  if (bytes > 0)
    await truncate(pathOfText(path), bytes).catch((cause) =>
      Promise.reject(unwritable(path, cause)),
    );
  const stream = createWriteStream(pathOfText(path), { flags: bytes > 0 ? 'a' : 'w' });
  const { write } = writeLines(stream);
  const failed = new Promise<never>((_, reject) => {
    stream.on('error', (cause) => reject(unwritable(path, cause)));
  });
  // Reported by whoever waits for a line.
  failed.catch(() => undefined);
  return {
    write: (line) => Promise.race([write(line), failed]),
    close: () => Promise.race([new Promise<void>((resolve) => stream.end(resolve)), failed]),
  };
}

/** Lines to a stream, no faster than it takes them. */
export function writeLines(stream: Writable): LineWriter {
  return {
    write: (line) =>
      stream.write(`${line}\n`)
        ? Promise.resolve()
        : new Promise((resolve) => stream.once('drain', resolve)),
    close: () => Promise.resolve(),
  };
}
