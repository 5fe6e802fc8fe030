// @ts-check
/** A model file of the visitor's own; ONNX and TensorFlow Lite are converted. */

/** @typedef {import('../src/import/convert.ts').ConversionReport} ConversionReport */

/**
 * @param {File} file
 * @returns {Promise<{ bytes: Uint8Array, report?: ConversionReport }>}
 * @throws Error in words for the visitor
 */
export async function readOwnModel(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (/\.safetensors$/i.test(file.name)) return { bytes };
  const name = file.name.replace(/\.[^.]*$/, '');
  const worker = new Worker(new URL('convert-worker.js', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      worker.addEventListener('message', ({ data }) =>
        'error' in data ? reject(new Error(data.error)) : resolve(data),
      );
      worker.addEventListener('error', () => reject(new Error('The converter cannot be loaded')));
      worker.postMessage({ bytes, name }, [bytes.buffer]);
    });
  } finally {
    worker.terminate();
  }
}

/**
 * What became of a foreign model, in a sentence or two.
 * @param {ConversionReport} report
 */
export function conversionText({ kind, layers, notes, warnings }) {
  const binary = layers.filter((layer) => layer.as === 'bits').length;
  const converted = `Converted from ${kind}: ${binary} of ${layers.length} convolutions and dense layers are bits.`;
  return [converted, ...[...warnings, ...notes].map((note) => `${capital(note)}.`)].join(' ');
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
