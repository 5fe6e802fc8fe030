import { describe, expect, test } from 'vitest';
import { compose } from '../../src/image/compose.ts';

const pixel = (...data: number[]) => ({ data: Uint8Array.from(data), width: 1, height: 1 });

describe('compose', () => {
  test.each<[string, number[], number[]]>([
    ['transparent black is white', [0, 0, 0, 0], [255, 255, 255]],
    ['whatever colour lies under it', [10, 200, 30, 0], [255, 255, 255]],
    ['a fifth of black', [0, 0, 0, 51], [204, 204, 204]],
    ['rounded to the nearest level', [100, 0, 255, 128], [177, 127, 255]],
  ])('%s', (_, rgba, rgb) => {
    expect([...compose(pixel(...rgba)).data]).toEqual(rgb);
  });

  test('over another colour', () => {
    expect([...compose(pixel(0, 0, 0, 0), [1, 2, 3]).data]).toEqual([1, 2, 3]);
  });

  test('an opaque picture, and any over none, comes back as it is', () => {
    const opaque = pixel(1, 2, 3, 255);
    const clear = pixel(1, 2, 3, 0);
    expect(compose(opaque)).toBe(opaque);
    expect(compose(clear, 'none')).toBe(clear);
  });

  test.each([[[1, 2]], [[1, 2, 256]], [[1, 2, 0.5]], ['white'], [null]])('refuses %j', (colour) => {
    const attempt = () => compose(pixel(0, 0, 0, 0), colour as unknown as [number, number, number]);
    expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
});
