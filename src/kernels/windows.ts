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
