/** What a binary says of itself: custom sections, which engines give back and otherwise ignore. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

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

/** Of the sources of the kernels, their builds and how they are compiled. */
export function sourcesDigest() {
  const assembly = new URL('../assembly/', import.meta.url);
  const hash = createHash('sha256');
  const files = readdirSync(assembly)
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => new URL(file, assembly));
  const scripts = ['./kernels.js', './assembly.js', './local-order.js'];
  const others = [...scripts, '../src/kernels/builds.ts'];
  for (const file of [...files, ...others.map((path) => new URL(path, import.meta.url))]) {
    hash.update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** An unsigned number as WebAssembly writes it. */
function leb128(/** @type {number} */ value) {
  const bytes = [];
  for (let rest = value; bytes.length === 0 || rest > 0; rest >>>= 7) {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0));
  }
  return Buffer.from(bytes);
}
