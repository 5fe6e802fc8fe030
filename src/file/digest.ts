import { joined } from '../joined.ts';
import { type Container, tensorBytes } from './safetensors.ts';

/** Strings in order of their code points. */
function byCodePoint(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
}

/**
 * What the digest covers: for each metadata key but `digest`, sorted, the key, 0, the value, 0; then
 * for each tensor, sorted by name, the name, 0, the dtype, 0, the shape joined by commas, 0, and
 * its bytes.
 */
function coveredBytes({ metadata, tensors }: Container): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const encoder = new TextEncoder();
  const addTexts = (...texts: unknown[]) => parts.push(encoder.encode(`${texts.join('\0')}\0`));
  for (const key of [...metadata.keys()].sort(byCodePoint)) {
    if (key !== 'digest') addTexts(key, metadata.get(key));
  }
  for (const name of [...tensors.keys()].sort(byCodePoint)) {
    const tensor = tensors.get(name)!;
    addTexts(name, tensor.dtype, tensor.shape);
    parts.push(tensorBytes(tensor));
  }
  return joined(Uint8Array, parts);
}

/**
 * `sha256:<hex>` of a container; undefined where the engine has no Web Crypto (a page that is not a
 * secure context).
 */
export async function digestOf(container: Container): Promise<string | undefined> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) return undefined;
  const hash = new Uint8Array(await subtle.digest('SHA-256', coveredBytes(container)));
  return `sha256:${Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
