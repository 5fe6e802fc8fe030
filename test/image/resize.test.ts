import { describe, expect, it } from 'vitest';
import { checkPicture } from '../../src/image/check-picture.ts';
import type { Picture } from '../../src/image/picture.ts';
import { type Filter, resize } from '../../src/image/resize.ts';
import { readCases, readExpected, readInput } from './fixtures.ts';

interface ResizeCase {
  input: string;
  filter: Filter;
  width: number;
  height: number;
}

const cases = readCases().resize as ResizeCase[];
const expected = readExpected('resized.bin.gz');

function picture(name: string) {
  return checkPicture(readInput(name));
}

describe('resize equals Pillow', () => {
  let offset = 0;
  for (const { input, filter, width, height } of cases) {
    const pixels = expected.subarray(offset, offset + width * height * 3);
    offset += pixels.length;
    it(`${input} to ${width}x${height}, ${filter}`, () => {
      const resized = resize(picture(input), width, height, filter);
      expect(resized).toMatchObject({ width, height, channels: 3 });
      expect(resized.data).toEqual(new Uint8ClampedArray(pixels));
    });
  }

  it('reads all the expected pixels', () => expect(offset).toBe(expected.length));
});

describe('resize of a window', () => {
  const source = picture('noise');
  const { width, height } = source;
  const window = { left: 5, top: 3, width: 7, height: 4 };
  for (const filter of ['box', 'bilinear', 'bicubic', 'lanczos'] as const) {
    for (const [w, h] of [
      [17, 13],
      [60, 71],
      [width, 13],
      [17, height],
      [width, height],
      [60, 13],
    ] as const) {
      it(`has the same pixels as the whole, ${filter}, ${w}x${h}`, () => {
        const whole = resize(source, w, h, filter);
        const part = resize(source, w, h, filter, window);
        expect([part.width, part.height]).toEqual([7, 4]);
        for (let y = 0; y < window.height; y++) {
          const from = ((y + window.top) * w + window.left) * 3;
          expect(part.data.slice(y * 21, y * 21 + 21)).toEqual(whole.data.slice(from, from + 21));
        }
      });
    }
  }
});

describe('resize of RGBA', () => {
  it('drops alpha and leaves colours alone, whatever their alpha', () => {
    const rgba = checkPicture(readInput('noise-rgba'));
    const rgb: Picture = {
      ...rgba,
      data: rgba.data.filter((_, i) => i % 4 !== 3),
      channels: 3,
    };
    for (const [width, height] of [
      [9, 7],
      [30, 7],
    ] as const) {
      const wanted = resize(checkPicture(rgb), width, height, 'bicubic');
      expect(resize(rgba, width, height, 'bicubic')).toEqual(wanted);
    }
  });
});
