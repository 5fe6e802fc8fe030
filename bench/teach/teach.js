/**
 * Teaching a few classes: accuracy on pictures that were not taught, and the seconds that it took.
 *
 *     node bench/teach/teach.js val/ features.json && python bench/teach/compare.py features.json
 *
 * @param folder of class folders: the first five classes, by name
 * @param out the features and the split, for compare.py
 */

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel } from '../../dist/node/index.js';
import { methodFor, predict, trainHead } from '../../dist/teach/head.js';
import { leaveOneOut } from '../../dist/teach/leave-one-out.js';

const CLASSES = 5;
const [folder, out] = process.argv.slice(2);
if (folder === undefined || out === undefined) throw new Error('teach.js FOLDER OUT.json');

const model = await loadModel();
const labels = readdirSync(folder).sort().slice(0, CLASSES);
/** @type {{ label: number, features: Float32Array }[][]} by class */
const pictures = [];
for (const [label, name] of labels.entries()) {
  const files = readdirSync(join(folder, name)).sort();
  const embedded = [];
  for (const file of files) {
    embedded.push({ label, features: await model.embed(join(folder, name, file)) });
  }
  pictures.push(embedded);
}

const runs = [5, 10, 20].map((count) => {
  const taught = pictures.flatMap((list) => list.slice(0, count));
  const rest = pictures.flatMap((list) => list.slice(count));
  const lessons = {
    features: taught.map(({ features }) => features),
    classes: taught.map(({ label }) => label),
    classCount: CLASSES,
  };
  const accuracies = /** @type {const} */ (['nearest centroid', 'logistic regression']).map(
    (method) => {
      const begin = performance.now();
      const head = trainHead(lessons, method);
      const seconds = (performance.now() - begin) / 1000;
      const left = leaveOneOut(lessons, method, head);
      const share = (/** @type {boolean[]} */ right) => right.filter(Boolean).length / right.length;
      return {
        method,
        chosen: method === methodFor(lessons),
        accuracy: share(rest.map(({ features, label }) => predict(head, features) === label)),
        leaveOneOut: share(left.map((label, i) => label === lessons.classes[i])),
        seconds,
      };
    },
  );
  console.log(`${count} pictures a class, ${rest.length} others`);
  console.table(accuracies);
  const plain = (/** @type {typeof rest} */ list) =>
    list.map(({ label, features }) => ({ label, features: [...features] }));
  return { count, accuracies, taught: plain(taught), rest: plain(rest) };
});
writeFileSync(out, JSON.stringify(runs));
