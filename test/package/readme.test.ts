import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { describeInChromium } from '../browser/chromium.ts';
import { snippet as snippetIn, snippetsOf } from '../helpers/snippets.ts';
import { ROOT } from './tarball.ts';

const snippet = (heading: string, language: string) => snippetIn('README.md', heading, language);

test('the first lines are those for a page', () => {
  const [first] = snippetsOf('README.md');
  expect(first!.code).toBe(snippet('In a page', 'js'));
});

test('the lines for Node print three labels', () => {
  const code = snippet('In Node', 'js');
  const args = ['--input-type=module', '--eval', code];
  const printed = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  expect(printed.trim().split('\n')).toHaveLength(3);
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
