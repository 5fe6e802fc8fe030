import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PictureResult } from '../../src/cli/classify.ts';
import type { PictureFailure } from '../../src/cli/picture-failure.ts';
import { loadModel } from '../../src/node/index.ts';
import { tinyModelFile } from '../helpers/model-file.ts';
import { wasmModule } from '../helpers/run.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sample = (name: string) => join(root, 'samples', name);

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a person would, built (`npm run build`). */
function mobinet(args: string[], input?: Uint8Array): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'dist/cli/main.js'), ...args],
      { maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(input);
  });
}

const isBinary3x3 = ({ operation }: { operation: string }) =>
  operation.startsWith('binary conv 3x3');

let folder: string;
let tinyModel: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mobinet-test-'));
  tinyModel = join(folder, 'tiny.safetensors');
  writeFileSync(tinyModel, await tinyModelFile());
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('embed', () => {
  test('a line a picture; one that failed has its error, exit code 1', async () => {
    const missing = join(folder, 'missing.png');
    const args = ['embed', '--l2-normalize', sample('chelsea.png'), missing, sample('rocket.jpg')];
    const { code, stdout } = await mobinet(args);
    const [cat, none, rocket] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(cat.file).toBe(sample('chelsea.png'));
    expect(cat.features).toHaveLength(512);
    expect(Math.hypot(...cat.features)).toBeCloseTo(1, 5);
    expect(rocket.features).not.toEqual(cat.features);
    expect(none.error.code).toBe('FILE_NOT_FOUND');
    expect(code).toBe(1);
  });
});

