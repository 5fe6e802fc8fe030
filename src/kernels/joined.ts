/** Arrays of one type, one after the other. */
export function joined<Numbers extends Float32Array | Int16Array | Uint16Array>(
  arrays: readonly Numbers[],
): Numbers {
  const length = arrays.reduce((sum, each) => sum + each.length, 0);
  const all = new (arrays[0]!.constructor as new (length: number) => Numbers)(length);
  let at = 0;
  for (const each of arrays) {
    all.set(each, at);
    at += each.length;
  }
  return all;
}
