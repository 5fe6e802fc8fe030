/**
 * What JavaScriptCore's own shell runs, bundled: it has WebAssembly, but nothing of the web's APIs, and no threads.
 * Prints the report as JSON.
 */

import { wasmFile } from '../../dist/kernels/builds.js';
import { createEngine } from '../../dist/runtime/engine.js';
import { probeFeatures } from '../../dist/runtime/features.js';
import { reportOf } from './cases.js';

/**
 * @typedef {object} Shell
 * @property {string} root set by the bundle's first line; ends with a slash
 * @property {(path: string, mode: 'binary') => Uint8Array} readFile
 * @property {(text: string) => void} print
 */
const { root, readFile, print } = /** @type {Shell} */ (/** @type {unknown} */ (globalThis));

/** The model's header, which is all that is decoded, is UTF-8. */
class Utf8Decoder {
  /** @param {Uint8Array} bytes */
  decode(bytes) {
    let escaped = '';
    for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`;
    return decodeURIComponent(escaped);
  }
}

const read = (/** @type {string} */ path) => Uint8Array.from(readFile(root + path, 'binary'));

Object.assign(globalThis, { TextDecoder: Utf8Decoder });
reportOf({
  readModel: async (file) => read(`models/${file}`),
  builds: probeFeatures(),
  threads: [1],
  compile: async (build, shared) => new WebAssembly.Module(read(`dist/${wasmFile(build, shared)}`)),
  open: (plan, module) => createEngine(plan, module),
}).then(
  (report) => print(JSON.stringify(report)),
  (error) => print(String(error)),
);
