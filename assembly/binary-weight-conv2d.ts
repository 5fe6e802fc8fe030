/**
 * Float convolution with weights of +-1 or of -1, 0 and +1, by table look-up: any kernel, stride, padding
 * and number of groups.
 *
 * Taps, in the order (y, x, channel), are cut into fives, ternary ones into threes. For the numbers of a
 * cut every sum and difference that weights can ask for is worked out once, 32 entries, ternary 27:
 *
 *     T[e] = ((+-x0 +- x1) + (+-x2 +- x3)) +- x4        T[e] = ((+-x0 +- x1) +- x2), each may be missing
 *
 * so an output costs one load and one addition for five products, or three. An output's sum goes over the
 * cuts in their order, from 0, in every build: each gives the same bits.
 *
 * Input: columns (conv2d.ts). Weights: u16 `[group][chunk][output / 4][cut][4]`, the byte offset of the entry
 * from the first table of its chunk. A chunk is as many cuts as have their tables in the L1 cache; between chunks
 * the sums are kept in scratch. In SIMD builds eight pixels are done at a time, else one.
 */

import {
  epilogue,
  epilogue4,
  FLOAT32_BEND,
  FLOAT32_KNEE,
  FLOAT32_OFFSET,
  FLOAT32_PARAMETER_BYTES,
  FLOAT32_SLOPE,
  TILE_BYTES,
} from './epilogue';
import { TABLE_BASE } from './memory-map';

/** Pixels that are done together, and bytes of an entry. */
const LANES: i32 = ASC_FEATURE_SIMD ? 8 : 1;
const ENTRY_BYTES: usize = ASC_FEATURE_SIMD ? 32 : 4;
const CUT_BYTES: usize = ENTRY_BYTES * 32;

/** Cuts of a chunk: 32 KiB of tables in SIMD builds. */
export const WEIGHT_CHUNK_CUTS: i32 = 32;

// @ts-ignore: decorator
@inline
function add<V>(a: V, b: V): V {
  if (isVector<V>()) return f32x4.add(a, b);
  return <V>(a + b);
}

// @ts-ignore: decorator
@inline
function subtract<V>(a: V, b: V): V {
  if (isVector<V>()) return f32x4.sub(a, b);
  return <V>(a - b);
}

// @ts-ignore: decorator
@inline
function negative<V>(a: V): V {
  if (isVector<V>()) return f32x4.neg(a);
  return <V>-a;
}

// @ts-ignore: decorator
@inline
function zero<V>(): V {
  if (isVector<V>()) return f32x4.splat(0);
  return <V>0;
}

/** Entries e and e + 16. */
// @ts-ignore: decorator
@inline
function put2<V>(table: usize, e: usize, four: V, last: V): void {
  store<V>(table + e * ENTRY_BYTES, subtract<V>(four, last), TABLE_BASE);
  store<V>(table + (e + 16) * ENTRY_BYTES, add<V>(four, last), TABLE_BASE);
}

/** All sums of five numbers, weight j being bit j of the entry. */
// @ts-ignore: decorator
@inline
function buildBinary<V>(table: usize, x0: V, x1: V, x2: V, x3: V, x4: V): void {
  const both = add<V>(x0, x1);
  const first = subtract<V>(x0, x1);
  const second = subtract<V>(x1, x0);
  const neither = negative<V>(both);
  const highBoth = add<V>(x2, x3);
  const highFirst = subtract<V>(x2, x3);
  const highSecond = subtract<V>(x3, x2);
  const highNeither = negative<V>(highBoth);
  put2<V>(table, 0, add<V>(neither, highNeither), x4);
  put2<V>(table, 1, add<V>(first, highNeither), x4);
  put2<V>(table, 2, add<V>(second, highNeither), x4);
  put2<V>(table, 3, add<V>(both, highNeither), x4);
  put2<V>(table, 4, add<V>(neither, highFirst), x4);
  put2<V>(table, 5, add<V>(first, highFirst), x4);
  put2<V>(table, 6, add<V>(second, highFirst), x4);
  put2<V>(table, 7, add<V>(both, highFirst), x4);
  put2<V>(table, 8, add<V>(neither, highSecond), x4);
  put2<V>(table, 9, add<V>(first, highSecond), x4);
  put2<V>(table, 10, add<V>(second, highSecond), x4);
  put2<V>(table, 11, add<V>(both, highSecond), x4);
  put2<V>(table, 12, add<V>(neither, highBoth), x4);
  put2<V>(table, 13, add<V>(first, highBoth), x4);
  put2<V>(table, 14, add<V>(second, highBoth), x4);
  put2<V>(table, 15, add<V>(both, highBoth), x4);
}

