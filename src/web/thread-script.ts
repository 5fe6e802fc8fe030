/** The script of a thread in a browser. */

import { serveThread, type ThreadStart } from '../runtime/thread.ts';

globalThis.addEventListener('message', ({ data }: MessageEvent<ThreadStart>) => {
  serveThread(data, (report) => globalThis.postMessage(report));
});
