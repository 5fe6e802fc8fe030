// @ts-check
/// <reference lib="webworker" />
/** Teaches a model, so that the page stays free meanwhile; one lesson a worker. */

/** Milliseconds between two reports of progress. */
const PACE = 100;

self.addEventListener('message', async ({ data }) => {
  try {
    await teach(data);
  } catch (error) {
    self.postMessage({
      type: 'failed',
      error: error instanceof Error ? error.message : String(error),
    });
  }
});

/** @param {import('./trainer.js').Lesson} lesson */
async function teach({ base, lessons, labels, name }) {
  const library = (/** @type {string} */ path) =>
    import(new URL(`../dist/teach/${path}`, import.meta.url).href);
  /** @type {[typeof import('../../src/teach/head.ts'), typeof import('../../src/teach/leave-one-out.ts'), typeof import('../../src/teach/taught-model.ts')]} */
  const [{ methodFor, trainHead }, { leaveOneOut }, { taughtModel }] = await Promise.all([
    library('head.js'),
    library('leave-one-out.js'),
    library('taught-model.js'),
  ]);
  const method = methodFor(lessons);
  const head = trainHead(lessons, method);
  const pictures = lessons.features.length;
  const write = (/** @type {Record<string, unknown>} */ provenance) =>
    taughtModel(base, { name, labels, head, provenance: { method, pictures, ...provenance } });
  self.postMessage({ type: 'taught', method, bytes: await write({}) });

  let done = 0;
  let told = performance.now();
  const predicted = leaveOneOut(lessons, method, head, () => {
    done++;
    if (performance.now() - told < PACE) return;
    told = performance.now();
    self.postMessage({ type: 'checking', share: done / pictures });
  });
  const right = predicted.filter((label, i) => label === lessons.classes[i]).length;
  const share = Number((right / pictures).toFixed(4));
  const bytes = await write({ leaveOneOut: share });
  self.postMessage({ type: 'checked', predicted, right, bytes });
}
