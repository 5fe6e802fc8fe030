import { describe, expect, test } from 'vitest';
import { type Region, type Rotation, view } from '../../src/image/view.ts';

/** A picture whose pixel at x, y is (x, y, 0). */
function grid(width: number, height: number, channels: 3 | 4 = 3) {
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([x, y], (y * width + x) * channels);
  }
  return { data, width, height, channels };
}

/** 'xy' of each pixel, row by row. */
function places({ data, width, height }: ReturnType<typeof view>): string[] {
  const row = (y: number) =>
    Array.from({ length: width }, (_, x) =>
      data
        .slice((y * width + x) * 3)
        .slice(0, 2)
        .join(''),
    );
  return Array.from({ length: height }, (_, y) => row(y).join(' '));
}

test('nothing asked for: the picture itself', () => {
  const picture = grid(3, 2);
  expect(view(picture, {})).toBe(picture);
});

test.each<[Rotation, string[]]>([
  [90, ['01 00', '11 10', '21 20']],
  [180, ['21 11 01', '20 10 00']],
  [270, ['20 21', '10 11', '00 01']],
])('3 x 2 pixels turned by %d degrees clockwise', (rotate, expected) => {
  expect(places(view(grid(3, 2), { rotate }))).toEqual(expected);
});

test.each([3, 4] as const)('a region of %d channels, then a quarter turn', (channels) => {
  const region = { left: 0.25, top: 0.5, right: 0.75, bottom: 1 };
  expect(places(view(grid(4, 4, channels), { region }))).toEqual(['12 22', '13 23']);
  expect(places(view(grid(4, 4, channels), { region, rotate: 90 }))).toEqual(['13 12', '23 22']);
});

test.each<[string, Region, string[]]>([
  ['smaller than a pixel', { left: 0.4, top: 0, right: 0.41, bottom: 0.1 }, ['10']],
  ['at the far corner', { left: 0.999, top: 0.999, right: 1, bottom: 1 }, ['22']],
  ['edges at the nearest pixel', { left: 0.3, top: 0.6, right: 0.7, bottom: 1 }, ['12']],
])('a region %s', (_, region, expected) => {
  expect(places(view(grid(3, 3), { region }))).toEqual(expected);
});

describe('INVALID_OPTION', () => {
  const whole = { left: 0, top: 0, right: 1, bottom: 1 };
  test.each([
    { ...whole, left: -0.1 },
    { ...whole, right: 1.1 },
    { ...whole, left: 1 },
    { ...whole, top: 0.5, bottom: 0.5 },
    { ...whole, bottom: Number.NaN },
    {} as Region,
  ])('region %o', (region) => {
    expect(() => view(grid(2, 2), { region })).toThrow(/region is .*from 0 to 1/);
  });

  test.each([45, -90, 360])('rotate %d', (rotate) => {
    expect(() => view(grid(2, 2), { rotate: rotate as Rotation })).toThrow(/0, 90, 180 or 270/);
  });
});
