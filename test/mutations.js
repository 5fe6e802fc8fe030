/**
 * Do the tests notice? Each mutation changes one tap, bit or border case in a copy of the sources;
 * the tests of the kernels must then fail, in the plain and the SIMD build (Node 20 has no relaxed one).
 * CI takes a fixed sample; all of them are for after changing kernels or their tests:
 *
 *     npm run build && node test/mutations.js [--every 4]
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({ options: { every: { type: 'string', default: '1' } } });

/**
 * What is wrong, in which file, what stands there, what is put there instead.
 * @type {[what: string, file: string, before: string, after: string][]}
 */
const MUTATIONS = [
  [
    'grouped 3x3: the left tap reads the middle weights',
    'assembly/binary-grouped3x3-planes.ts',
    'const left = v128.load(table);',
    'const left = v128.load(table, 16);',
  ],
  [
    'grouped 3x3: odd channels take the correction of even ones',
    'assembly/binary-grouped3x3-planes.ts',
    'const odd = v128.load(correction, 16);',
    'const odd = v128.load(correction);',
  ],
  [
    'grouped 3x3: the second half of a tile has the borders of the first',
    'assembly/binary-grouped3x3-planes.ts',
    'const bordersHigh = v128.load(borders + <usize>tile * 32, 16);',
    'const bordersHigh = v128.load(borders + <usize>tile * 32);',
  ],
  [
    'grouped 3x3: a corner is corrected twice',
    'src/kernels/binary-grouped3x3-planes.ts',
    'const left = (1 - top) * taps[0]!',
    'const left = taps[0]!',
  ],
  [
    'grouped 3x3: one channel of a plane is left out',
    'src/kernels/binary-grouped3x3-planes.ts',
    'const mask = ((1 << size) - 1) << place;',
    'const mask = (((1 << size) - 1) << place) & 7;',
  ],
  [
    'grouped 3x3: the rows above and below are swapped',
    'src/kernels/binary-grouped3x3-planes.ts',
    '((step % 3) - 1) * raster.row',
    '(1 - (step % 3)) * raster.row',
  ],
  [
    'weights: bits across a word boundary are lost',
    'src/kernels/binary-weights.ts',
    'words[Math.min(index + 1, words.length - 1)]!',
    '0',
  ],
  [
    'borders: the right column is not one',
    'src/kernels/raster.ts',
    'classes[first + width - 1]! |= 8;',
    'classes[first + width]! |= 8;',
  ],
  [
    'pixels outside are signed, too',
    'assembly/sign-simd.ts',
    'v128.store(target, v128.and(high, insideHigh), 16);',
    'v128.store(target, high, 16);',
  ],
  [
    'sign(threshold) is +1',
    'assembly/sign-simd.ts',
    'f32x4.gt(v128.load(source, 48), threshold)',
    'f32x4.ge(v128.load(source, 48), threshold)',
  ],
  [
    'sign(threshold) is +1 in the fused epilogue',
    'assembly/epilogue.ts',
    'f32x4.gt(y3, threshold)',
    'f32x4.ge(y3, threshold)',
  ],
  [
    'pointwise: one entry of a table is off by one',
    'assembly/binary-pointwise-nibbles.ts',
    'v128.store(table, s, TABLE_BASE + 21 * 16);',
    'v128.store(table, i8x16.add(s, i8x16.splat(1)), TABLE_BASE + 21 * 16);',
  ],
  [
    'pointwise: partial sums of the last 8 pixels are dropped',
    'assembly/binary-pointwise-nibbles.ts',
    'x3 = i16x8.add(x3, v128.load(partial, 48));',
    '',
  ],
  [
    'pointwise: the last output of four lands on the third bit',
    'assembly/binary-pointwise-nibbles.ts',
    'bit = i8x16.add(bit, bit);',
    'if (j != 2) bit = i8x16.add(bit, bit);',
  ],
  [
    'words: bits across a word boundary are lost',
    'assembly/binary-words.ts',
    'bits |= load<u64>(address, 8) << (64 - offset);',
    'bits |= 0;',
  ],
  [
    'words: a tap below the picture counts',
    'assembly/binary-words.ts',
    'iy < inHeight &&',
    'iy <= inHeight &&',
  ],
  [
    'words: padding of +1 is -1',
    'assembly/binary-words.ts',
    'paddingValue > 0 ?',
    'paddingValue > 1 ?',
  ],
  [
    'words: the second pixel takes the weights of the first output twice',
    'assembly/binary-words.ts',
    'c11 += popcnt(a1 ^ w1);',
    'c11 += popcnt(a1 ^ w0);',
  ],
  [
    'average pool: the lower right pixel is left out',
    'assembly/average-pool-2x2.ts',
    'v128.shuffle<f32>(l0, l1, 1, 3, 5, 7)',
    'v128.shuffle<f32>(l0, l1, 0, 2, 4, 6)',
  ],
  [
    'average pool: the rest of a row after its fours is lost',
    'assembly/average-pool-2x2.ts',
    'while (source < end) {',
    'while (source + 4 < end) {',
  ],
  [
    'epilogue: it bends the wrong way',
    'assembly/epilogue.ts',
    'f32x4.pmax(t, f32x4.splat(0))',
    'f32x4.pmin(t, f32x4.splat(0))',
  ],
  [
    'int16 epilogue: the slope is that of the other side of the knee',
    'assembly/epilogue-int16.ts',
    'i16x8.gt_s(t, i64x2.splat(0))',
    'i16x8.lt_s(t, i64x2.splat(0))',
  ],
  [
    'int16 epilogue: the skip is added without saturation',
    'assembly/epilogue-int16.ts',
    'return i16x8.add_sat_s(skip, i16x8.add_sat_s(offset, multiplyQ15(t, slope)));',
    'return i16x8.add(skip, i16x8.add_sat_s(offset, multiplyQ15(t, slope)));',
  ],
  [
    'int16 epilogue: sign(threshold) is +1',
    'assembly/epilogue-int16.ts',
    'i16x8.gt_s(y1, threshold)',
    'i16x8.ge_s(y1, threshold)',
  ],
  [
    'int16 stem: the last four pixels are those before them',
    'assembly/conv2d-int16.ts',
    'const x3 = v128.load(pair, 48);',
    'const x3 = v128.load(pair, 32);',
  ],
  [
    'int16 stem: the row begins a pixel late',
    'assembly/conv2d-int16.ts',
    'let i = max(0, -shift);',
    'let i = max(0, 1 - shift);',
  ],
  ['int16 pool: rounded down', 'assembly/average-pool-2x2.ts', 'i32x4.splat(2)', 'i32x4.splat(0)'],
  [
    'int16: thresholds are rounded up',
    'src/kernels/fixed-point.ts',
    'Math.floor(threshold * 2 ** fraction)',
    'Math.ceil(threshold * 2 ** fraction)',
  ],
  [
    'int16: the scale of the counts is one too large',
    'src/kernels/fixed-point.ts',
    'Math.floor(MAX / Math.max(knee, most - knee))',
    'Math.ceil(MAX / Math.max(knee, most - knee))',
  ],
  [
    'int16: the knee is rounded down',
    'src/kernels/fixed-point.ts',
    'Math.round(knee * scale)',
    'Math.floor(knee * scale)',
  ],
  [
    'int16: the offset is a unit too large',
    'src/kernels/fixed-point.ts',
    '? f.value : f.value + line * (knee - f.knee)) * units);',
    '? f.value : f.value + line * (knee - f.knee)) * units) + 1;',
  ],
];

