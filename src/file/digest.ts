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
  const parts: (string | Uint8Array)[] = [];
  for (const key of [...metadata.keys()].sort(byCodePoint)) {
    if (key !== 'digest') parts.push(`${key}\0${metadata.get(key)}\0`);
  }
  for (const name of [...tensors.keys()].sort(byCodePoint)) {
    const tensor = tensors.get(name)!;
    parts.push(`${name}\0${tensor.dtype}\0${tensor.shape.join(',')}\0`, tensorBytes(tensor));
  }
  // No UTF-16 unit takes more than three bytes of UTF-8.
  const atMost = (part: string | Uint8Array) => part.length * (typeof part === 'string' ? 3 : 1);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + atMost(part), 0));
  const encoder = new TextEncoder();
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') {
      at += encoder.encodeInto(part, bytes.subarray(at)).written;
    } else {
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes.subarray(0, at);
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
