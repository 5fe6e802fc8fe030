/**
 * The licences of everything that the package depends on, as package-lock.json has them:
 *
 *     npm run licences
 *
 * Fails where one is unknown, or not among those that go with Apache-2.0.
 */

import { readFileSync } from 'node:fs';

const ALLOWED = new Set([
  ...['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0'],
  // The documentation's tools alone.
  'Python-2.0',
]);

/** What else is there, and why it may be. */
const EXCEPTIONS = [
  {
    name: /^@img\/sharp-/,
    licences: ['LGPL-3.0-or-later'],
    why: "libvips is a shared library of its own, which sharp's users may replace",
  },
  { name: /^caniuse-lite$/, licences: ['CC-BY-4.0'], why: 'data of a tool for tests' },
  { name: /^lightningcss/, licences: ['MPL-2.0'], why: 'a tool for tests, used as it is' },
];

/**
 * Every dependency of a lock file whose licence is not allowed, with that licence.
 * @param {{ packages: Record<string, { license?: string, link?: boolean }> }} lock
 */
export function strangers({ packages }) {
  return Object.entries(packages).flatMap(([path, { license = 'none', link }]) => {
    if (path === '' || link) return [];
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const exception = EXCEPTIONS.find((entry) => entry.name.test(name))?.licences ?? [];
    const isFine = (/** @type {string} */ licence) =>
      ALLOWED.has(licence) || exception.includes(licence);
    return licencesOf(license).some((all) => all.every(isFine)) ? [] : [`${name}: ${license}`];
  });
}

/**
 * An expression's choices, each of licences that hold together.
 * @param {string} expression such as `MIT OR (Apache-2.0 AND ISC)`
 */
function licencesOf(expression) {
  return expression
    .replace(/[()]/g, '')
    .split(' OR ')
    .map((choice) => choice.split(' AND '));
}

/** @param {string} file */
function read(file) {
  return JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
}

if (process.argv[1]?.endsWith('licences.js')) {
  for (const file of ['package-lock.json', 'docs/package-lock.json']) {
    const lock = read(file);
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const [path, { license = 'none' }] of Object.entries(lock.packages)) {
      if (path !== '') counts.set(license, (counts.get(license) ?? 0) + 1);
    }
    console.log(`${file}: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}`);
    for (const stranger of strangers(lock)) {
      console.error(`not allowed: ${stranger}`);
      process.exitCode = 1;
    }
  }
}
