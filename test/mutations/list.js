/**
 * Mutations of the kernels and of what prepares their constants: each changes one tap, bit, rounding or
 * border case. `run.js` makes them, one at a time.
 */

/** Builds whose kernels are made of SIMD instructions. */
const SIMD = ['simd', 'relaxed'];
const EVERY = ['plain', ...SIMD];

const FLOAT = ['test/plan/binary-convolution.test.ts', 'test/plan/network.test.ts'];
const WINDOWS = ['test/plan/binary-windows.test.ts'];
const BIT_WEIGHTS = ['test/plan/binary-weights.test.ts'];
const OVERFLOW = 'test/plan/overflow.test.ts';
const INT16 = ['test/plan/int16.test.ts'];
const FOR_ALL = ['test/plan/constants-for-all.test.ts'];

/**
 * The first of each group is in the sample that CI runs.
 * @typedef {object} Group
 * @property {string} file
 * @property {readonly string[]} builds those whose results it must change
 * @property {readonly string[]} tests one of them must fail
 * @property {readonly (readonly [what: string, before: string, after: string])[]} mutations what is
 *   wrong, what stands in the file, exactly once, and what is put there instead
 */

/** @type {readonly Group[]} */
export const MUTATIONS = [
  {
    file: 'assembly/binary-grouped3x3-planes.ts',
    builds: SIMD,
    tests: FLOAT,
    mutations: [
      [
        'the left tap reads the middle weights',
        'const left = v128.load(table);',
        'const left = v128.load(table, 16);',
      ],
      [
        'odd channels take the correction of even ones',
        'const odd = v128.load(correction, 16);',
        'const odd = v128.load(correction);',
      ],
      [
        'the second half of a tile has the borders of the first',
        'const bordersHigh = v128.load(borders + <usize>tile * 32, 16);',
        'const bordersHigh = v128.load(borders + <usize>tile * 32);',
      ],
    ],
  },
  {
    file: 'src/kernels/binary-grouped3x3-planes.ts',
    builds: SIMD,
    tests: FLOAT,
    mutations: [
      ['a corner is corrected twice', 'const left = (1 - top) * taps[0]!', 'const left = taps[0]!'],
      [
        'one channel of a plane is left out',
        'const mask = ((1 << size) - 1) << place;',
        'const mask = (((1 << size) - 1) << place) & 7;',
      ],
      [
        'the rows above and below are swapped',
        '((step % 3) - 1) * raster.row',
        '(1 - (step % 3)) * raster.row',
      ],
    ],
  },
  {
    file: 'src/kernels/binary-weights.ts',
    builds: SIMD,
    tests: FLOAT,
    mutations: [
      [
        'bits across a word boundary are lost',
        'words[Math.min(index + 1, words.length - 1)]!',
        '0',
      ],
    ],
  },
  {
    file: 'src/kernels/raster.ts',
    builds: SIMD,
    tests: FLOAT,
    mutations: [
      [
        'the right column is not one',
        'classes[first + width - 1]! |= 8;',
        'classes[first + width]! |= 8;',
      ],
    ],
  },
  {
    file: 'assembly/sign-simd.ts',
    builds: SIMD,
    tests: FLOAT,
    mutations: [
      [
        'pixels outside are signed, too',
        'v128.store(target, v128.and(high, insideHigh), 16);',
        'v128.store(target, high, 16);',
      ],
      [
        'sign(threshold) is +1',
        'f32x4.gt(v128.load(source, 48), threshold)',
        'f32x4.ge(v128.load(source, 48), threshold)',
      ],
    ],
  },
  {
    file: 'assembly/epilogue.ts',
    builds: SIMD,
    tests: FLOAT,
    mutations: [
      [
        'sign(threshold) is +1 in the fused epilogue',
        'f32x4.gt(y3, threshold)',
        'f32x4.ge(y3, threshold)',
      ],
      ['it bends the wrong way', 'f32x4.pmax(f32x4.splat(0), t)', 'f32x4.pmin(f32x4.splat(0), t)'],
    ],
  },
  {
    file: 'assembly/epilogue.ts',
    builds: ['plain'],
    tests: [...FLOAT, OVERFLOW],
    mutations: [
      [
        'the number left of the knee bends, in plain code',
        'select<f32>(t, 0, t > 0)',
        'select<f32>(0, t, t > 0)',
      ],
      [
        'what is more than half of the largest number overflows, in plain code',
        'select<f32>(t, 0, t > 0)',
        '(t + abs<f32>(t)) * 0.5',
      ],
    ],
  },
  {
    file: 'assembly/nibble-look-ups.ts',
    builds: SIMD,
    tests: FLOAT,
    mutations: [
      [
        'one entry of a table is off by one',
        'v128.store(table, s, TABLE_BASE + 21 * 16);',
        'v128.store(table, i8x16.add(s, i8x16.splat(1)), TABLE_BASE + 21 * 16);',
      ],
      [
        'partial sums of the last 8 pixels are dropped',
        'x3 = i16x8.add(x3, v128.load(partial, 48));',
        '',
      ],
      [
        'the last output of four lands on the third bit',
        'bit = i8x16.add(bit, bit);',
        'if (j != 2) bit = i8x16.add(bit, bit);',
      ],
    ],
  },
  {
    file: 'assembly/binary-pointwise-nibbles.ts',
    builds: SIMD,
    tests: FLOAT,
    mutations: [
      ['partial sums begin anew with every chunk', 'outputs, chunk == 0);', 'outputs, true);'],
      [
        'the entry of zeros is one table late',
        'endTables(table + <usize>(fives + fours) * 512);',
        'endTables(table + <usize>(fives + fours + 1) * 512);',
      ],
    ],
  },
  {
    file: 'assembly/binary-conv2d-nibbles.ts',
    builds: SIMD,
    tests: WINDOWS,
    mutations: [
      [
        'taps outside the picture count as their bits, with zero padding too',
        'countsOutside ? ones : isInside',
        'ones',
      ],
      [
        'the second half of a tile is that of the first, where taps are not shifted',
        'gather16(planes, window + 64)',
        'gather16(planes, window)',
      ],
      [
        'the second half of a tile is that of the first, where taps are shifted',
        'min(planePixels, shifted + 16)',
        'min(planePixels, shifted)',
      ],
      [
        'the padding column is inside the picture',
        'inHeight | (inWidth << 16)',
        'inHeight | ((inWidth + 1) << 16)',
      ],
      ['a group reads the planes of the first', '<usize>(group * groupPlanes) * inPlaneBytes', '0'],
      ['a further bit counts as much as the one before', 'i16x8.add(sums, sums)', 'sums'],
      ['every base adds to the sums of the first', '<usize>(base * groupOutputs) * 64;', '0;'],
      ['a further base has the skip of the first', ': streamAt,', ': skipBegin,'],
      ['every base has the alphas of the first', 'base * groups * groupOutputs + output', 'output'],
    ],
  },
  {
    file: 'src/kernels/binary-conv2d-nibbles.ts',
    builds: SIMD,
    tests: WINDOWS,
    mutations: [
      ['with zero padding a tap outside counts none of its channels', "'0': 0b1010", "'0': 0"],
      [
        'a tap that is taken twice counts none of its channels outside',
        '...bits(0), ...bits(0b1111)',
        '...bits(0), ...bits(0)',
      ],
      ['the padding on the left is that above', '- left,', '- top,'],
      [
        'every group has the weights of the first',
        '(_, group) => group * outputs * filterBits',
        '() => 0',
      ],
      [
        'rows are read at the stride of columns',
        'Math.floor(pixel / row) * strideY',
        'Math.floor(pixel / row) * strideX',
      ],
    ],
  },
  {
    file: 'src/kernels/nibble-look-ups.ts',
    builds: SIMD,
    tests: WINDOWS,
    mutations: [
      ['past the channels of a tap are the weights of the next', 'if (past > 0)', 'if (past > 4)'],
      ['the last chunk loses what does not divide', 'Math.min(chunk, quads % count)', '0'],
      [
        'the last group of 5 is forgotten',
        'const past = 4 * quad + 5 * fives',
        'const past = 4 * quad + 4 * fives',
      ],
    ],
  },
  {
    file: 'assembly/binary-weight-conv2d.ts',
    builds: EVERY,
    tests: BIT_WEIGHTS,
    mutations: [
      [
        'one entry of a table has the wrong sign',
        'put2<V>(table, 9, add<V>(first, highSecond), x4);',
        'put2<V>(table, 9, add<V>(first, highFirst), x4);',
      ],
      [
        'a ternary weight of 0 is +1',
        'store<V>(table + (e + 9) * ENTRY_BYTES, two, TABLE_BASE);',
        'store<V>(table + (e + 9) * ENTRY_BYTES, add<V>(two, last), TABLE_BASE);',
      ],
      ['past the last tap there is another', 'if (offset >= offsetsEnd) return zero<V>();', ''],
      [
        'the last of four outputs is the third',
        's3 = add<V>(s3, lookUp<V>(weight + 6, tableBase, at));',
        's3 = add<V>(s3, lookUp<V>(weight + 4, tableBase, at));',
      ],
    ],
  },
  {
    file: 'src/kernels/binary-weight-conv2d.ts',
    builds: EVERY,
    tests: BIT_WEIGHTS,
    mutations: [
      ['a ternary weight of +1 is 0', '+ 2 * ((plus >> j) & 1)', '+ ((plus >> j) & 1)'],
      [
        'every group has the filters of the first',
        '(group * groupOutputs + j) * filterBits',
        'j * filterBits',
      ],
    ],
  },
  {
    file: 'assembly/binary-words.ts',
    builds: ['plain'],
    tests: FLOAT,
    mutations: [
      [
        'bits across a word boundary are lost',
        'bits |= load<u64>(address, 8) << (64 - offset);',
        'bits |= 0;',
      ],
      ['a tap below the picture counts', 'iy < inHeight &&', 'iy <= inHeight &&'],
      ['padding of +1 is -1', 'paddingValue > 0 ?', 'paddingValue > 1 ?'],
      [
        'the second pixel takes the weights of the first output twice',
        'c11 += popcnt(a1 ^ w1);',
        'c11 += popcnt(a1 ^ w0);',
      ],
    ],
  },
  {
    file: 'assembly/average-pool-2x2.ts',
    builds: SIMD,
    tests: FLOAT,
    mutations: [
      [
        'the lower right pixel is left out',
        'v128.shuffle<f32>(l0, l1, 1, 3, 5, 7)',
        'v128.shuffle<f32>(l0, l1, 0, 2, 4, 6)',
      ],
      [
        'the rest of a row after its fours is lost',
        'while (source < end) {',
        'while (source + 4 < end) {',
      ],
    ],
  },
  {
    file: 'assembly/average-pool-2x2.ts',
    builds: SIMD,
    tests: INT16,
    mutations: [['rounded down', 'i32x4.splat(2)', 'i32x4.splat(0)']],
  },
  {
    file: 'assembly/epilogue-int16.ts',
    builds: SIMD,
    tests: INT16,
    mutations: [
      [
        'the slope is that of the other side of the knee',
        'i16x8.gt_s(t, i64x2.splat(0))',
        'i16x8.lt_s(t, i64x2.splat(0))',
      ],
      [
        'the skip is added without saturation',
        'return i16x8.add_sat_s(skip, i16x8.add_sat_s(offset, multiplyQ15(t, slope)));',
        'return i16x8.add(skip, i16x8.add_sat_s(offset, multiplyQ15(t, slope)));',
      ],
      ['sign(threshold) is +1', 'i16x8.gt_s(y1, threshold)', 'i16x8.ge_s(y1, threshold)'],
    ],
  },
  {
    file: 'assembly/epilogue-int16.ts',
    builds: ['plain'],
    tests: INT16,
    mutations: [
      ['the product is rounded down', '(t * slope + 0x4000) >> 15', '(t * slope) >> 15'],
      [
        'the skip is added without saturation',
        'return saturate(<i32>skip + <i32>unit);',
        'return <i16>(<i32>skip + <i32>unit);',
      ],
    ],
  },
  {
    file: 'assembly/conv2d-int16.ts',
    builds: SIMD,
    tests: INT16,
    mutations: [
      [
        'the last four pixels are those before them',
        'const x3 = v128.load(pair, 48);',
        'const x3 = v128.load(pair, 32);',
      ],
      ['the row begins a pixel late', 'let i = max(0, -shift);', 'let i = max(0, 1 - shift);'],
    ],
  },
  {
    file: 'assembly/conv2d-int16.ts',
    builds: ['plain'],
    tests: INT16,
    mutations: [
      [
        'the second tap of a pair is left out',
        'sum += <i32>load<i16>(w, 2) * <i32>load<i16>(x, 2);',
        '',
      ],
    ],
  },
  {
    file: 'src/kernels/fixed-point.ts',
    builds: EVERY,
    tests: INT16,
    mutations: [
      [
        'thresholds are rounded up',
        'Math.floor(threshold * 2 ** fraction)',
        'Math.ceil(threshold * 2 ** fraction)',
      ],
      [
        'the scale of counts is rounded up',
        'Math.floor(MAX / Math.max(knee, most - knee))',
        'Math.ceil(MAX / Math.max(knee, most - knee))',
      ],
      [
        'the knee is one too far',
        'parameters[(at + INT16_KNEE) / 2] = Math.round(knee * scale);',
        'parameters[(at + INT16_KNEE) / 2] = Math.round(knee * scale) + 1;',
      ],
      ['the offset is rounded down', 'const offset = Math.round(', 'const offset = Math.floor('],
      [
        'the left slope is rounded towards 0',
        'const left = Math.round(',
        'const left = Math.trunc(',
      ],
      [
        'the right slope is that of the left',
        'hasKink ? f.right : line',
        'hasKink ? f.left : line',
      ],
      [
        'a knee below all counts leaves the line left of it',
        'f.knee <= 0 ? f.right : f.left',
        'f.knee <= 0 ? f.left : f.right',
      ],
      [
        'the value stays behind where the knee is moved',
        'f.value + line * (knee - f.knee)',
        'f.value',
      ],
    ],
  },
  {
    file: 'assembly/sign.ts',
    builds: ['plain'],
    tests: FLOAT,
    mutations: [
      [
        'sign(threshold) is +1, in words',
        'const positive = x > load<T>',
        'const positive = x >= load<T>',
      ],
    ],
  },
  {
    file: 'assembly/conv2d.ts',
    builds: SIMD,
    tests: FLOAT,
    mutations: [
      [
        'the last four pixels are those before them',
        'const x3 = v128.load(tap, 48);\n    s3',
        'const x3 = v128.load(tap, 32);\n    s3',
      ],
    ],
  },
  {
    file: 'assembly/conv2d.ts',
    builds: EVERY,
    tests: FLOAT,
    mutations: [
      [
        'the column between two rows of a stream is no padding',
        'for (let padding = first + row - 4; padding < last; padding += row) store<f32>(padding, 0);',
        '',
      ],
      [
        'what a stream has past its rows stays',
        'memory.fill(last, 0, plane + planeBytes - last);',
        '',
      ],
    ],
  },
  {
    file: 'src/kernels/conv2d.ts',
    builds: EVERY,
    tests: FLOAT,
    mutations: [
      [
        'rows between taps of a stream are as many as columns',
        'ky * dilationY * raster.row + kx * dilationX',
        'ky * dilationX * raster.row + kx * dilationX',
      ],
    ],
  },
  {
    file: 'assembly/conv2d.ts',
    builds: ['plain'],
    tests: FLOAT,
    mutations: [
      [
        'the last tap is left out',
        'for (let tap = 0; tap < tapCount; tap++) {',
        'for (let tap = 0; tap < tapCount - 1; tap++) {',
      ],
    ],
  },
  {
    file: 'src/kernels/conv2d-int16.ts',
    builds: EVERY,
    tests: INT16,
    mutations: [
      [
        'weights are rounded down',
        '= Math.round(weight * scale);',
        '= Math.floor(weight * scale);',
      ],
      ['room for the rounding of weights is forgotten', '(65535 - taps) / total', '65535 / total'],
      ['the knee is that of a sum of floats', 'knee: knee * sumsPerOne', 'knee'],
      ['a filter of zeros has no scale', 'total === 0 ? 1 : ', ''],
    ],
  },
  {
    file: 'src/kernels/activations.ts',
    builds: EVERY,
    tests: FLOAT,
    mutations: [
      [
        'the bend is the slope right of the knee',
        'parameters[(at + FLOAT32_BEND) / 4] = right - left;',
        'parameters[(at + FLOAT32_BEND) / 4] = right;',
      ],
    ],
  },
  {
    file: 'src/ops/piecewise-linear.ts',
    builds: EVERY,
    tests: [...FLOAT, ...INT16],
    mutations: [
      [
        'a falling function bends on the left',
        'if (f.left > 0) f.left *= slope;',
        'if (f.left < 0) f.left *= slope;',
      ],
      [
        'where there is no slope, PReLU is forgotten',
        'f.value = f.value > 0 ? f.value : slope * f.value;',
        '',
      ],
    ],
  },
  {
    file: 'src/ops/shapes.ts',
    builds: EVERY,
    tests: FOR_ALL,
    mutations: [
      [
        'one constant is for the first channel only',
        'constants[constants.length === 1 ? 0 : channel]!',
        'constants[channel]!',
      ],
    ],
  },
  {
    file: 'assembly/gate.ts',
    builds: EVERY,
    tests: ['test/plan/network.test.ts'],
    mutations: [
      [
        'every tile takes the factors of the first',
        'let by = factor + <usize>tile * factorTileBytes;',
        'let by = factor;',
      ],
      [
        'the sigmoid of a negative number is that of its size',
        '(x < 0 ? t : 1) / (1 + t)',
        '1 / (1 + t)',
      ],
    ],
  },
  {
    file: 'assembly/round.ts',
    builds: EVERY,
    tests: ['test/plan/network.test.ts'],
    mutations: [
      ['a half below 0 goes to 0', 'rest <= -0.5 ?', 'rest < -0.5 ?'],
      ['the upper bound is left out', 'above < high ? above : high', 'above'],
    ],
  },
  {
    file: 'assembly/levels.ts',
    builds: ['plain'],
    tests: WINDOWS,
    mutations: [
      ['all levels have the first thresholds', 'threshold += rowBytes;', ''],
      ['the lowest bit is that of all planes', '(q >> bit) & 1', 'q & 1'],
    ],
  },
  {
    file: 'assembly/levels-simd.ts',
    builds: SIMD,
    tests: WINDOWS,
    mutations: [
      ['the last of four channels is that before it', 'i8x16.add(b3, b3)', 'i8x16.add(b2, b2)'],
      [
        'the second half of a tile has the numbers of the first',
        'first + half * (tileBytes<T>() / 2)',
        'first',
      ],
    ],
  },
];
