/** What a binary says of itself: a custom section, which engines give back and otherwise ignore. */

/** Read by src/kernels/identity.ts. */
const SECTION = 'mobinet';

/**
 * @param {Uint8Array} wasm
 * @param {import('../src/kernels/identity.ts').Identity} identity
 */
export function withIdentity(wasm, identity) {
  const name = Buffer.from(SECTION);
  const text = Buffer.from(JSON.stringify(identity));
  const content = Buffer.concat([leb128(name.length), name, text]);
  return Buffer.concat([wasm, Buffer.of(0), leb128(content.length), content]);
}

/** An unsigned number as WebAssembly writes it. */
function leb128(/** @type {number} */ value) {
  const bytes = [];
  for (let rest = value; bytes.length === 0 || rest > 0; rest >>>= 7) {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0));
  }
  return Buffer.from(bytes);
}
