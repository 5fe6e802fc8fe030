import * as fs from 'node:fs';
import { glob } from 'tinyglobby';
import { pathOfText, pathText } from '../node/path-text.ts';

/** node:fs for a walker that takes names for text, also those that are not UTF-8. */
const TEXT_FS = {
  readdir(
    folder: string,
    _: unknown,
    done: (error: Error | null, entries: fs.Dirent[]) => void,
  ): void {
    const options = { withFileTypes: true, encoding: 'buffer' } as const;
    fs.readdir(pathOfText(folder), options, (error, entries) => {
      const named = (entries ?? []).map((entry) =>
        Object.assign(entry, { name: pathText(entry.name) }),
      );
      done(error, named as unknown as fs.Dirent[]);
    });
  },
} as unknown as Partial<typeof fs>;

/**
 * The files that a glob matches, in natural order of their names.
 * @param absolute whether their paths are to be
 */
export async function matching(pattern: string, absolute: boolean): Promise<string[]> {
  const files = await glob(pattern, { expandDirectories: false, absolute, fs: TEXT_FS });
  return files.sort(new Intl.Collator('en', { numeric: true }).compare);
}