/** Entries e, e + 9 and e + 18. */
// @ts-ignore: decorator
@inline
function put3<V>(table: usize, e: usize, two: V, last: V): void {
  store<V>(table + e * ENTRY_BYTES, subtract<V>(two, last), TABLE_BASE);
  store<V>(table + (e + 9) * ENTRY_BYTES, two, TABLE_BASE);
  store<V>(table + (e + 18) * ENTRY_BYTES, add<V>(two, last), TABLE_BASE);
}

/** All sums of three numbers, weight j + 1 being digit j of the entry to base 3. */
// @ts-ignore: decorator
@inline
function buildTernary<V>(table: usize, x0: V, x1: V, x2: V): void {
  const both = add<V>(x0, x1);
  put3<V>(table, 0, negative<V>(both), x2);
  put3<V>(table, 1, negative<V>(x1), x2);
  put3<V>(table, 2, subtract<V>(x0, x1), x2);
  put3<V>(table, 3, negative<V>(x0), x2);
  put3<V>(table, 4, zero<V>(), x2);
  put3<V>(table, 5, x0, x2);
  put3<V>(table, 6, subtract<V>(x1, x0), x2);
  put3<V>(table, 7, x1, x2);
  put3<V>(table, 8, both, x2);
}

/** A tap's numbers; past the last tap 0. */
// @ts-ignore: decorator
@inline
function loadTap<V>(pixels: usize, offset: usize, offsetsEnd: usize): V {
  if (offset >= offsetsEnd) return zero<V>();
  return load<V>(pixels + <usize>load<i32>(offset));
}

/** Tables of the cuts from `offset` on, for the pixels of one V. */
function buildSums<V>(
  table: usize,
  pixels: usize,
  offset: usize,
  offsetsEnd: usize,
  cuts: i32,
  isTernary: bool,
): void {
  for (let cut = 0; cut < cuts; cut++) {
    const x0 = loadTap<V>(pixels, offset, offsetsEnd);
    const x1 = loadTap<V>(pixels, offset + 4, offsetsEnd);
    const x2 = loadTap<V>(pixels, offset + 8, offsetsEnd);
    if (isTernary) {
      buildTernary<V>(table, x0, x1, x2);
      offset += 12;
    } else {
      const x3 = loadTap<V>(pixels, offset + 12, offsetsEnd);
      buildBinary<V>(table, x0, x1, x2, x3, loadTap<V>(pixels, offset + 16, offsetsEnd));
      offset += 20;
    }
    table += CUT_BYTES;
  }
}

/** A V of the entry of a weight. */
// @ts-ignore: decorator
@inline
function lookUp<V>(weight: usize, tableBase: usize, at: usize): V {
  const offset = <usize>load<u16>(weight) + at;
  return load<V>(ASC_FEATURE_THREADS ? tableBase + offset : offset, TABLE_BASE);
}

/**
 * Adds the entries of a chunk to the sums of four outputs, for the pixels of one V.
 * @param sums `[4]`, an entry's bytes apart
 */
// @ts-ignore: decorator
@inline
function addEntries<V>(sums: usize, weight: usize, cuts: i32, tableBase: usize, at: usize): void {
  let s0 = load<V>(sums);
  let s1 = load<V>(sums, ENTRY_BYTES);
  let s2 = load<V>(sums, 2 * ENTRY_BYTES);
  let s3 = load<V>(sums, 3 * ENTRY_BYTES);
  for (const end = weight + <usize>cuts * 8; weight < end; weight += 8) {
    s0 = add<V>(s0, lookUp<V>(weight, tableBase, at));
    s1 = add<V>(s1, lookUp<V>(weight + 2, tableBase, at));
    s2 = add<V>(s2, lookUp<V>(weight + 4, tableBase, at));
    s3 = add<V>(s3, lookUp<V>(weight + 6, tableBase, at));
  }
  store<V>(sums, s0);
  store<V>(sums, s1, ENTRY_BYTES);
  store<V>(sums, s2, 2 * ENTRY_BYTES);
  store<V>(sums, s3, 3 * ENTRY_BYTES);
}

