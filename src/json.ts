/** Looking at JSON that may be anything. */

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const MAX_TEXT = 80;
const MAX_ITEMS = 6;

/**
 * A short text of a JSON value for messages; what lies deeper than one level is left out, so that
 * no nesting is too deep and no object's own `toString` is called.
 */
export function showJson(value: unknown): string {
  if (!Array.isArray(value)) return showScalar(value);
  const items = value.slice(0, MAX_ITEMS).map(showScalar);
  if (value.length > MAX_ITEMS) items.push('...');
  return `[${items.join(', ')}]`;
}

function showScalar(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}...` : value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? '[...]' : '{...}';
    case 'undefined':
      return 'missing';
    default:
      return String(value);
  }
}
