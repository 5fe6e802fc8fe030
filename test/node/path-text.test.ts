import { expect, test } from 'vitest';
import { pathOfText, pathText } from '../../src/node/path-text.ts';

test.each<[string, number[], string]>([
  ['UTF-8', [...Buffer.from('Grüße 猫 🐈')], 'Grüße 猫 🐈'],
  ['Latin-1', [0x63, 0x61, 0x66, 0xe9], 'caf\udce9'],
  ['a character cut short, then a whole one', [0xe7, 0x8c, 0xc3, 0xa9], '\udce7\udc8cé'],
  ['a surrogate in UTF-8, which is none', [0xed, 0xb3, 0xa9], '\udced\udcb3\udca9'],
  ['longer than it must be', [0xc0, 0xaf], '\udcc0\udcaf'],
])('%s: the same text as Python has it, and back', (_, bytes, text) => {
  expect(pathText(Buffer.from(bytes))).toBe(text);
  expect([...Buffer.from(pathOfText(text))]).toEqual(bytes);
  expect(JSON.parse(JSON.stringify(text))).toBe(text);
});
