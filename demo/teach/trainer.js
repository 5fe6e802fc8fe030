// @ts-check
/**
 * @typedef {object} Lesson
 * @property {Uint8Array} base model file that the features are of
 * @property {import('../../src/teach/head.ts').Lessons} lessons
 * @property {string[]} labels by class index
 * @property {string} name of the new model
 *
 * @typedef {{ type: 'taught', method: string, bytes: Uint8Array }} Taught a model to try
 * @typedef {{ type: 'checking', share: number }} Checking how far leaving each picture out has come
 * @typedef {{ type: 'checked', predicted: (number | undefined)[], right: number, bytes: Uint8Array }} Checked
 * @typedef {Taught | Checking | Checked | { type: 'failed', error: string }} Report
 */

/**
 * Teaches in a worker; a newer lesson takes the place of one that is under way.
 * @param {(report: Report, lesson: Lesson) => void} onReport
 */
export function createTrainer(onReport) {
  /** @type {Worker | undefined} */
  let worker;
  function stop() {
    worker?.terminate();
    worker = undefined;
  }
  return {
    stop,
    /** @param {Lesson} lesson */
    teach(lesson) {
      stop();
      const started = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
      worker = started;
      started.addEventListener(
        'message',
        ({ data }) => started === worker && onReport(data, lesson),
      );
      started.addEventListener('error', () => {
        onReport({ type: 'failed', error: 'The teacher cannot be loaded' }, lesson);
      });
      started.postMessage(lesson);
    },
  };
}
