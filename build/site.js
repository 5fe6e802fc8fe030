/**
 * Makes the site: the demo, the bench, the documents and the API reference in one folder that any host serves,
 * under any path and without headers.
 *
 *   npm run site                  # all of it, into site/
 *   node build/site.js --out DIR  # the API only where docs/api is there
 */

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DOCUMENTS, renderDocument } from './documents.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'site') } } });
const { out } = values;

/** Files of demo/ that are for those who work on it. */
const NOT_PUBLISHED =
  /(^|\/)(README\.md|tsconfig\.json|serve\.js|screenshot\.js|render\.js|types\.js)$/;

/** What of dist/ no page asks for. */
const NOT_IN_PAGES = /^(node|bundled)$|^cli\/(?!layers\.|layer-text\.)|\.(d\.ts|map|jsx|tsx)$/;

/**
 * @param {string} from in the repository
 * @param {string} to in the site
 * @param {(path: string) => boolean} [wanted] of what is below, by its path
 */
function copy(from, to, wanted = () => true) {
  const source = join(ROOT, from);
  cpSync(source, join(out, to), {
    recursive: true,
    filter: (path) => path === source || wanted(relative(source, path).replaceAll('\\', '/')),
  });
}

/**
 * @param {string} path in the site
 * @param {string} text
 */
function write(path, text) {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), text);
}

const hasApi = existsSync(join(ROOT, 'docs/api/index.html'));
rmSync(out, { recursive: true, force: true });
copy('demo', '', (path) => !NOT_PUBLISHED.test(path));
copy('dist', 'dist', (path) => !NOT_IN_PAGES.test(path));
copy('samples', 'samples', (path) => !path.endsWith('.md'));
copy('sample-signs', 'sample-signs', (path) => path.endsWith('.png'));
/** @type {{ url: string }[]} */
const models = JSON.parse(readFileSync(join(ROOT, 'demo/models.json'), 'utf8'));
for (const { url } of models) copy(url, url);
for (const page of ['index.html', 'bench.html']) {
  const text = readFileSync(join(out, page), 'utf8');
  const link = '  <a href="docs/index.html">Docs</a>\n      </nav>';
  write(page, text.replace('</nav>', link));
}
copy('build/documents.css', 'docs/documents.css');
for (const source of Object.keys(DOCUMENTS)) {
  const { address, html, files } = renderDocument(ROOT, source, hasApi);
  write(posix.join('docs', address), html);
  for (const file of files) copy(file, posix.join('docs/files', file));
}
if (hasApi) copy('docs/api', 'docs/api');
console.log(`${out}${hasApi ? '' : ', without the API reference: npm run docs makes it'}`);
