import { joined } from '../joined.ts';

/** Arrays of one class, at least one, one after the other. */
export function joinedAlike<Numbers extends Int16Array | Float32Array>(
  arrays: readonly Numbers[],
): Numbers {
  return joined(arrays[0]!.constructor as new (length: number) => Numbers, arrays);
}
