/** The page's script: measures what the address asks for, at once. */

import { measure } from '../measure.js';

const query = new URLSearchParams(location.search);
const options = {
  address: query.get('address') ?? '',
  warmUp: Number(query.get('warmUp')),
  runs: Number(query.get('runs')),
  threads: Number(query.get('threads')),
};
const measurement = measure(() => import(`/code/${query.get('engine')}.js`), options);
// The runner asks for it later; until then, a failure is not an unhandled one.
measurement.catch(() => undefined);
Object.assign(window, { measurement });
