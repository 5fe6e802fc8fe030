/** Serves the page, the bundled engines and the models, and counts what is downloaded. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { wasmFiles } from '../../dist/kernels/builds.js';
import { CONTESTANTS } from './contestants.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const MODULES = join(here, 'node_modules');

/** Folders by the path under which they are served. */
const FOLDERS = {
  '/models/': join(here, 'models/out'),
  '/onnxruntime-web/': join(MODULES, 'onnxruntime-web/dist'),
  '/tfjs/': join(MODULES, '@tensorflow/tfjs-backend-wasm/dist'),
  '/litert/': join(MODULES, '@litertjs/core/wasm'),
};

/** @type {Record<string, string>} */
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** As a page of one engine has it: what the script imports is asked for along with it. */
const pageOf = (/** @type {string} */ engine) => `<!doctype html><meta charset="utf-8">
<link rel="icon" href="data:,"><link rel="modulepreload" href="/code/${engine}.js">
<script type="module" src="/code/page.js"></script>`;

/** Bytes to download: code as it is and gzipped, model files. */
/** @typedef {{ code: number, codeGzip: number, model: number }} Downloads */

/**
 * The engines as a web page would ship them: bundled, minified, tree-shaken.
 * @returns {Promise<Map<string, Uint8Array>>} by path; engines that do not bundle are missing
 */
async function bundles() {
  const engines = new Set(
    CONTESTANTS.flatMap((one) => (one.where === 'chromium' ? one.engine : [])),
  );
  /** @type {Map<string, Uint8Array>} */
  const files = new Map();
  for (const engine of engines) files.set(`/pages/${engine}.html`, Buffer.from(pageOf(engine)));
  const entries = ['page', ...engines].map((name) => [name, join(here, `browser/${name}.js`)]);
  entries.push(['worker', join(here, '../../dist/worker/worker.js')]);
  entries.push(['thread-script', join(here, '../../dist/web/thread-script.js')]);
  for (const [name, entry] of entries) {
    try {
      const { outputFiles } = await build({
        entryPoints: [String(entry)],
        bundle: true,
        minify: true,
        write: false,
        format: 'esm',
        platform: 'browser',
        target: 'es2022',
        external: ['/code/*'],
        logLevel: 'silent',
      });
      files.set(
        `/code/${name}.js`,
        /** @type {import('esbuild').OutputFile} */ (outputFiles[0]).contents,
      );
    } catch (error) {
      console.error(`${entry} cannot be bundled: ${error}`);
    }
  }
  // Read once, so that a build of the package meanwhile cannot change what is measured.
  for (const name of wasmFiles()) {
    const file = join(here, '../../dist', name);
    if (existsSync(file)) files.set(`/${name}`, readFileSync(file));
  }
  return files;
}

/**
 * @returns {Promise<{ origin: string, takeDownloads(): Downloads, close(): void }>} `takeDownloads`
 *   tells what was downloaded since it was last called
 */
export async function serve() {
  const files = await bundles();
  /** @type {Set<string>} */
  let asked = new Set();
  const contentOf = (/** @type {string} */ path) => {
    const bundled = files.get(path);
    if (bundled !== undefined) return bundled;
    const folder = Object.entries(FOLDERS).find(([prefix]) => path.startsWith(prefix));
    if (folder === undefined) return undefined;
    const file = join(folder[1], path.slice(folder[0].length));
    const inside = file.startsWith(folder[1]) && existsSync(file) && statSync(file).isFile();
    return inside ? readFileSync(file) : undefined;
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const content = contentOf(pathname);
    if (content === undefined) return response.writeHead(404).end();
    asked.add(pathname);
    const type = TYPES[extname(pathname)] ?? 'application/octet-stream';
    const headers = {
      'content-type': type,
      'content-length': content.length,
      'cache-control': 'no-store',
      // Of the pages, only those for several threads are cross-origin isolated.
      'cross-origin-embedder-policy': 'require-corp',
      ...(Number(searchParams.get('threads')) > 1
        ? { 'cross-origin-opener-policy': 'same-origin' }
        : {}),
    };
    return response.writeHead(200, headers).end(content);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());

  /** @type {Map<string, number>} */
  const zipped = new Map();
  const gzipBytes = (/** @type {string} */ path, /** @type {Uint8Array} */ content) => {
    const bytes = zipped.get(path) ?? gzipSync(content, { level: 9 }).length;
    zipped.set(path, bytes);
    return bytes;
  };
  return {
    origin: `http://localhost:${address.port}`,
    takeDownloads() {
      const downloads = { code: 0, codeGzip: 0, model: 0 };
      for (const path of asked) {
        const content = contentOf(path);
        if (content === undefined || path.startsWith('/pages/') || path === '/code/page.js')
          continue;
        if (path.startsWith('/models/')) {
          downloads.model += content.length;
        } else {
          downloads.code += content.length;
          downloads.codeGzip += gzipBytes(path, content);
        }
      }
      asked = new Set();
      return downloads;
    },
    close: () => server.close(),
  };
}
