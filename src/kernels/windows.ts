import type { Padding, Pair } from '../tensor.ts';

/** Whether a convolution is a matrix product: 1x1, no stride, no padding, no groups. */
export function isPointwise(node: {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly groups: number;
}): boolean {
  return (
    node.kernel.every((size) => size === 1) &&
    node.stride.every((step) => step === 1) &&
    node.padding.every((pixels) => pixels === 0) &&
    node.groups === 1
  );
}

/**
 * `[channel][ky][kx]` i32: what `offset` gives for each tap of a group.
 * @param width taps of a row, or what they are taken together in
 */
export function windowOffsets(
  node: { readonly kernel: Pair; readonly inChannels: number; readonly groups: number },
  width: number,
  offset: (channel: number, ky: number, kx: number) => number,
): Int32Array {
  const [height] = node.kernel;
  const length = (node.inChannels / node.groups) * height * width;
  return Int32Array.from({ length }, (_, tap) => {
    const row = Math.floor(tap / width);
    return offset(Math.floor(row / height), row % height, tap % width);
  });
}
