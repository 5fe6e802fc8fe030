import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeInChromium } from '../browser/chromium.ts';
import { ROOT } from './tarball.ts';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The code of a section's first block of a language. */
function snippet(heading: string, language: string): string {
  const section = readme.split(/^## /m).find((text) => text.startsWith(heading))!;
  const block = section.match(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``));
  if (block === null) throw new Error(`no ${language} under ${heading}`);
  return block[1]!;
}

test('the first lines are those for a page', () => {
  const [, first] = readme.match(/```js\n([\s\S]*?)```/)!;
  expect(first).toBe(snippet('In a page', 'js'));
});

test('the lines for Node print three labels', () => {
  const code = snippet('In Node', 'js');
  const args = ['--input-type=module', '--eval', code];
  const printed = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  expect(printed.trim().split('\n')).toHaveLength(3);
});

test('every command of the command line exists, with its options', () => {
  const lines = snippet('On the command line', 'sh').trim().split('\n');
  for (const line of lines) {
    const [, , command, ...rest] = line.replace(/#.*/, '').trim().split(/\s+/);
    const help = execFileSync(process.execPath, ['dist/cli/main.js', command!, '--help'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    for (const option of rest.filter((word) => word.startsWith('--'))) {
      expect(help, line).toContain(option);
    }
  }
  expect(lines.length).toBeGreaterThan(4);
});

describeInChromium('README', (fixture) => {
  test('the three lines for a page give labels', async () => {
    const page = await fixture.open();
    const code = snippet('In a page', 'js').replace("'mobinet/worker'", "'/dist/worker/index.js'");
    fixture.server.answers.set('/snippet.js', (response) => {
      response.setHeader('content-type', 'text/javascript');
      response.end(`${code}\ndocument.title = predictions[0].label;`);
    });
    await page.evaluate(() => {
      document.title = '';
      const image = document.createElement('img');
      image.src = '/samples/chelsea.png';
      const script = document.createElement('script');
      script.type = 'module';
      script.src = '/snippet.js';
      document.body.append(image, script);
    });
    await page.waitForFunction(() => document.title !== '');
  });

  test('the model that the HTML asks for is fetched once', async () => {
    const page = await fixture.open();
    const link = snippet('In a page', 'html');
    const address = link.match(/href="([^"]+)"/)![1]!;
    const asked = () => fixture.server.requests.filter((path) => path === address).length;
    const before = asked();
    fixture.server.answers.set('/preloads.html', (response) => {
      response.setHeader('content-type', 'text/html');
      const script = '<script type="module" src="/test/browser/page.js"></script>';
      response.end(`<!doctype html>${link}${script}`);
    });
    await page.goto(`${fixture.server.origin}/preloads.html`);
    await page.waitForFunction(() => globalThis.mobinet !== undefined);
    await page.evaluate(async (address) => {
      await mobinet.createClassifier(address);
    }, address);
    expect(asked() - before).toBe(1);
  });
});
