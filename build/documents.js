/** Markdown of this repository as pages of the site. */

import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { Marked } from 'marked';

/** The documents in the order of the menu: title and address below docs/ of the site. */
export const DOCUMENTS = /** @type {Readonly<Record<string, readonly [string, string]>>} */ ({
  'README.md': ['Start', 'index.html'],
  'docs/pictures.md': ['Pictures', 'pictures.html'],
  'docs/video.md': ['Video', 'video.html'],
  'docs/teaching.md': ['Teaching', 'teaching.html'],
  'docs/import.md': ['Import', 'import.html'],
  'docs/scale.md': ['Scale', 'scale.html'],
  'models/README.md': ['Models', 'models.html'],
  'training/README.md': ['Training', 'training.html'],
  'training/RESULTS.md': ['Results of training', 'results.html'],
  'demo/README.md': ['This page', 'demo.html'],
  'bench/README.md': ['Measurements', 'measurements.html'],
  'docs/model-format.md': ['Model format', 'model-format.html'],
  'docs/fixed-point.md': ['Fixed point', 'fixed-point.html'],
  'docs/architecture.md': ['Architecture', 'architecture.html'],
  'samples/README.md': ['Samples', 'samples.html'],
  'sample-signs/README.md': ['Sample signs', 'sample-signs.html'],
});

/**
 * A document as a page, and the files of the repository that it shows.
 * @param {string} root of the repository
 * @param {string} source of the table
 * @param {boolean} hasApi whether the API reference is there
 * @throws Error where a link leads nowhere
 */
export function renderDocument(root, source, hasApi) {
  const [title, address] = DOCUMENTS[source] ?? [source, source];
  /** @type {Set<string>} */
  const files = new Set();

  /**
   * Where a link leads in the site; undefined for what of the repository is not published.
   * @param {string} href
   */
  function published(href) {
    if (/^([a-z]+:|#)/i.test(href)) return href;
    const [path = '', fragment] = href.split('#');
    const target = posix.normalize(posix.join(posix.dirname(source), path));
    const document = DOCUMENTS[target];
    if (document) return fragment ? `${document[1]}#${fragment}` : document[1];
    if (!existsSync(join(root, target))) throw new Error(`${source} links to ${href}: not there`);
    if (!/\.(png|svg|jpg)$/.test(target)) return undefined;
    files.add(target);
    return `files/${target}`;
  }

  const marked = new Marked({
    renderer: {
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const to = published(href);
        return to === undefined ? text : `<a href="${to}">${text}</a>`;
      },
      image({ href, text }) {
        return `<img src="${published(href)}" alt="${text}" loading="lazy">`;
      },
      heading({ depth, tokens, text }) {
        const id = text
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-');
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      table({ header, rows }) {
        const cell = (
          /** @type {import('marked').Tokens.TableCell} */ { tokens, align, header },
        ) => {
          const tag = header ? 'th' : 'td';
          const numeric = align === 'right' ? ' class="numeric"' : '';
          return `<${tag}${numeric}>${this.parser.parseInline(tokens)}</${tag}>`;
        };
        const row = (/** @type {import('marked').Tokens.TableCell[]} */ cells) =>
          `<tr>${cells.map(cell).join('')}</tr>`;
        const body = rows.map(row).join('\n');
        return `<div class="scroller"><table><thead>${row(header)}</thead><tbody>${body}</tbody></table></div>\n`;
      },
    },
  });
  const content = String(marked.parse(readFileSync(join(root, source), 'utf8')));
  return { address, files, html: page(title, address, content, hasApi) };
}

/**
 * @param {string} title
 * @param {string} address
 * @param {string} content
 * @param {boolean} hasApi
 */
function page(title, address, content, hasApi) {
  const menu = Object.values(DOCUMENTS).map(([name, to]) => {
    const current = to === address ? ' aria-current="page"' : '';
    return `<li><a href="${to}"${current}>${name}</a></li>`;
  });
  if (hasApi) menu.push('<li><a href="api/index.html">API reference</a></li>');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
    <title>${title} · MoBiNet</title>
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="../icons/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="../style.css">
    <link rel="stylesheet" href="documents.css">
  </head>
  <body>
    <header class="masthead">
      <p class="wordmark"><img src="../icons/icon.svg" width="26" height="26" alt="">MoBiNet</p>
      <nav class="tabs" aria-label="Parts of this site">
        <a href="../">Classify</a>
        <a href="../#teach">Teach</a>
        <a href="../bench.html">Bench</a>
        <a href="index.html" aria-current="page">Docs</a>
      </nav>
    </header>
    <main class="documents">
      <nav class="menu" aria-label="Documents"><ul>${menu.join('\n')}</ul></nav>
      <article>${content}</article>
    </main>
    <footer><p>MoBiNet runs on your device; this site keeps nothing of you.</p></footer>
  </body>
</html>
`;
}
