/**
 * Arrays one after the other in a new one.
 * @param make its class
 */
export function joined<Numbers extends Uint8Array | Uint16Array | Int16Array | Float32Array>(
  make: new (length: number) => Numbers,
  parts: readonly ArrayLike<number>[],
): Numbers {
  const all = new make(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
