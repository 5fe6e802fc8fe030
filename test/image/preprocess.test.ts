import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import type { Picture, Preprocessing } from '../../src/image/picture.ts';
import { preprocess } from '../../src/image/preprocess.ts';
import { readCases, readExpected, readInput } from './fixtures.ts';

interface PreprocessCase {
  input: string;
  preprocessing: Preprocessing;
}

const cases = readCases().preprocess as PreprocessCase[];
const expected = new Float32Array(readExpected('preprocessed.bin.gz').buffer);

describe('preprocess equals Pillow and torchvision', () => {
  let offset = 0;
  for (const { input, preprocessing } of cases) {
    const { size, resize, crop } = preprocessing;
    const values = expected.subarray(offset, offset + 3 * size[0] * size[1]);
    offset += values.length;
    it(`${input}: ${resize.rule} ${resize.size} ${resize.filter}, crop ${crop} ${size}`, () => {
      expect(preprocess(readInput(input), preprocessing)).toEqual(values.slice());
    });
  }

  it('reads all the expected values', () => expect(offset).toBe(expected.length));
});

it('a std of 1/255 leaves the levels as they are, exactly', () => {
  const data = Uint8Array.from({ length: 768 }, (_, at) => Math.floor(at / 3));
  const std = [1 / 255, 1 / 255, 1 / 255] as const;
  const got = preprocess(
    { data, width: 256, height: 1 },
    {
      size: [1, 256],
      resize: { rule: 'none', size: 1, filter: 'box' },
      crop: 'none',
      mean: [0, 0, 0],
      std,
    },
  );
  expect([...got.subarray(0, 256)]).toEqual([...Array(256).keys()]);
});

describe('preprocess rejects', () => {
  const preprocessing: Preprocessing = {
    size: [2, 2],
    resize: { rule: 'shorter-side', size: 2, filter: 'bilinear' },
    crop: 'center',
    mean: [0, 0, 0],
    std: [1, 1, 1],
  };
  const bytes = (n: number) => new Uint8Array(n);
  const bad: [string, Picture, RegExp][] = [
    ['a width of zero', { data: bytes(0), width: 0, height: 3 }, /0 x 3 pixels/],
    ['a height of zero', { data: bytes(0), width: 3, height: 0 }, /3 x 0 pixels/],
    ['a negative side', { data: bytes(12), width: -2, height: -2 }, /-2 x -2 pixels/],
    ['a broken side', { data: bytes(12), width: 1.5, height: 2 }, /1\.5 x 2 pixels/],
    ['a side that is no number', { data: bytes(12), width: Number.NaN, height: 2 }, /NaN x 2/],
    ['too many pixels', { data: bytes(12), width: 65536, height: 65536 }, /4294967296 pixels/],
    ['too long a side', { data: bytes(12), width: 2 ** 21, height: 1 }, /2097152 x 1 pixels/],
    ['too few bytes', { data: bytes(11), width: 2, height: 2 }, /12 \(RGB\) or 16 \(RGBA\).*11/],
    ['bytes for RGB, told RGBA', { data: bytes(12), width: 2, height: 2, channels: 4 }, /16 .*12/],
    [
      'one channel',
      { data: bytes(4), width: 2, height: 2, channels: 1 as unknown as 3 },
      /1 channels/,
    ],
  ];
  for (const [name, picture, message] of bad) {
    it(name, () => {
      const attempt = () => preprocess(picture, preprocessing);
      expect(attempt).toThrow(InputError);
      expect(attempt).toThrow(expect.objectContaining({ code: 'PICTURE_SIZE' }));
      expect(attempt).toThrow(message);
    });
  }

  it('a picture of other proportions where there is no crop', () => {
    const picture = { data: bytes(3 * 7 * 4), width: 7, height: 4 };
    expect(() => preprocess(picture, { ...preprocessing, crop: 'none' })).toThrow(
      /7 x 4 pixels becomes 3 x 2, but the model takes 2 x 2/,
    );
  });
});
