/**
 * Probabilities: exp(logit / temperature), normalised. The largest logit is subtracted first, so
 * that nothing overflows.
 */
export function softmax(logits: Float32Array, temperature = 1): Float32Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/** A class and its score. */
export interface Scored {
  readonly index: number;
  readonly score: number;
}

/**
 * The `k` highest scores, highest first; equal ones in order of index; NaN comes last.
 * @param k from 0 to the number of scores
 */
export function topK(scores: Float32Array, k: number): Scored[] {
  const best: Scored[] = [];
  const ahead = (a: Scored, b: Scored) =>
    a.score > b.score || (Number.isNaN(b.score) && !Number.isNaN(a.score));
  for (const [index, score] of scores.entries()) {
    const candidate = { index, score };
    const last = best[k - 1];
    if (k === 0 || (last !== undefined && !ahead(candidate, last))) continue;
    let at = Math.min(best.length, k - 1);
    while (at > 0 && ahead(candidate, best[at - 1]!)) at--;
    best.splice(at, 0, candidate);
    best.length = Math.min(best.length, k);
  }
  return best;
}
