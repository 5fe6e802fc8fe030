/** Every type that a public function or interface names can be imported from the same entry. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './tarball.ts';

/** What a declaration file exports: each name with the file that declares it. */
function exportsOf(file: string): Map<string, string> {
  const text = readFileSync(file, 'utf8');
  const found = new Map<string, string>();
  for (const [, names, from] of text.matchAll(/export (?:type )?\{([^}]*)\} from '([^']+)'/g)) {
    for (const name of names!.split(',')) {
      const bare = name.replace(/\btype\b/, '').trim();
      if (bare !== '') found.set(bare, declarationFile(file, from!));
    }
  }
  for (const [, from] of text.matchAll(/export \* from '([^']+)'/g)) {
    for (const [name, at] of exportsOf(declarationFile(file, from!))) found.set(name, at);
  }
  return found;
}

function declarationFile(from: string, specifier: string): string {
  return join(dirname(from), specifier.replace(/\.[jt]s$/, '.d.ts'));
}

const DECLARATION = /^(?:export )?(?:declare )?(?:interface|type|class|function|const) (\w+)/;

/** The top-level declarations of a file, without comments. */
function declarationsOf(file: string): Map<string, string> {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  const parts = text.split(/^(?=(?:export|import|declare|interface|type|class|function|const)\b)/m);
  return new Map(
    parts.flatMap((part) => {
      const name = part.match(DECLARATION)?.[1];
      return name === undefined ? [] : [[name, part] as const];
    }),
  );
}

/** The types of this package that a declaration mentions; constants are written in capitals. */
function namedTypes(file: string, name: string): string[] {
  const declarations = declarationsOf(file);
  const imports = readFileSync(file, 'utf8').matchAll(/import (?:type )?\{([^}]*)\} from '\./g);
  const known = [...imports].flatMap(([, names]) =>
    names!.split(',').map((each) => each.replace(/\btype\b/, '').trim()),
  );
  const types = new Set([...known, ...declarations.keys()]);
  types.delete(name);
  const words = declarations.get(name)?.match(/\b[A-Z]\w*\b/g) ?? [];
  return words.filter((word) => types.has(word) && word !== word.toUpperCase());
}

test.each(['index', 'node/index', 'worker/index'])('%s exports all types it needs', (entry) => {
  const exported = exportsOf(join(ROOT, 'dist', `${entry}.d.ts`));
  expect(exported.size).toBeGreaterThan(15);
  const missing = [...exported].flatMap(([name, file]) =>
    namedTypes(file, name)
      .filter((type) => !exported.has(type))
      .map((type) => `${type}, which ${name} names`),
  );
  expect(missing).toEqual([]);
});