describe('classify', () => {
  test('a picture, with the shipped model: five labels with scores', async () => {
    const { code, stdout, stderr } = await mobinet(['classify', sample('chelsea.png')]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/chelsea\.png {2}\(451 x 300, decoded in/);
    expect(stdout.match(/^ +\d+\.\d %/gm)).toHaveLength(5);
  });

  test('--json: an array of results, PNG and JPEG', async () => {
    const args = ['classify', '--json', '--top', '3', sample('chelsea.png'), sample('rocket.jpg')];
    const { code, stdout } = await mobinet(args);
    expect(code).toBe(0);
    const results: PictureResult[] = JSON.parse(stdout);
    expect(results.map(({ width, height }) => [width, height])).toEqual([
      [451, 300],
      [640, 427],
    ]);
    for (const { predictions, timings } of results) {
      expect(predictions).toHaveLength(3);
      expect(predictions[0]!.score).toBeGreaterThanOrEqual(predictions[1]!.score);
      expect(Object.keys(timings).sort()).toEqual(['decode', 'preprocess', 'run', 'total']);
    }
  });

  test('a folder and standard input give what the files give', async () => {
    const pictures = join(folder, 'pictures', 'deeper');
    mkdirSync(pictures, { recursive: true });
    copyFileSync(sample('coffee.png'), join(pictures, 'coffee.png'));
    const bytes = readFileSync(sample('coffee.png'));
    const [byFolder, byInput] = await Promise.all([
      mobinet(['classify', '--json', join(folder, 'pictures')]),
      mobinet(['classify', '--json', '-'], bytes),
    ]);
    const [one]: PictureResult[] = JSON.parse(byFolder.stdout);
    const [other]: PictureResult[] = JSON.parse(byInput.stdout);
    expect(one!.predictions).toEqual(other!.predictions);
    expect(other!.file).toBe('-');
  });

  test('--allow, --deny, --score-threshold, --top all, --region and --rotate', async () => {
    const chelsea = ['classify', '--json', sample('chelsea.png')];
    const [all, some, turned] = await Promise.all([
      mobinet([...chelsea, '--top', 'all']),
      mobinet([...chelsea, '--deny', 'golden retriever', '--score-threshold', '0.1']),
      mobinet([...chelsea, '--region', '0.2,0,0.8,1', '--rotate', '180', '--allow', 'Chihuahua']),
    ]);
    const predictions = (result: Result): PictureResult['predictions'] =>
      JSON.parse(result.stdout)[0].predictions;
    expect(predictions(all)).toHaveLength(200);
    const expected = predictions(all).filter(
      ({ label, score }) => label !== 'golden retriever' && score >= 0.1,
    );
    expect(predictions(some)).toEqual(expected);
    expect(predictions(turned).map(({ label }) => label)).toEqual(['Chihuahua']);
    const before = predictions(all).find(({ label }) => label === 'Chihuahua')!;
    expect(predictions(turned)[0]!.score).not.toBe(before.score);
  });

  test.each([
    [['--allow', 'no such thing'], /allow or deny is no such thing/],
    [['--region', '0,0,1'], /four numbers/],
    [['--region', '0.9,0,0.1,1'], /left < right/],
    [['--rotate', '45'], /0, 90, 180 or 270/],
    [['--background', 'blackish'], /a colour such as #ffffff, or none/],
    [['--score-threshold', '2'], /scoreThreshold is 2/],
  ])('%o: exit code 2', async (options, message) => {
    const { code, stdout, stderr } = await mobinet(['classify', ...options, sample('chelsea.png')]);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('--background, --max-pixels and --max-bytes, as the options of the API', async () => {
    const rgba = join(root, 'test/fixtures/pictures/rgba.png');
    const model = await loadModel(undefined, { wasm: wasmModule('simd') });
    const classify = (...options: string[]) => mobinet(['classify', '--json', ...options, rgba]);
    const [black, bare, ...refused] = await Promise.all([
      classify('--background', '#000'),
      classify('--background', 'none'),
      classify('--max-pixels', '99'),
      classify('--max-bytes', '99'),
    ]);
    const [onBlack, onNothing] = [black, bare].map(({ stdout }) => JSON.parse(stdout)[0]);
    const wanted = await model.classify(rgba, { background: [0, 0, 0] });
    expect(onBlack.predictions).toEqual(wanted.predictions);
    expect(onNothing.predictions).not.toEqual(wanted.predictions);
    const codes = refused.map(({ stdout }) => JSON.parse(stdout)[0].error.code);
    expect(codes).toEqual(['PICTURE_SIZE', 'FILE_TOO_LARGE']);
    await expect(model.classify(rgba, { maxBytes: 99 })).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
    });
  });

  test('both builds give the same scores', async () => {
    const [simd, plain] = await Promise.all(
      ['simd', 'plain'].map((build) =>
        mobinet(['classify', '--json', '--build', build, sample('chelsea.png')]),
      ),
    );
    const predictions = (result: Result) => JSON.parse(result.stdout)[0].predictions;
    expect(predictions(plain!)).toEqual(predictions(simd!));
  });

  test('one bad picture is reported, the rest go on, exit code 1', async () => {
    const bad = join(folder, 'bad.png');
    writeFileSync(bad, 'not a picture');
    const missing = join(folder, 'missing.jpg');
    const args = ['classify', bad, sample('chelsea.png'), missing];
    const [text, json] = await Promise.all([mobinet(args), mobinet([...args, '--json'])]);
    expect([text.code, json.code]).toEqual([1, 1]);
    expect(text.stderr).toContain('bad.png: Not a picture that can be read');
    expect(text.stderr).toContain('2 of 3 pictures failed');
    expect(text.stdout).toContain('chelsea.png');
    const results: (PictureResult | PictureFailure)[] = JSON.parse(json.stdout);
    expect(results.map((result) => ('error' in result ? result.error.code : 'ok'))).toEqual([
      'PICTURE_DECODE',
      'ok',
      'FILE_NOT_FOUND',
    ]);
  });

  test('a model of one’s own; more labels asked for than it has', async () => {
    const args = ['classify', '--model', tinyModel, '--top', '9', '--json', sample('chelsea.png')];
    const { code, stdout } = await mobinet(args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)[0].predictions).toHaveLength(5);
  });

  test('--profile: a table and a picture of where the time goes, beside the JSON', async () => {
    const picture = join(folder, 'profile.svg');
    const args = ['classify', '--json', '--profile', '--profile-picture', picture];
    const { code, stdout, stderr } = await mobinet([...args, sample('chelsea.png')]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(1);
    expect(stderr).toMatch(/^blocks\.12\.1\.2\.add +binary\w+ +\d+\.\d+/m);
    expect(stderr).toMatch(/its steps add up to \d+\.\d %/);
    expect(readFileSync(picture, 'utf8')).toMatch(/^<svg[\s\S]*logits[\s\S]*<\/svg>\n$/);
  });

  test('--profile-picture where nothing can be written: says so, exit code 2', async () => {
    const nowhere = join(folder, 'missing', 'profile.svg');
    const args = ['classify', '--profile-picture', nowhere, '--model', tinyModel];
    const { code, stderr } = await mobinet([...args, sample('chelsea.png')]);
    expect(code).toBe(2);
    expect(stderr).toContain(`Cannot write ${nowhere} (its folder is not there) [FILE_UNWRITABLE]`);
  });

  test('--threads: the labels of one, and how many there really are', async () => {
    const args = ['classify', '--json', '--profile', sample('chelsea.png'), '--threads'];
    const [one, three] = await Promise.all(
      ['1', '3'].map(async (threads) => {
        const { stdout, stderr } = await mobinet([...args, threads]);
        const [result]: PictureResult[] = JSON.parse(stdout);
        return { result: result!, stderr };
      }),
    );
    expect(one!.result.threads).toBe(1);
    expect(three!.result.threads).toBe(3);
    expect(three!.result.predictions).toEqual(one!.result.predictions);
    expect(three!.stderr).toContain('ms on 3 threads');
  });

  test.each(['0', '17', 'two'])('--threads %s: exit code 2', async (threads) => {
    const { code, stderr } = await mobinet([
      'classify',
      '--threads',
      threads,
      sample('coffee.png'),
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/threads/);
  });

  test.each([
    ['mobinet', 'MoBiNet-Mid K=3 width 0.5'],
    ['steady', 'MoBiNet steady, width 0.5'],
    ['small', 'MoBiNet-Mid K=3 width 0.25'],
    ['signs', 'MoBiNet-Mid K=3, width 0.25, traffic signs'],
  ])('--model %s is one that comes with the package', async (name, title) => {
    const { code, stdout } = await mobinet(['describe', '--model', name]);
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(title);
  });

  test.each<[string, string[], string]>([
    ['a model that is not there', ['--model', 'nowhere.safetensors'], 'FILE_NOT_FOUND'],
    ['a model that is a picture', ['--model', sample('chelsea.png')], 'NOT_A_MODEL'],
  ])('%s: exit code 2', async (_, args, errorCode) => {
    const { code, stderr, stdout } = await mobinet(['classify', ...args, sample('chelsea.png')]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(`[${errorCode}]`);
    expect(stderr).not.toContain('    at ');
  });

  test.each([['--top', '0'], ['--top', 'x'], ['--build', 'mmx'], ['--fast']])(
    'wrong usage, %s %s: exit code 2 and a word on help',
    async (...args) => {
      const { code, stderr } = await mobinet(['classify', ...args, sample('chelsea.png')]);
      expect(code).toBe(2);
      expect(stderr).toContain('--help');
    },
  );
});

describe('describe', () => {
  test('the shipped model: at most 2.5 MB, digest verified, layers that add up', async () => {
    const { code, stdout } = await mobinet(['describe', '--json']);
    expect(code).toBe(0);
    const description = JSON.parse(stdout);
    expect(description.digest).toBe('verified');
    expect(description.fileBytes).toBeLessThan(2.5e6);
    const layers: { flops: number }[] = description.layers;
    const sum = layers.reduce((total, { flops }) => total + flops, 0);
    expect(sum).toBeCloseTo(description.flops, 3);
  });

  test('--threads: how many it would run on, and the memory that they take', async () => {
    const [one, four] = await Promise.all(
      [[], ['--threads', '4']].map(async (args) => {
        const { stdout } = await mobinet(['describe', '--json', ...args]);
        return JSON.parse(stdout);
      }),
    );
    expect([one.threads, four.threads]).toEqual([1, 4]);
    expect(four.memoryBytes).toBeGreaterThan(one.memoryBytes);
  });

  test('a network of the paper by its options, as a table', async () => {
    const { code, stdout } = await mobinet(['describe', '--block', 'mid', '--k', '3']);
    expect(code).toBe(0);
    expect(stdout).toContain('1x1');
    expect(stdout.split('\n').length).toBeGreaterThan(40);
  });

  test('another network by its name', async () => {
    const args = ['describe', '--network', 'bireal18', '--size', '64', '--classes', '10', '--json'];
    const { name, classes, layers } = JSON.parse((await mobinet(args)).stdout);
    expect([name, classes]).toEqual(['bireal18-w100-64', 10]);
    expect(layers.filter(isBinary3x3)).toHaveLength(16);
  });

  test('MoBiNet’s options for another network: exit code 2', async () => {
    const { code, stderr } = await mobinet(['describe', '--network', 'quicknet', '--k', '2']);
    expect(code).toBe(2);
    expect(stderr).toContain('quicknet has neither blocks nor K');
  });

  test('--table: the paper’s tables, its FLOPs and ours', { timeout: 240_000 }, async () => {
    const { stdout } = await mobinet(['describe', '--table', '--json']);
    const { table3, table4 } = JSON.parse(stdout);
    expect([table3.length, table4.length]).toEqual([13, 11]);
    // Of AlexNet the paper counts more than there is in the layers.
    for (const { title, flops, ours } of [...table3, ...table4]) {
      if (flops === undefined || title === 'XNOR-AlexNet') continue;
      expect(Math.abs(ours.flops / flops - 1), title).toBeLessThan(0.01);
    }
  });

  test('K = 5: exit code 2', async () => {
    const { code, stderr } = await mobinet(['describe', '--k', '5']);
    expect(code).toBe(2);
    expect(stderr).toContain('INVALID_OPTION');
  });
});

describe('export', () => {
  test('a model as ONNX, which convert makes the same bits of', async () => {
    const model = join(root, 'models/mobinet-signs-k3-w25-32.safetensors');
    const [onnx, back] = [join(folder, 'signs.onnx'), join(folder, 'signs.safetensors')];
    const { code, stdout } = await mobinet(['export', model, onnx]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('signs.onnx: 2.32 MB')]);
    expect((await mobinet(['convert', onnx, back])).code).toBe(0);
    const cost = async (path: string) =>
      JSON.parse((await mobinet(['describe', path, '--json'])).stdout).binaryMacs;
    expect(await cost(back)).toBe(await cost(model));
  });

  test('what is no model: exit code 2, and nothing is written', async () => {
    const target = join(folder, 'readme.onnx');
    const { code, stderr } = await mobinet(['export', join(root, 'README.md'), target]);
    expect(code).toBe(2);
    expect(stderr).toContain('NOT_A_MODEL');
    expect(existsSync(target)).toBe(false);
  });
});

describe('eval', () => {
  test('counts what is right, on all cores, and keeps going past a bad picture', async () => {
    const classified = await mobinet([
      'classify',
      '--model',
      tinyModel,
      '--top',
      '5',
      '--json',
      join(root, 'samples'),
    ]);
    const results: PictureResult[] = JSON.parse(classified.stdout);
    // Each sample goes into the folder of its second best class, one picture into its best.
    const set = join(folder, 'set');
    const ids = ['n1', 'n2', 'n3', 'n4', 'n5'];
    for (const [index, { file, predictions }] of results.entries()) {
      const id = ids[predictions[index === 0 ? 0 : 1]!.index]!;
      mkdirSync(join(set, id), { recursive: true });
      copyFileSync(file, join(set, id, `picture${index}`.concat(file.slice(-4))));
    }
    const sound = await mobinet(['eval', set, '--model', tinyModel, '--json']);
    expect(sound.code).toBe(0);
    expect(JSON.parse(sound.stdout)).toMatchObject({
      pictures: 3,
      failed: 0,
      top1: 1 / 3,
      top5: 1,
    });

    const steady = await mobinet(['eval', set, '--model', tinyModel, '--json', '--steadiness']);
    const { steadiness } = JSON.parse(steady.stdout);
    expect(Object.keys(steadiness)).toEqual(['noise', 'shift', 'jpeg']);
    for (const share of Object.values(steadiness)) expect([0, 1, 2, 3]).toContain(3 * +share!);

    writeFileSync(join(set, ids[results[0]!.predictions[0]!.index]!, 'bad.png'), 'no');
    const list = join(folder, 'predictions.json');
    const args = ['eval', set, '--model', tinyModel, '--json', '--predictions', list];
    const { code, stdout } = await mobinet(args);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ pictures: 4, failed: 1, top1: 1 / 3, top5: 1 });
    const records: Record<string, unknown>[] = JSON.parse(readFileSync(list, 'utf8'));
    expect(records).toHaveLength(4);
    expect(records.filter((record) => 'error' in record)).toHaveLength(1);
  });

  test('class folders that the model does not know: exit code 2, with their names', async () => {
    const { code, stderr } = await mobinet(['eval', root, '--model', tinyModel]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/does not know .* class folders/);
  });
});

test('--activations float32, and --stream, its earlier name, which --help does not list', async () => {
  const describeAs = async (...options: string[]) =>
    JSON.parse((await mobinet(['describe', '--model', 'mobinet', '--json', ...options])).stdout)
      .activations;
  expect(await describeAs()).toBe('int16');
  expect(await describeAs('--activations', 'float32')).toBe('float32');
  expect(await describeAs('--stream', 'float32')).toBe('float32');
  const { stdout } = await mobinet(['classify', '--help']);
  expect(stdout).toContain('--activations');
  expect(stdout).not.toContain('--stream');
});

test('--version is that of the package; no command: help and exit code 2', async () => {
  const version = await mobinet(['--version']);
  const { version: expected } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(version.stdout.trim()).toBe(expected);
  const bare = await mobinet([]);
  expect(bare.code).toBe(2);
  expect(bare.stderr).toContain('classify');
});
