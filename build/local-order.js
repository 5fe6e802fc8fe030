/** The order of a function's locals, which means nothing, but to gzip. */

import binaryen from 'assemblyscript/binaryen';

/** A function in WebAssembly's text format, as Binaryen writes it, one of its locals, and a use of one. */
const FUNCTION = /\n(?= \(func )/;
const LOCAL = /^ {2}\(local (\$\d+) \w+\)$/;
const USE = /\(local\.(?:get|set|tee) (\$\d+)/g;

/**
 * Numbers the locals of every function anew, in the order of their first use (and by type, as binaries have
 * them, in the order of the types' first use). So code that is alike, of which the kernels of two types of
 * activations have much, is alike in its bytes as well.
 * @param {Uint8Array} wasm
 * @returns {Uint8Array}
 */
export function withLocalsInOrder(wasm) {
  const module = binaryen.readBinary(wasm);
  module.setFeatures(binaryen.Features.All);
  const text = module.emitText().split(FUNCTION).map(reordered).join('\n');
  module.dispose();
  const ordered = binaryen.parseText(text);
  ordered.setFeatures(binaryen.Features.All);
  const bytes = ordered.emitBinary();
  ordered.dispose();
  return bytes;
}

function reordered(/** @type {string} */ text) {
  const lines = text.split('\n');
  const order = Array.from(text.matchAll(USE), ([, name]) => name);
  const locals = lines.flatMap((line) => {
    const [, name = ''] = LOCAL.exec(line) ?? [];
    return name === '' ? [] : [{ line, place: order.indexOf(name) }];
  });
  locals.sort((a, b) => a.place - b.place);
  return lines.map((line) => (LOCAL.test(line) ? locals.shift()?.line : line)).join('\n');
}
