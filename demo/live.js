// @ts-check
import { createFrameRate } from './frame-rate.js';

/**
 * @typedef {import('./types.js').Classification} Classification
 * @typedef {import('./types.js').Classifier} Classifier
 */

/**
 * Labels for what a playing video shows, by the model in use, also where that changes meanwhile.
 * @param {HTMLVideoElement} video
 * @param {object} events
 * @param {() => Promise<Classifier>} events.classifier
 * @param {() => Promise<void>} events.idle resolves when nothing else needs the processor
 * @param {(classification: Classification, framesPerSecond: number | undefined) => void} events.onFrame
 * @param {(error: unknown) => void} events.onError
 * @param {import('../src/worker/index.ts').VideoOptions} [options]
 */
export function watch(video, { classifier, idle, onFrame, onError }, options) {
  const rate = createFrameRate();
  let watching = true;
  /** @type {ReturnType<Classifier['stream']> | undefined} */
  let frames;

  async function follow() {
    while (watching) {
      const used = await classifier();
      frames = used.stream(video, options);
      try {
        for await (const classification of frames) {
          if (watching) onFrame(classification, rate.tick());
          await idle();
        }
      } catch (error) {
        // What a model says that is no longer in use does not matter.
        if (watching && used === (await classifier())) throw error;
      }
      // It ended by itself, and not because another model is in use.
      if (used === (await classifier())) return;
    }
  }
  follow().catch(onError);

  return {
    /** Another model is in use. */
    renew: () => void frames?.return?.(),
    stop() {
      watching = false;
      frames?.return?.();
    },
  };
}
