// @ts-check
/**
 * Serves the demo page at `/`, and beside it dist/, models/ and the samples of the repository.
 *
 *   node demo/serve.js [--port 8080] [--host localhost]
 */

import { createReadStream, existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const DEMO = fileURLToPath(new URL('.', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
const REPOSITORY_FOLDERS = ['dist', 'models', 'samples', 'sample-signs'];

/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.safetensors': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.ts': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; " +
    "img-src 'self' blob: data:; style-src 'self'; connect-src 'self'; media-src 'self' blob:",
  // An isolated page has the fine clock that the layer profile needs.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

/**
 * The file that a path of the site names; undefined where it is none of the site's.
 * @param {string} pathname decoded, from `/` on
 */
function fileOf(pathname) {
  const path = normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
  const [, folder = '', ...rest] = path.split(sep);
  const hidden = [folder, ...rest].some((part) => part.startsWith('.'));
  if (hidden || path.includes('\0')) return undefined;
  return join(REPOSITORY_FOLDERS.includes(folder) ? REPOSITORY : DEMO, path);
}

/** `models.json` without the models whose files are not there. */
async function presentModels() {
  /** @type {{ url: string }[]} */
  const models = JSON.parse(await readFile(join(DEMO, 'models.json'), 'utf8'));
  return JSON.stringify(models.filter(({ url }) => existsSync(fileOf(`/${url}`) ?? '')));
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function answer(request, response) {
  /** @type {(status: number, text: string, headers?: Record<string, string>) => void} */
  const end = (status, text, headers = {}) => {
    const type = { 'Content-Type': 'text/plain; charset=utf-8' };
    response.writeHead(status, { ...HEADERS, ...type, ...headers }).end(text);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return end(405, 'Only GET and HEAD', { Allow: 'GET, HEAD' });
  }
  const [address = '/'] = (request.url ?? '/').split('?');
  if (address === '/demo' || address.startsWith('/demo/')) {
    return end(308, '', { Location: `/${address.slice('/demo/'.length)}` });
  }
  let path;
  try {
    path = fileOf(decodeURIComponent(address));
  } catch {
    return end(400, 'Not an address');
  }
  if (address === '/models.json')
    return end(200, await presentModels(), { 'Content-Type': 'application/json' });
  const entry = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path === undefined || !entry?.isFile()) return end(404, 'No such file');

  const tag = `"${entry.size.toString(36)}-${Math.trunc(entry.mtimeMs).toString(36)}"`;
  if (request.headers['if-none-match'] === tag) {
    return void response.writeHead(304, { ...HEADERS, ETag: tag }).end();
  }
  response.writeHead(200, {
    ...HEADERS,
    ETag: tag,
    'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
    'Content-Length': entry.size,
  });
  if (request.method === 'HEAD') return void response.end();
  // A visitor may leave before the end.
  await pipeline(createReadStream(path), response).catch(() => response.destroy());
}

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    host: { type: 'string', default: 'localhost' },
  },
});
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`--port is ${values.port}: a whole number from 0 to 65535 is wanted`);
  process.exit(1);
}

const server = createServer((request, response) => void answer(request, response));
server.on('error', (error) => {
  console.error(`Cannot serve on ${values.host}, port ${port}: ${error.message}`);
  process.exit(1);
});
server.listen(port, values.host, () => {
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  const host = values.host.includes(':') ? `[${values.host}]` : values.host;
  console.log(`http://${host}:${actual}/`);
});
