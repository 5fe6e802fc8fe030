/** Module workers of scripts that may be of another origin than the page. */

/** Whether a script's address is one that the page may not start a worker from. */
export function isForeign(address: string | URL): boolean {
  const { protocol, origin } = new URL(address, globalThis.location?.href);
  // A bundler may have put the `file:` address of the build in place of `import.meta.url`.
  return /^https?:$/.test(protocol) && origin !== globalThis.location?.origin;
}

/**
 * Starts a module worker. Workers must be of the page's origin, so a script of another one (a CDN's)
 * is imported by a worker that is, made of a Blob. That takes CORS headers on the script and, under
 * a Content-Security-Policy, `blob:` and the script's origin in worker-src.
 * @throws DOMException where the browser refuses at once; otherwise the worker has an error event
 */
export function startModuleWorker(address: string | URL): Worker {
  if (!isForeign(address)) return new Worker(address, { type: 'module' });
  const script = `import ${JSON.stringify(String(address))};`;
  const local = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(local, { type: 'module' });
  const release = () => URL.revokeObjectURL(local);
  worker.addEventListener('message', release, { once: true });
  worker.addEventListener('error', release, { once: true });
  return worker;
}
