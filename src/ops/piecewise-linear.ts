/**
 * A function with at most one kink, per channel:
 *
 *     f(x) = value + (x > knee ? right : left) * (x - knee)
 *
 * Alpha, bias, batch norm, PReLU and ReLU all are, and so are their compositions as long as only one
 * of them has a kink. Kept in float64 and rounded once, when the parameters are written.
 */
export interface PiecewiseLinear {
  knee: number;
  value: number;
  left: number;
  right: number;
}

/** slope * (x - zero) + value. */
export function linear(slope: number, zero = 0, value = 0): PiecewiseLinear {
  return { knee: zero, value, left: slope, right: slope };
}

/** f becomes scale * f(x) + bias. */
export function rescale(f: PiecewiseLinear, scale: number, bias: number): void {
  f.value = f.value * scale + bias;
  f.left *= scale;
  f.right *= scale;
}

/** f, which has no kink yet, becomes PReLU of f(x). */
export function rectify(f: PiecewiseLinear, slope: number): void {
  if (f.left === 0) {
    f.knee = 0;
    f.value = f.value > 0 ? f.value : slope * f.value;
    return;
  }
  f.knee -= f.value / f.left;
  f.value = 0;
  if (f.left > 0) f.left *= slope;
  else f.right *= slope;
}
