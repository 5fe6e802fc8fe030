/**
 * Functions of one number that take a few values: signs, comparisons, k-bit activations. Whatever
 * chain of operations computes one in a foreign model, this is what is kept of it.
 */

/**
 * `levels[i]` for breaks[i - 1] < x <= breaks[i]; so there is one level more than breaks, and
 * torch's sign, which makes 0 of 0, is breaks [-2^-149, 0], levels [-1, 0, 1].
 */
export interface Steps {
  /** float32, ascending. */
  readonly breaks: readonly number[];
  readonly levels: readonly number[];
}

/** More levels than 8 bits have are no step function for our purposes. */
const MAX_LEVELS = 256;

const LARGEST_KEY = 0x7f7fffff;

/** Whole numbers in the order of the finite float32 numbers; neighbours differ by 1, -0 is 0. */
export function keyOf(x: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, x);
  const bits = view.getInt32(0);
  return bits < 0 ? -(bits & 0x7fffffff) || 0 : bits;
}

export function floatOf(key: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, key < 0 ? -key | 0x80000000 : key);
  return view.getFloat32(0);
}

/**
 * The steps of a monotone function of float32 numbers, found by bisection: exact, whatever rounding
 * happens inside. Undefined where it has more than 256 levels.
 */
export function stepsOf(f: (x: number) => number): Steps | undefined {
  const at = (key: number) => f(floatOf(key));
  const breaks: number[] = [];
  const levels = [at(-LARGEST_KEY)];
  const last = at(LARGEST_KEY);
  let low = -LARGEST_KEY;
  while (levels.at(-1) !== last) {
    if (levels.length === MAX_LEVELS || !Number.isFinite(levels.at(-1))) return undefined;
    const level = levels.at(-1);
    let high = LARGEST_KEY;
    // Invariant: at(low) is the level, at(high) is not.
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (at(middle) === level) low = middle;
      else high = middle;
    }
    breaks.push(floatOf(low));
    levels.push(at(high));
    low = high;
  }
  return { breaks, levels };
}

/** The level of a number. */
export function levelOf({ breaks, levels }: Steps, x: number): number {
  let at = 0;
  while (at < breaks.length && x > breaks[at]!) at++;
  return levels[at]!;
}

/** f of every level; neighbours that become equal are joined. */
export function mapLevels(steps: Steps, f: (level: number) => number): Steps {
  return joined(steps.breaks, steps.levels.map(f));
}

/** f of the levels of several step functions of the same number. */
export function combineSteps(all: readonly Steps[], f: (...levels: number[]) => number): Steps {
  const breaks = [...new Set(all.flatMap((steps) => steps.breaks))].sort((a, b) => a - b);
  // Every interval includes its upper end; the last one has none.
  const samples = [...breaks, Number.POSITIVE_INFINITY];
  const levels = samples.map((x) => f(...all.map((steps) => levelOf(steps, x))));
  return joined(breaks, levels);
}

function joined(breaks: readonly number[], levels: readonly number[]): Steps {
  const kept = breaks.filter((_, at) => levels[at] !== levels[at + 1]);
  const keptLevels = levels.filter((level, at) => at === 0 || level !== levels[at - 1]);
  return { breaks: kept, levels: keptLevels };
}

/** Whether larger numbers never give smaller levels. */
export function isNonDecreasing({ levels }: Steps): boolean {
  return levels.every((level, at) => at === 0 || level >= levels[at - 1]!);
}

/** The index of the level that a single number takes, between two others: what sign makes of 0. */
export function tieLevel({ breaks }: Steps): number | undefined {
  for (let at = 1; at < breaks.length; at++) {
    if (keyOf(breaks[at]!) - keyOf(breaks[at - 1]!) === 1) return at;
  }
  return undefined;
}

/** Without the level of a tie, which then belongs to the level below it. */
export function withoutTie(steps: Steps, tie: number): Steps {
  return {
    breaks: steps.breaks.filter((_, at) => at !== tie - 1),
    levels: steps.levels.filter((_, at) => at !== tie),
  };
}
