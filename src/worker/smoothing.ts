/** Scores that do not flicker. */

/** Scores of one frame to those that are shown, given one frame after the other. */
export type Smoother = (scores: Float32Array, time: number) => Float32Array;

/**
 * The exponential moving average over time: `s += (1 - exp(-dt / timeConstant)) (scores - s)`, with `dt`
 * from frame to frame, however long that is. The first frame is its own average, and so is one that is
 * earlier than the one before.
 * @param timeConstant in the unit of the times; a change is 63 % there after it; 0: no smoothing
 */
export function createSmoother(timeConstant: number): Smoother {
  let average: Float32Array | undefined;
  let last = 0;
  return (scores, time) => {
    const elapsed = time - last;
    last = time;
    if (average === undefined || elapsed < 0 || timeConstant === 0) {
      average = scores;
    } else {
      const share = 1 - Math.exp(-elapsed / timeConstant);
      average = average.map((before, i) => before + share * (scores[i]! - before));
    }
    return average;
  };
}
