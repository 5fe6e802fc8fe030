import { existsSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../dist/node/index.js';
import { tinyModelFile } from '../helpers/model-file.ts';
import { snippet, snippetsOf } from '../helpers/snippets.ts';
import { row } from '../platforms/row.ts';
import { installTarball, ROOT } from './tarball.ts';

const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html',
};

/** The headers that a document says to send. */
function headersIn(document: string): Record<string, string>[] {
  const blocks = snippetsOf(document).filter(({ language }) => language === 'http');
  return blocks.map(({ code }) =>
    Object.fromEntries(
      [...code.matchAll(/^([\w-]+): (.*)$/gm)].map(([, name, value]) => [name, value]),
    ),
  );
}

const [ISOLATED] = headersIn('docs/threads.md') as [Record<string, string>];
const [POLICY, CDN_POLICY] = headersIn('docs/csp.md').map(
  (headers) => headers['Content-Security-Policy']!,
) as [string, string];
const CDN = 'https://cdn.example';

interface Site {
  readonly origin: string;
  /** Paths asked for. */
  readonly requests: string[];
  /** Sent with everything. */
  headers: Record<string, string>;
  /** Content by path, in place of files. */
  readonly pages: Map<string, string | Uint8Array>;
  readonly server: Server;
}

/** Serves the files of `folder` on an origin of its own. */
async function openSite(folder: string): Promise<Site> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    site.requests.push(pathname);
    for (const [name, value] of Object.entries(site.headers)) response.setHeader(name, value);
    response.setHeader('content-type', TYPES[extname(pathname)] ?? 'application/octet-stream');
    try {
      response.end(site.pages.get(pathname) ?? (await readFile(join(folder, pathname))));
    } catch {
      response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const site: Site = { origin, requests: [], headers: {}, pages: new Map(), server };
  return site;
}

/** What a page's author writes; the title says what came of it. */
const page = (
  library: string,
  model: string,
) => `<!doctype html><meta charset="utf-8"><title>waiting</title>
<script type="module">
import { createClassifier } from '${library}';
try {
  const classifier = await createClassifier('${model}', { threads: 2, build: 'simd' });
  const picture = await (await fetch('/samples/chelsea.png')).blob();
  const { predictions } = await classifier.classify(picture, { topK: 1 });
  const { threads, threadsReason } = classifier.describe();
  document.title = 'on ' + (threadsReason ?? threads) + ': ' + predictions[0].label;
} catch (error) {
  document.title = error.code + ': ' + error.message;
}
</script>`;

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const missing = existsSync(EXECUTABLE) ? '' : ` (skipped: no Chromium at ${EXECUTABLE})`;

