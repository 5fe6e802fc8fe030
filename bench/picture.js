/** Bars on a logarithmic scale, as SVG. */

const COLORS = ['#1f6feb', '#8b949e', '#c69026', '#d1586d', '#3fa37c', '#8957e5'];
const LEFT = 230;
const PLOT = 560;
const BAR = 9;
const TOP = 70;

const escaped = (/** @type {string} */ text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * @param {string} title
 * @param {readonly string[]} series one colour each, in the order of the bars
 * @param {readonly { name: string, values: Readonly<Record<string, number>> }[]} rows
 */
export function logBars(title, series, rows) {
  const numbers = rows.flatMap(({ values }) => Object.values(values)).filter((x) => x > 0);
  const low = 10 ** Math.floor(Math.log10(Math.min(...numbers)));
  const high = Math.max(...numbers) * 1.3;
  const x = (/** @type {number} */ value) =>
    LEFT + (PLOT * Math.log(value / low)) / Math.log(high / low);
  const parts = [
    `<text x="16" y="26" font-size="16" font-weight="600">${escaped(title)}</text>`,
    ...series.map(
      (name, index) =>
        `<rect x="${16 + index * 150}" y="40" width="11" height="11" fill="${COLORS[index]}"/>` +
        `<text x="${32 + index * 150}" y="50">${escaped(name)}</text>`,
    ),
  ];
  let y = TOP;
  for (const { name, values } of rows) {
    const shown = series.filter((one) => values[one] !== undefined);
    const middle = y + (shown.length * BAR) / 2 + 4;
    parts.push(`<text x="${LEFT - 8}" y="${middle}" text-anchor="end">${escaped(name)}</text>`);
    for (const one of shown) {
      const value = /** @type {number} */ (values[one]);
      const width = Math.max(1, x(value) - LEFT);
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 1}" fill="${COLORS[series.indexOf(one)]}"/>`,
        `<text x="${(LEFT + width + 4).toFixed(1)}" y="${y + BAR - 1}" font-size="9">${value.toPrecision(3)}</text>`,
      );
      y += BAR;
    }
    y += 10;
  }
  const ticks = [];
  for (let value = low; value <= high; value *= 10) {
    ticks.push(
      `<line x1="${x(value)}" y1="${TOP - 6}" x2="${x(value)}" y2="${y}" stroke="#d0d7de"/>` +
        `<text x="${x(value)}" y="${y + 14}" text-anchor="middle">${value}</text>`,
    );
  }
  const width = LEFT + PLOT + 60;
  const height = y + 26;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="#1f2328" role="img">` +
    `<rect width="${width}" height="${height}" rx="10" fill="#fff"/>${ticks.join('')}${parts.join('')}</svg>\n`
  );
}
