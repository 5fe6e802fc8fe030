/** What a binary says of itself: custom sections, which engines give back and otherwise ignore. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** Read by src/kernels/identity.ts. */
const SECTION = 'mobinet';

/** Read by the tests: kernels of other sources would be tested in vain. */
export const SOURCES_SECTION = 'mobinet-sources';

/**
 * @param {Uint8Array} wasm
 * @param {import('../src/kernels/identity.ts').Identity} identity
 */
export function withIdentity(wasm, identity) {
  return withSection(wasm, SECTION, JSON.stringify(identity));
}

/**
 * @param {Uint8Array} wasm
 * @param {string} name
 * @param {string} text
 */
export function withSection(wasm, name, text) {
  const bytes = Buffer.from(name);
  const content = Buffer.concat([leb128(bytes.length), bytes, Buffer.from(text)]);
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
  const others = ['./kernels.js', './assembly.js', '../src/kernels/builds.ts'];
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