describe.skipIf(missing !== '')(`from a CDN, in Chromium${missing}`, () => {
  let folder: string;
  let browser: Browser;
  let cdn: Site;
  let ours: Site;
  /** Of the picture, as Node has it. */
  let label: string;
  beforeAll(async () => {
    folder = installTarball();
    cdn = await openSite(join(folder, 'node_modules/mobinet/dist'));
    cdn.headers['access-control-allow-origin'] = '*';
    ours = await openSite(ROOT);
    const model = await loadModel(join(ROOT, 'models/mobinet-mid-k3-w50-64.safetensors'));
    const { predictions } = await model.classify(join(ROOT, 'samples/chelsea.png'));
    label = predictions[0]!.label;
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] });
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    for (const site of [cdn, ours]) {
      site?.server.close();
      site?.server.closeAllConnections();
    }
    rmSync(folder, { recursive: true });
  });

  const MODEL = '/models/mobinet-mid-k3-w50-64.safetensors';

  async function visit(
    library: string,
    headers: Record<string, string>,
    model = MODEL,
  ): Promise<string> {
    return titleOf(page(library, model), headers);
  }
  async function titleOf(html: string, headers: Record<string, string>): Promise<string> {
    ours.headers = headers;
    ours.pages.set('/page.html', html);
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.goto(`${ours.origin}/page.html`);
    await tab.waitForFunction(() => document.title !== 'waiting', undefined, { timeout: 30_000 });
    const title = await tab.title();
    await context.close();
    return title;
  }
  function cdnRow(ran: string, configuration: string, result?: string): void {
    const setUp = `Chromium ${browser.version()}`;
    row({ kind: 'Pages', setUp, ran, configuration, ...(result && { result }) });
  }
  /** The page's own script is in the page. */
  const policy = (text: string) => ({
    'content-security-policy': `default-src 'self'; ${text
      .replaceAll(CDN, cdn.origin)
      .replace("script-src 'self'", "$& 'unsafe-inline'")}`,
  });

  test('one file and its kernels, two requests', async () => {
    cdnRow('`mobinet.min.js` from another origin', 'none');
    cdn.requests.length = 0;
    expect(await visit(`${cdn.origin}/mobinet.min.js`, {})).toContain(`: ${label}`);
    // Once for the page; the worker has it from there, or asks for the same address.
    expect(new Set(cdn.requests)).toEqual(
      new Set(['/mobinet.min.js', '/mobinet.simd-common.wasm']),
    );
  });

  test('one file, on two threads where the page is isolated', async () => {
    cdnRow('the same on two threads', 'headers that isolate the page');
    const title = await visit(`${cdn.origin}/mobinet.min.js`, ISOLATED);
    expect(title).toBe(`on 2: ${label}`);
  });

  test.each(['/mobinet.min.js', '/worker/index.js'])(
    '%s under a policy that allows it',
    async (path) => {
      const ran = `\`${path.slice(1)}\` from another origin, two threads, under a policy`;
      cdnRow(ran, '`blob:` and the origin in `worker-src`');
      const headers = { ...policy(CDN_POLICY), ...ISOLATED };
      expect(await visit(cdn.origin + path, headers)).toBe(`on 2: ${label}`);
    },
  );

  test.each(['/mobinet.min.js', '/worker/index.js'])(
    '%s with a model of kernels that are not common, under the same policy',
    async (path) => {
      ours.pages.set('/uncommon.safetensors', await tinyModelFile());
      const headers = { ...policy(CDN_POLICY), ...ISOLATED };
      const title = await visit(cdn.origin + path, headers, '/uncommon.safetensors');
      expect(title).toMatch(/^on 2: (ant|bee|cat|dog|eel)$/);
      expect(cdn.requests).toContain('/kernels/uncommon.js');
    },
  );

  test.each(['/mobinet.min.js', '/worker/index.js'])(
    '%s under a policy without blob workers: WORKER_FAILED, and the hint says what to allow',
    async (path) => {
      const ran = `\`${path.slice(1)}\` from another origin, under a policy without \`blob:\``;
      cdnRow(ran, '', 'refused, and the error says what to allow');
      const title = await visit(cdn.origin + path, policy(CDN_POLICY.replace('blob:', '')));
      expect(title).toMatch(/^WORKER_FAILED: .*blob:/);
    },
  );

  test('one file from the page’s own origin needs no blob worker', async () => {
    cdnRow(
      '`mobinet.min.js` from its own origin, two threads, under a policy',
      "`'wasm-unsafe-eval'`",
    );
    const headers = { ...policy(POLICY), ...ISOLATED };
    expect(await visit('/dist/mobinet.min.js', headers)).toBe(`on 2: ${label}`);
  });

  test('the lines of docs/cdn.md, under the policy of docs/csp.md', async () => {
    const code = snippet('docs/cdn.md', 'From a CDN', 'html')
      .replace(`${CDN}/mobinet/dist`, cdn.origin)
      .replace('</script>', 'document.title = classifier.build;</script>');
    const html = `<!doctype html><title>waiting</title>${code}`;
    expect(await titleOf(html, policy(CDN_POLICY))).toMatch(/^(simd|relaxed)$/);
  });
});
