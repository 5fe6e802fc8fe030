/**
 * The nearest whole number of each number, halves away from 0, between two bounds: what a value of 8
 * bits is, in units of its step. 2.5 becomes 3, -2.5 becomes -3, 0.49999997 becomes 0.
 *
 * The half is looked for in what truncating leaves, x - trunc(x), which is exact; adding a half to x
 * first would round in the sum. In every build the same instructions.
 *
 * Source: `TfLiteRound` of TensorFlow Lite, with which its kernels quantise; C's `round`.
 */

/**
 * @param input float32 `begin` to `end`, in any layout, none of them NaN
 * @param out may be `input`
 * @param low, high whole numbers, low <= high
 */
export function round(begin: i32, end: i32, input: usize, out: usize, low: f32, high: f32): void {
  for (let i = begin; i < end; i++) {
    const x = load<f32>(input + <usize>i * 4);
    const whole = trunc<f32>(x);
    const rest = x - whole;
    const y: f32 = rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole;
    const above = y > low ? y : low;
    store<f32>(out + <usize>i * 4, above < high ? above : high);
  }
}
