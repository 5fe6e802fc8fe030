import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { writeSnippets } from '../helpers/snippets.ts';
import { ROOT } from '../package/tarball.ts';
import { row, versionOf } from './row.ts';
import { freePort, whileServing } from './serve.ts';

test('docs/cloudflare.md in workerd', async () => {
  const folder = inject('platforms');
  row({
    kind: 'Servers and scripts',
    setUp: `Cloudflare's workerd ${versionOf('workerd', folder)}, by Wrangler ${versionOf('wrangler', folder)}`,
    ran: 'the Worker of [cloudflare.md](cloudflare.md), one thread, a PNG file',
    configuration: '`wasm`; a rule for the model',
  });
  writeSnippets('docs/cloudflare.md', folder);
  const port = await freePort();
  const wrangler = join(folder, 'node_modules/wrangler/bin/wrangler.js');
  const args = ['dev', '--ip', '127.0.0.1', '--port', String(port)];
  await whileServing([process.execPath, wrangler, ...args], folder, /Ready on/, async () => {
    const body = readFileSync(join(ROOT, 'samples/chelsea.png'));
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
    expect(await response.json()).toMatchObject([{ label: expect.stringMatching(/\w/) }]);
  });
});
