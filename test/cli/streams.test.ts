import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError } from 'commander';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PictureResult } from '../../src/cli/classify.ts';
import { matching } from '../../src/cli/glob.ts';
import { limitOption } from '../../src/cli/options.ts';
import type { PictureFailure } from '../../src/cli/picture-failure.ts';
import { readResults } from '../../src/cli/result-file.ts';
import { writeWholeFile } from '../../src/node/write-file.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const main = join(root, 'dist/cli/main.js');
const rocket = join(root, 'samples/rocket.jpg');
/** In Latin-1, so not UTF-8. */
const CAFE = Buffer.from('caf\xe9.jpg', 'latin1');

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mobinet-streams-'));
  const pictures = join(folder, 'pictures');
  mkdirSync(pictures);
  copyFileSync(rocket, join(pictures, 'line\nfeed.jpg'));
  copyFileSync(rocket, Buffer.concat([Buffer.from(`${pictures}/`), CAFE]));
  await sharp(rocket).resize(16).avif({ effort: 0 }).toFile(join(pictures, 'tiny.avif'));
  writeFileSync(join(pictures, 'window.bmp'), 'BM......');
  writeFileSync(join(pictures, 'phone.heic'), '\0\0\0\x18ftypheic\0\0\0\0mif1heic');
  writeFileSync(join(pictures, 'notes.txt'), 'no picture');
  execFileSync('mkfifo', [join(pictures, 'fifo.jpg')]);
  symlinkSync('/dev/zero', join(pictures, 'endless.jpg'));
  symlinkSync('nowhere', join(pictures, 'broken.jpg'));
  // The path of the last is too long to be listed, also for those who may read everything.
  const deep = [...Array(16).fill('x'.repeat(250)), 'x'.repeat(70)].join('/');
  execFileSync('mkdir', ['-p', deep], { cwd: pictures });
});
// Node cannot remove so deep a folder.
afterAll(() => execFileSync('rm', ['-r', folder]));

const sh = (script: string) => {
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, MOBINET: `${process.execPath} ${main}`, ROCKET: rocket },
  });
  return { stdout, stderr, status };
};

test('a folder of all kinds: what can be read is, what cannot is reported, FIFOs and devices are said', () => {
  const { stdout, stderr, status } = sh(
    `$MOBINET classify --json --top 1 "$PWD/pictures" file:///%zz file: file://elsewhere/a.jpg "$ROCKET"`,
  );
  const results: (PictureResult | PictureFailure)[] = JSON.parse(stdout);
  const outcome = Object.fromEntries(
    results.map((result) => [
      result.file.replace(`${folder}/`, '').replace(/x{250}.*/s, 'deep'),
      'error' in result ? result.error.code : result.width,
    ]),
  );
  expect(outcome).toEqual({
    'pictures/line\nfeed.jpg': 640,
    'pictures/caf\udce9.jpg': 640,
    'pictures/tiny.avif': 16,
    'pictures/window.bmp': 'PICTURE_DECODE',
    'pictures/phone.heic': 'PICTURE_DECODE',
    'pictures/broken.jpg': 'FILE_NOT_FOUND',
    'pictures/deep': 'FILE_UNREADABLE',
    'file:///%zz': 'FILE_NOT_FOUND',
    'file:': 'FILE_NOT_FOUND',
    'file://elsewhere/a.jpg': 'FILE_NOT_FOUND',
    [rocket]: 640,
  });
  expect(stderr.replaceAll(`${folder}/`, '').trimEnd().split('\n').sort()).toEqual([
    'pictures/endless.jpg: passed over, it is a device',
    'pictures/fifo.jpg: passed over, it is a FIFO',
  ]);
  expect(status).toBe(1);
});

