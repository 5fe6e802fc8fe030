/** A process of its own for one measurement: options come as JSON, the measurement goes back by IPC. */

import { measure } from '../measure.js';

const { engine, ...options } = JSON.parse(process.argv[2] ?? '{}');
try {
  const measurement = await measure(() => import(`./${engine}.js`), options);
  process.send?.({ measurement }, () => process.exit());
} catch (error) {
  process.send?.({ error: String(error) }, () => process.exit(1));
}