/** The epilogue of a block's sums of one output. */
// @ts-ignore: decorator
@inline
function finish(sums: usize, parameter: usize, skip: usize, target: usize): void {
  if (!ASC_FEATURE_SIMD) {
    store<f32>(target, epilogue(load<f32>(sums), load<f32>(skip), parameter));
    return;
  }
  const knee = v128.load32_splat(parameter, FLOAT32_KNEE);
  const slope = v128.load32_splat(parameter, FLOAT32_SLOPE);
  const bend = v128.load32_splat(parameter, FLOAT32_BEND);
  const offset = v128.load32_splat(parameter, FLOAT32_OFFSET);
  const y0 = epilogue4(v128.load(sums), v128.load(skip), knee, slope, bend, offset);
  const y1 = epilogue4(v128.load(sums, 16), v128.load(skip, 16), knee, slope, bend, offset);
  v128.store(target, y0);
  v128.store(target, y1, 16);
}

/**
 * @param columns as in conv2d
 * @param weights see above; in the last four of a group some may be of no output
 * @param offsets `[tapCount]` i32, bytes from a pixel in the group's first plane to the tap
 * @param isTernary whether weights are -1, 0 and +1
 * @param sums scratch of the calling thread, `[groupOutputs, to whole fours][an entry]`
 * @param groupBytes distance between the first planes of two groups
 * @param groupOutputs output channels of a group
 * @param pixelCount of the output's raster; those of the last tile past them are left as they are
 * @param parameters, skip, skipChannels, skipTileBytes, stream as in conv2d
 */
export function binaryWeightConv2d(
  tileBegin: i32,
  tileEnd: i32,
  tableBase: usize,
  columns: usize,
  weights: usize,
  offsets: usize,
  tapCount: i32,
  isTernary: bool,
  sums: usize,
  groups: i32,
  groupBytes: usize,
  groupOutputs: i32,
  pixelCount: i32,
  parameters: usize,
  skip: usize,
  skipChannels: i32,
  skipTileBytes: usize,
  stream: usize,
): void {
  const table: usize = ASC_FEATURE_THREADS ? tableBase : 0;
  const offsetsEnd = offsets + <usize>tapCount * 4;
  const cutTaps = isTernary ? 3 : 5;
  const cuts = (tapCount + cutTaps - 1) / cutTaps;
  const fours = (groupOutputs + 3) / 4;
  for (let tile = tileBegin; tile < tileEnd; tile++) {
    const blockEnd = min(32, pixelCount - tile * 32);
    for (let pixel = 0; pixel < blockEnd; pixel += LANES) {
      for (let group = 0; group < groups; group++) {
        const at = <usize>pixel * 4;
        const pixels = columns + <usize>group * groupBytes + <usize>tile * 128 + at;
        let weight = weights + <usize>(group * cuts * fours) * 8;
        memory.fill(sums, 0, <usize>(fours * 4) * ENTRY_BYTES);
        for (let first = 0; first < cuts; first += WEIGHT_CHUNK_CUTS) {
          const count = min(WEIGHT_CHUNK_CUTS, cuts - first);
          const offset = offsets + <usize>(first * cutTaps) * 4;
          if (ASC_FEATURE_SIMD) {
            buildSums<v128>(table, pixels, offset, offsetsEnd, count, isTernary);
            buildSums<v128>(table + 16, pixels + 16, offset, offsetsEnd, count, isTernary);
          } else {
            buildSums<f32>(table, pixels, offset, offsetsEnd, count, isTernary);
          }
          let sum = sums;
          for (let four = 0; four < fours; four++) {
            if (ASC_FEATURE_SIMD) {
              addEntries<v128>(sum, weight, count, tableBase, 0);
              addEntries<v128>(sum + 16, weight, count, tableBase, 16);
            } else {
              addEntries<f32>(sum, weight, count, tableBase, 0);
            }
            sum += 4 * ENTRY_BYTES;
            weight += <usize>count * 8;
          }
        }
        for (let j = 0; j < groupOutputs; j++) {
          const output = group * groupOutputs + j;
          finish(
            sums + <usize>j * ENTRY_BYTES,
            parameters + <usize>output * FLOAT32_PARAMETER_BYTES,
            skip + <usize>tile * skipTileBytes + <usize>(output % skipChannels) * TILE_BYTES + at,
            stream + <usize>(tile * groups * groupOutputs + output) * TILE_BYTES + at,
          );
        }
      }
    }
  }
}
