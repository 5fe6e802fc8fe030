// @ts-check
/**
 * @typedef {import('../src/worker/index.ts').Classification} Classification
 * @typedef {import('../src/worker/index.ts').Classifier} Classifier
 * @typedef {import('../src/worker/index.ts').ModelDescription} ModelDescription
 * @typedef {import('../src/worker/index.ts').Prediction} Prediction
 * @typedef {import('../src/worker/index.ts').StepTime} StepTime
 * @typedef {import('../src/worker/index.ts').LoadProgress} LoadProgress
 *
 * @typedef {object} ModelEntry an entry of models.json, or a model of the visitor's own
 * @property {string} name
 * @property {string} url from the page on
 * @property {string} note one sentence about it
 * @property {string} topic models of one topic are compared, and have the same sample pictures
 * @property {number} [top1] share of the validation pictures that it names first, 0..1
 * @property {Uint8Array} [bytes] the model file, where it has no address
 */

export {};
