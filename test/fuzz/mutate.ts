/** Damage: what is done to sound bytes and sound JSON. */

import type { Random } from '../helpers/random.ts';

export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!;
}

/** Numbers at which formats and arithmetic turn. */
const EDGES = [0, 1, 2, 3, 127, 128, 255, 256, 32767, 32768, 65535, 2 ** 24, 2 ** 31 - 1, 2 ** 31];

/** One to `most` small changes: bits, bytes, numbers, pieces lost, doubled or moved. */
export function mutateBytes(random: Random, source: Uint8Array, most = 8): Uint8Array {
  let bytes = Uint8Array.from(source);
  for (let left = 1 + random.below(most); left > 0; left--) {
    const at = random.below(Math.max(1, bytes.length));
    const length = 1 + random.below(Math.min(64, Math.max(1, bytes.length - at)));
    switch (random.below(8)) {
      case 0:
      case 1:
        bytes[at]! ^= 1 << random.below(8);
        break;
      case 2:
        bytes[at] = random.below(256);
        break;
      case 3:
        if (at + 4 <= bytes.length) {
          new DataView(bytes.buffer).setUint32(at, pick(random, EDGES), random.next() < 0.5);
        }
        break;
      case 4:
        bytes = joined(bytes.subarray(0, at), bytes.subarray(at + length));
        break;
      case 5:
        bytes = joined(bytes.subarray(0, at + length), bytes.subarray(at));
        break;
      case 6:
        bytes.copyWithin(at, random.below(bytes.length + 1), random.below(bytes.length + 1));
        break;
      case 7:
        if (random.next() < 0.2) bytes = bytes.slice(0, at);
    }
  }
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}

const VALUES: readonly unknown[] = [
  null,
  true,
  '',
  'image',
  'toString',
  '__proto__',
  [],
  {},
  -1,
  0.5,
  1e-40,
  1e39,
  2 ** 53,
  ...EDGES,
];

/** One to four members of JSON changed, lost, doubled or taken from elsewhere. */
export function mutateJson(random: Random, json: unknown): unknown {
  const copy = structuredClone(json);
  for (let left = 1 + random.below(4); left > 0; left--) {
    const places = placesOf(copy);
    const place = pick(random, places);
    if (place === undefined) return pick(random, VALUES);
    const { holder, key } = place;
    const number = holder[key];
    switch (random.below(6)) {
      case 0:
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
        break;
      case 1:
        if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(number));
        break;
      case 2:
      case 3:
        if (typeof number === 'number') holder[key] = number + pick(random, [-1, 1, 2, number]);
        else holder[key] = pick(random, VALUES);
        break;
      case 4:
        holder[key] = pick(random, VALUES);
        break;
      case 5: {
        const other = pick(random, places)!;
        holder[key] = structuredClone(other.holder[other.key]);
      }
    }
  }
  return copy;
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Every member of every object and array. */
function placesOf(json: unknown): Place[] {
  if (typeof json !== 'object' || json === null) return [];
  const holder = json as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}
