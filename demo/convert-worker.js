// @ts-check
/// <reference lib="webworker" />
/** Converts a foreign model, so that the page stays free meanwhile. */

self.addEventListener('message', async ({ data }) => {
  try {
    const library = new URL('dist/import/convert.js', import.meta.url).href;
    /** @type {typeof import('../src/import/convert.ts')} */
    const { convertModel } = await import(library);
    const { bytes, report } = await convertModel(data.bytes, { name: data.name });
    self.postMessage({ bytes, report });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
});