const TESTS = ['test/plan', 'test/runtime'];

const root = fileURLToPath(new URL('..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'mobinet-mutations-'));
for (const path of [
  'assembly',
  'build',
  'bench',
  'dist',
  'src',
  'test',
  'models',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
]) {
  cpSync(join(root, path), join(copy, path), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

/** Whether the kernels build and the tests pass, and what they say where they do not. */
function outcome() {
  const run = (/** @type {string[]} */ command) =>
    execFileSync('npx', command, { cwd: copy, stdio: 'pipe' });
  run(['node', 'build/kernels.js', 'mobinet.plain.wasm', 'mobinet.simd.wasm']);
  try {
    run(['vitest', 'run', '--bail', '1', ...TESTS]);
    return { passed: true, output: '' };
  } catch (error) {
    return { passed: false, output: String(/** @type {{ stdout: Buffer }} */ (error).stdout) };
  }
}

const unchanged = outcome();
if (!unchanged.passed) throw new Error(`the tests fail as it is:\n${unchanged.output}`);
const chosen = MUTATIONS.filter((_, index) => index % Number(flags.every) === 0);
let missed = 0;
for (const [what, file, before, after] of chosen) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(before).length !== 2) throw new Error(`${file} has not exactly one: ${before}`);
  writeFileSync(path, source.replace(before, after));
  const found = !outcome().passed;
  if (!found) missed++;
  process.stdout.write(`${found ? 'noticed' : 'MISSED '}  ${what}\n`);
  writeFileSync(path, source);
}
rmSync(copy, { recursive: true });
process.stdout.write(`${chosen.length - missed} of ${chosen.length} mutations noticed\n`);
process.exitCode = missed > 0 ? 1 : 0;
