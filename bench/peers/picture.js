/** Horizontal bars with whiskers on a logarithmic scale, as SVG. */

const LEFT = 210;
const PLOT = 560;
const PITCH = 22;
const BAR = 13;
const TOP = 74;

/** @typedef {{ name: string, color: string, value: number, low: number, high: number }} Bar */

const escaped = (/** @type {string} */ text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** 1, 2 and 5 by powers of ten, from the greatest that is at most `low` to the least at or above `high`. */
function ticksBetween(/** @type {number} */ low, /** @type {number} */ high) {
  const all = [-2, -1, 0, 1, 2, 3, 4].flatMap((power) => [1, 2, 5].map((x) => x * 10 ** power));
  const first = all.filter((tick) => tick <= low).length - 1;
  const last = all.findIndex((tick) => tick >= high);
  return all.slice(Math.max(first, 0), last < 0 ? undefined : last + 1);
}

/**
 * @param {string} title
 * @param {string} caption
 * @param {readonly { name: string, color: string }[]} legend
 * @param {readonly Bar[]} bars `low` and `high` are the ends of the whisker
 */
export function whiskerBars(title, caption, legend, bars) {
  const least = Math.min(...bars.map(({ low }) => low)) / 2;
  const ticks = ticksBetween(least, Math.max(...bars.map(({ high }) => high)));
  const [from = 1, to = 10] = [ticks[0], ticks.at(-1)];
  const x = (/** @type {number} */ value) =>
    Number((LEFT + (PLOT * Math.log(value / from)) / Math.log(to / from)).toFixed(1));
  const bottom = TOP + bars.length * PITCH;
  const scale = ticks.map(
    (tick) =>
      `<path d="M${x(tick)} ${TOP - 6}V${bottom}" stroke="#d0d7de"/>` +
      `<text x="${x(tick)}" y="${bottom + 15}" text-anchor="middle">${tick}</text>`,
  );
  const key = legend.map(
    ({ name, color }, index) =>
      `<rect x="${LEFT + index * 110}" y="48" width="11" height="11" fill="${color}"/>` +
      `<text x="${LEFT + 17 + index * 110}" y="58">${escaped(name)}</text>`,
  );
  const rows = bars.map(({ name, color, value, low, high }, index) => {
    const y = TOP + index * PITCH;
    const middle = y + BAR / 2;
    const right = Math.max(x(value), x(high)) + 6;
    return (
      `<text x="${LEFT - 8}" y="${y + BAR - 2}" text-anchor="end">${escaped(name)}</text>` +
      `<rect x="${LEFT}" y="${y}" width="${(x(value) - LEFT).toFixed(1)}" height="${BAR}" fill="${color}"/>` +
      `<path d="M${x(low)} ${middle}H${x(high)}M${x(low)} ${y + 3}v7M${x(high)} ${y + 3}v7" stroke="#1f2328"/>` +
      `<text x="${right}" y="${y + BAR - 2}">${value.toFixed(1)}</text>`
    );
  });
  const width = LEFT + PLOT + 50;
  const height = bottom + 30;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="#1f2328" role="img">` +
    `<title>${escaped(title)}</title><rect width="${width}" height="${height}" rx="10" fill="#fff"/>` +
    `<text x="16" y="24" font-size="15" font-weight="600">${escaped(title)}</text>` +
    `<text x="16" y="41" fill="#59636e">${escaped(caption)}</text>` +
    `${key.join('')}${scale.join('')}${rows.join('')}</svg>\n`
  );
}
