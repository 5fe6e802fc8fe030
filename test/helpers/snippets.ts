/** Blocks of code in the documents, which tests run. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Snippet {
  readonly language: string;
  /** Of the section, or of the document. */
  readonly heading: string;
  readonly code: string;
  /** Where its first line is a comment with a path. */
  readonly file: string | undefined;
}

/** All blocks of a document, in its order; blocks without a language are no code. */
export function snippetsOf(document: string): Snippet[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  return text.split(/^(?=#+ )/m).flatMap((section) => {
    const heading = section.match(/^#+ (.*)/)?.[1] ?? '';
    return [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
      language: language!,
      heading,
      code: code!,
      file: code!.match(/^(?:\/\/|#) ([\w./()[\]-]+\.\w+)\n/)?.[1],
    }));
  });
}

/** The code of a section's first block of a language. */
export function snippet(document: string, heading: string, language: string): string {
  const found = snippetsOf(document).find(
    (each) => each.heading.startsWith(heading) && each.language === language,
  );
  if (found === undefined) throw new Error(`no ${language} under ${heading} in ${document}`);
  return found.code;
}

/** Writes the blocks that name a file, into a folder. */
export function writeSnippets(document: string, folder: string): void {
  for (const { file, code } of snippetsOf(document)) {
    if (file === undefined) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code);
  }
}
