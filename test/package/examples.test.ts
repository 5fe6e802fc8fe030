/**
 * The examples of the docstrings run, and print what they say. Those of `mobinet/node` run in Node,
 * those of `mobinet` and `mobinet/worker` in a page of Chromium.
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as core from '../../src/index.ts';
import * as node from '../../src/node/index.ts';
import * as worker from '../../src/worker/index.ts';
import { describeInChromium } from '../browser/chromium.ts';
import { ROOT } from './tarball.ts';

interface Example {
  /** What it is of. */
  readonly of: string;
  readonly file: string;
  readonly code: string;
  /** The lines that it says it prints: comments below `console.log`. */
  readonly output: readonly string[];
}

const BLOCK = /\/\*\*(?:(?!\*\/)[\s\S])*?\*\/\s*(?:export )?(?:async )?(?:function )?(\w+)/g;

function examplesOf(file: string): Example[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(BLOCK)].flatMap(([comment, of]) => {
    const plain = comment.replace(/^ *\* ?/gm, '');
    return [...plain.matchAll(/@example\n```js\n([\s\S]*?)```/g)].map(([, code]) => ({
      of: of!,
      file,
      code: code!,
      output: [...code!.matchAll(/^\/\/ (.*)$/gm)].map(([, line]) => line!),
    }));
  });
}

const examples = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => examplesOf(`src/${file}`));
const isForNode = ({ code }: Example) => code.includes("'mobinet/node'");

/** So that Node and a browser print alike: strings as they are, all else as JSON. */
const PRINT =
  'const print = (...all) =>' +
  ' all.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join(" ");';

test.each([
  ['mobinet', core],
  ['mobinet/node', node],
  ['mobinet/worker', worker],
])('every function that %s exports has an example', (entry, exported) => {
  const functions = Object.entries(exported).flatMap(([name, value]) =>
    typeof value === 'function' && !(value.prototype instanceof Error) ? [name] : [],
  );
  expect(functions.length).toBeGreaterThan(0);
  const own = examples.filter(({ code }) => code.includes(`from '${entry}'`));
  for (const name of functions) expect(own.map(({ of }) => of)).toContain(name);
});

describe('in Node', () => {
  test.each(examples.filter(isForNode))('$of, $file', ({ code, output }) => {
    expect(output.length).toBeGreaterThan(0);
    const printing = code.replaceAll('console.log(', 'say(');
    const script = `${PRINT}\nconst say = (...all) => console.log(print(...all));\n${printing}`;
    const args = ['--input-type=module', '--eval', script];
    const printed = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
    expect(printed.trim().split('\n')).toEqual(output);
  });
});

describeInChromium('in a page', (fixture) => {
  test.each(examples.filter((example) => !isForNode(example)))(
    '$of, $file',
    async ({ code, output }) => {
      expect(output.length).toBeGreaterThan(0);
      const page = await fixture.open();
      const script = code
        .replace("'mobinet/worker'", "'/dist/worker/index.js'")
        .replace("'mobinet'", "'/dist/index.js'")
        .replaceAll('console.log(', 'say(');
      fixture.server.answers.set('/example.js', (response) => {
        response.setHeader('content-type', 'text/javascript');
        response.end(`${PRINT}
          export const lines = [];
          const say = (...all) => lines.push(print(...all));
          ${script}`);
      });
      // As text: an import in a function would be rewritten by the test runner.
      const lines = await page.evaluate("import('/example.js').then(({ lines }) => lines)");
      expect(lines).toEqual(output);
      await page.close();
    },
  );
});
