/**
 * L-BFGS: the minimum of a smooth convex function, from its gradients (Nocedal and Wright, Numerical
 * Optimization, algorithm 7.5), with steps that are halved until they go down enough (Armijo).
 */

/** Value at `x`; writes the gradient there. */
export type Differentiable = (x: Float64Array, gradient: Float64Array) => number;

/** Pairs of steps and gradients' changes that are kept. */
const MEMORY = 10;
const MOST_STEPS = 1000;
/** A step must go down by this part of what the slope promises. */
const SUFFICIENT = 1e-4;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** a += factor b */
function add(a: Float64Array, factor: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i]! += factor * b[i]!;
}

/**
 * @param start where to begin; near the minimum it takes fewer steps
 * @param tolerance of the largest component of the gradient
 */
export function minimise(f: Differentiable, start: Float64Array, tolerance = 1e-5): Float64Array {
  let x = Float64Array.from(start);
  let gradient = new Float64Array(x.length);
  let value = f(x, gradient);
  const pairs: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let step = 0; step < MOST_STEPS; step++) {
    if (gradient.every((component) => Math.abs(component) <= tolerance)) break;
    const direction = gradient.map((component) => -component);
    const alphas: number[] = [];
    for (const { s, y, rho } of [...pairs].reverse()) {
      const alpha = rho * dot(s, direction);
      alphas.push(alpha);
      add(direction, -alpha, y);
    }
    const last = pairs.at(-1);
    const scale = last
      ? 1 / (last.rho * dot(last.y, last.y))
      : 1 / Math.sqrt(dot(gradient, gradient));
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
    for (const { s, y, rho } of pairs) add(direction, alphas.pop()! - rho * dot(y, direction), s);

    const slope = dot(gradient, direction);
    let size = 1;
    let next = x;
    let nextValue = value;
    const nextGradient = new Float64Array(x.length);
    do {
      next = Float64Array.from(x);
      add(next, size, direction);
      nextValue = f(next, nextGradient);
      size /= 2;
    } while (nextValue > value + SUFFICIENT * 2 * size * slope && size > 1e-12);
    // No lower, by what numbers can tell: this is the minimum.
    if (!(nextValue < value)) break;
    const s = next.map((component, i) => component - x[i]!);
    const y = nextGradient.map((component, i) => component - gradient[i]!);
    const curvature = dot(s, y);
    if (curvature > 0) pairs.push({ s, y, rho: 1 / curvature });
    if (pairs.length > MEMORY) pairs.shift();
    x = next;
    gradient = nextGradient;
    value = nextValue;
  }
  return x;
}