test('a name that is not UTF-8, as an argument, from a list and by a glob', async () => {
  const argument = sh('cd pictures; $MOBINET classify --json "$(printf "caf\\\\351.jpg")"');
  expect(JSON.parse(argument.stdout)[0]).toMatchObject({ file: 'caf\udce9.jpg', width: 640 });
  const list = sh(
    'find pictures -name "*eed.jpg" -print0 -o -name "caf*" -print0 | $MOBINET classify --ndjson --in-order -',
  );
  const files = list.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(files.map(({ width }) => width)).toEqual([640, 640]);
  expect(files.map(({ file }) => file).sort()).toEqual([
    'pictures/caf\udce9.jpg',
    'pictures/line\nfeed.jpg',
  ]);
  expect(await matching(`${folder}/pictures/*f?.jpg`, true)).toEqual([
    `${folder}/pictures/caf\udce9.jpg`,
  ]);
});

test('a FIFO is waited for, which is said, and read to its end', () => {
  const { stdout, stderr } = sh(
    `mkfifo pipe
    $MOBINET classify --json pipe 2> said &
    until grep -qs Waiting said; do sleep 0.1; done
    cat "$ROCKET" > pipe
    wait
    cat said >&2`,
  );
  expect(JSON.parse(stdout)[0]).toMatchObject({ file: 'pipe', width: 640 });
  expect(stderr).toBe('Waiting for pipe\n');
});

describe('--limit', () => {
  test.each(['classify', 'classify --ndjson'])('%s', (command) => {
    const { stderr, status } = sh(`$MOBINET ${command} --limit multiplyAdds=1e6 "$ROCKET"`);
    expect(stderr).toContain('at most 1000000; limits.multiplyAdds (--limit multiplyAdds=)');
    expect(status).toBe(2);
  });

  test.each(['values', 'value=1', 'values=0', 'values=1e400'])('%s is refused', (limit) => {
    expect(() => limitOption().parseArg?.(limit, undefined)).toThrow(InvalidArgumentError);
  });
});

describe('streams without an end', () => {
  test('standard input that is no picture: refused at once', () => {
    const { stderr, status } = sh('yes | $MOBINET classify -');
    expect(stderr).toMatch(/^-: Not a picture that can be read: more than \d+ bytes .*\n$/);
    expect(status).toBe(1);
  });

  test('one that begins as a picture: read up to --max-bytes', () => {
    const { stderr, status } = sh(
      '(cat "$ROCKET"; cat /dev/zero) | $MOBINET classify --max-bytes 1000000 -',
    );
    expect(stderr).toContain('-: Standard input has more than 1000000 bytes');
    expect(status).toBe(1);
  });

  test('a file of results', async () => {
    await expect(readResults('/dev/zero')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});

describe('where results cannot be written', () => {
  test.each(['classify "$ROCKET"', 'classify --ndjson "$ROCKET"', 'describe'])(
    '%s > /dev/full: one line, exit code 2',
    (command) => {
      const { stderr, status } = sh(`$MOBINET ${command} > /dev/full`);
      expect(stderr).toMatch(
        /^mobinet: Cannot write standard output \(ENOSPC.*\[FILE_UNWRITABLE\]\n$/,
      );
      expect(status).toBe(2);
    },
  );

  test('standard error full: the results are still written', () => {
    const { stdout, status } = sh('$MOBINET classify "$ROCKET" none.jpg 2> /dev/full');
    expect(stdout).toContain('rocket.jpg');
    expect(status).toBe(1);
  });

  test('a reader that has seen enough: not a word, exit code 0', async () => {
    const child = spawn(process.execPath, [main, 'classify', ...Array(20).fill(rocket)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(said).toBe('');
    expect(code).toBe(0);
  });

  test('a model that cannot be written: FILE_UNWRITABLE, and a device stays one', async () => {
    const model = new Uint8Array(10);
    const hint = 'no space is left there';
    await expect(writeWholeFile('/dev/full', model)).rejects.toMatchObject({
      code: 'FILE_UNWRITABLE',
      hint,
    });
    // Still a device, which takes what is written.
    await writeWholeFile('/dev/null', model);
    closeSync(openSync('/dev/full', 'r'));
    const nowhere = writeWholeFile(join(folder, 'none', 'a'), model);
    await expect(nowhere).rejects.toMatchObject({ hint: 'its folder is not there' });
  });
});
