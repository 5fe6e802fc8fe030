/** Pointwise binary convolution by table look-up (nibble-look-ups.ts), 32 pixels at a time. */

import {
  addPartialSums,
  buildTables,
  endTables,
  finishOutputs,
  ONES,
  SIGNS_PLANES,
} from './nibble-look-ups';
import { parameterBytes, tileBytes } from './stream';

/**
 * x = the number of channels that differ (so dot = channels - 2x), then the epilogue. A unit of work
 * is 4 outputs of a tile; a tile whose outputs are shared between two calls has its table made twice.
 * @param nibbles `[tile][inChannels][16]` bytes (sign.ts)
 * @param weights u16 `[chunk][output][look-up]`
 * @param tableBase address of the calling thread's table; TABLE_BASE in the builds for one thread
 * @param chunks `[chunkCount][2]` i32: groups of 5, then groups of 4 channels
 * @param partialSums scratch of the calling thread, `[outChannels][32]` u16; unused with one chunk
 * @param skip stream of `skipChannels` channels, repeated up to `outChannels`
 * @param skipTileBytes distance between its tiles; 0 to read one tile of zeros again and again
 * @param stream output, `[tile][outChannels][32]` of its numbers; may be `skip`
 * @param streamTileBytes distance between its tiles; 0 where only the signs are wanted
 * @param signs output, in the encoding `signsEncoding`: 0 none, 1 nibbles, 2 planes
 * @param planeBytes, inside as in signPlanes
 * @param inChannels, outChannels multiples of 4
 */
// @ts-ignore: decorator
@inline
export function binaryPointwiseNibbles<T>(
  begin: i32,
  end: i32,
  tableBase: usize,
  nibbles: usize,
  weights: usize,
  parameters: usize,
  chunks: usize,
  chunkCount: i32,
  partialSums: usize,
  skip: usize,
  skipChannels: i32,
  skipTileBytes: usize,
  stream: usize,
  streamTileBytes: usize,
  signs: usize,
  signsEncoding: i32,
  planeBytes: usize,
  inside: usize,
  inChannels: i32,
  outChannels: i32,
): void {
  const ones = v128.load(ONES);
  const unitsPerTile = outChannels / 4;
  const tileEnd = (end + unitsPerTile - 1) / unitsPerTile;
  for (let tile = begin / unitsPerTile; tile < tileEnd; tile++) {
    const outputBegin = max(begin - tile * unitsPerTile, 0) * 4;
    const outputs = min(end - tile * unitsPerTile, unitsPerTile) * 4 - outputBegin;
    const partial = chunkCount > 1 ? partialSums + <usize>outputBegin * 64 : 0;
    let activations = nibbles + <usize>(tile * inChannels) * 16;
    let chunkWeights = weights;
    for (let chunk = 0; chunk < chunkCount; chunk++) {
      const fives = load<i32>(chunks + <usize>chunk * 8);
      const fours = load<i32>(chunks + <usize>chunk * 8, 4);
      const table: usize = ASC_FEATURE_THREADS ? tableBase : 0;
      buildTables(activations, table, fives, fours, ones);
      endTables(table + <usize>(fives + fours) * 512);
      activations += <usize>(fives * 80 + fours * 64);
      const weightBytes = <usize>((fives + fours + 2) / 3) * 6;
      const weight = chunkWeights + <usize>outputBegin * weightBytes;
      chunkWeights += <usize>outChannels * weightBytes;
      if (chunk < chunkCount - 1) {
        addPartialSums(weight, weightBytes, tableBase, partial, outputs, chunk == 0);
        continue;
      }
      const skipBegin = skip + <usize>tile * skipTileBytes;
      finishOutputs<T>(
        weight, weightBytes, tableBase, partial,
        parameters + <usize>outputBegin * parameterBytes<T>(),
        skipBegin,
        skipBegin + <usize>(outputBegin % skipChannels) * tileBytes<T>(),
        skipBegin + <usize>skipChannels * tileBytes<T>(),
        stream + <usize>tile * streamTileBytes + <usize>outputBegin * tileBytes<T>(),
        signsEncoding == SIGNS_PLANES
          ? signs + <usize>tile * 32 + <usize>(outputBegin / 4) * planeBytes
          : signs + <usize>(tile * outChannels + outputBegin) * 16,
        signsEncoding,
        planeBytes,
        inside + <usize>tile * 32,
        outputs,
      );
    }
  }
}
