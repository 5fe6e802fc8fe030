// @ts-check

/** Counts how often something happens, over the last two seconds. */
export function createFrameRate() {
  const WINDOW = 2000;
  /** @type {number[]} */
  let times = [];
  return {
    /** @returns {number | undefined} times a second; undefined until that can be said */
    tick() {
      const now = performance.now();
      times = [...times.filter((time) => time > now - WINDOW), now];
      const span = now - (times[0] ?? now);
      return span < 250 ? undefined : ((times.length - 1) / span) * 1000;
    },
  };
}
