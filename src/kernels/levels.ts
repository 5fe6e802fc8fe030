/** What is packed for the uncommon binary convolutions: signs as words, and numbers of a few bits (assembly/levels.ts). */

import { type LevelsNode, thresholdsOfChannels } from '../ops/levels.ts';
import type { SignNode } from '../ops/sign.ts';
import type { ActivationType } from './activations.ts';
import type { Buffer, CallWriter } from './calls.ts';
import {
  ENCODINGS,
  type Encoding,
  insideConstant,
  planeBytes,
  planesOrigin,
  type SignEncoding,
  signsIn,
} from './encodings.ts';
import type { Place } from './family.ts';
import { joinedAlike } from './joined.ts';
import { TILE_PIXELS } from './raster.ts';

const EVERY: Readonly<Record<SignEncoding, Encoding>> = {
  ...ENCODINGS,
  words: {
    room: (calls, channels, { tiles }) =>
      calls.buffer(tiles * TILE_PIXELS * Math.ceil(channels / 64) * 8),
    encode(calls, activations, value, { buffer, channels, raster }, thresholds, words) {
      calls.call({
        value,
        kernel: activations.kernel('signWords'),
        work: raster.tiles,
        arguments: {
          stream: buffer,
          thresholds,
          words,
          channels,
          wordsPerPixel: Math.ceil(channels / 64),
        },
        writes: ['words'],
      });
    },
  },
};

/** The value of a sign, or of levels, in the encoding that a family reads. */
export function encodeBits(
  calls: CallWriter,
  activations: ActivationType,
  node: SignNode | LevelsNode,
  stream: Place,
  encoding: SignEncoding,
): Buffer {
  if (node.op === 'sign') return signsIn(EVERY[encoding], calls, activations, node, stream);
  const { bits } = node;
  const { buffer, channels, raster } = stream;
  // Every bit has whole words, or planes, of its own.
  const unit = encoding === 'words' ? 64 : 4;
  const room = bits * Math.ceil(channels / unit) * unit;
  const target = EVERY[encoding].room(calls, room, raster);
  const rows = thresholdsOfChannels(node, channels).map((row) =>
    activations.thresholds(row, channels),
  );
  const thresholds = calls.constant(joinedAlike(rows));
  const common = { stream: buffer, thresholds, channels, bits };
  if (encoding === 'words') {
    calls.call({
      value: node.name,
      kernel: activations.kernel('levelWords'),
      work: raster.tiles,
      arguments: { ...common, words: target, wordsPerPixel: Math.ceil(channels / 64) },
      writes: ['words'],
    });
  } else {
    calls.call({
      value: node.name,
      kernel: activations.kernel('levelPlanes'),
      work: raster.tiles,
      arguments: {
        ...common,
        planes: planesOrigin(target, raster),
        planeBytes: planeBytes(raster),
        inside: insideConstant(calls, raster),
      },
      writes: ['planes'],
    });
  }
  return target;
}
