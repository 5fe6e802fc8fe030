/** Text for people: tables, bars, numbers, and what strangers wrote. */

/**
 * Control characters (C0, DEL, C1), line and paragraph separators, what turns the direction of text,
 * and what has no width (but the joiners that scripts and emoji need): in a terminal they move the
 * cursor, recolour, or show one name as another.
 */
const UNSAFE =
  /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** A stranger's text (names, labels, messages) on one line, each unsafe character as its escape. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** The same for text that has lines of its own. */
export function safeLines(text: string): string {
  return text.replace(UNSAFE, (character) => (character === '\n' ? character : escaped(character)));
}

function escaped(character: string): string {
  const hex = character.charCodeAt(0).toString(16);
  return hex.length > 2 ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
}

/** JSON that is safe in a terminal, and that parses to what it was made of. */
export function safeJson(
  value: unknown,
  replacer?: (key: string, value: unknown) => unknown,
  indent?: number,
): string {
  // JSON itself escapes what is below a space; the line feeds that are left are its own.
  return JSON.stringify(value, replacer, indent).replace(UNSAFE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `fraction` (0..1) of `width` characters, padded with spaces to all of them. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(fraction * width * 8);
  return ('█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]).padEnd(width);
}

/** 0.1234 as '12.3 %', always of 7 characters. */
export function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`.padStart(7);
}

export function milliseconds(time: number): string {
  return `${time < 10 ? time.toFixed(1) : time.toFixed(0)} ms`;
}

/** Bytes in the largest unit that leaves a number from 1 on, in powers of 1000. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}

/** In millions, with `digits` after the point. */
export function millions(count: number, digits = 2): string {
  return `${(count / 1e6).toFixed(digits)} M`;
}

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Rows in columns two spaces apart, as wide as their widest cell; cells may be of strangers. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows].map((line) => line.map(safeText));
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const format = (line: readonly string[]) =>
    columns
      .map(({ align }, i) =>
        align === 'left' ? line[i]!.padEnd(widths[i]!) : line[i]!.padStart(widths[i]!),
      )
      .join('  ')
      .trimEnd();
  return lines.map(format).join('\n');
}
