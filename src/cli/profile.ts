import type { Model } from '../model.ts';
import type { StepTime } from '../runtime/engine.ts';
import { bar, type Column, safeText, table } from './text.ts';

/** Times of the median of some runs of a network, in milliseconds. */
export interface Profile {
  /** Of a whole run. */
  readonly whole: number;
  readonly threads: number;
  /** In the order in which they run. */
  readonly layers: readonly Part[];
  /** The same, added up by kernel; longest first. */
  readonly kernels: readonly Part[];
}

export interface Part {
  readonly name: string;
  readonly kernel: string;
  readonly milliseconds: number;
}

/** Engines compile what is called often a second time, better. */
const WARM_UP_MILLISECONDS = 500;
const RUNS = 25;
const BAR_WIDTH = 30;

/** Times each step of the network over some runs; what the input shows does not matter for it. */
export async function profileModel(model: Pick<Model, 'profile' | 'describe'>): Promise<Profile> {
  const { input: shape, threads } = model.describe();
  const [channels, height, width] = shape;
  const input = new Float32Array(channels * height * width);
  const warm = performance.now() + WARM_UP_MILLISECONDS;
  while (performance.now() < warm) await model.profile(input);
  const runs: { steps: StepTime[]; whole: number }[] = [];
  for (let run = 0; run < RUNS; run++) {
    const begin = performance.now();
    const steps = await model.profile(input);
    runs.push({ steps, whole: performance.now() - begin });
  }
  // One run, so that its steps add up.
  const { steps, whole } = runs.sort((a, b) => a.whole - b.whole)[RUNS >> 1]!;
  const layers = steps.map(({ value, kernel, milliseconds }) => ({
    name: value,
    kernel,
    milliseconds,
  }));
  const sums = new Map<string, number>();
  for (const { kernel, milliseconds } of layers) {
    sums.set(kernel, (sums.get(kernel) ?? 0) + milliseconds);
  }
  const kernels = [...sums].map(([kernel, milliseconds]) => ({
    name: `${layers.filter((layer) => layer.kernel === kernel).length} x`,
    kernel,
    milliseconds,
  }));
  kernels.sort((a, b) => b.milliseconds - a.milliseconds);
  return { whole, threads, layers, kernels };
}

function sumOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

function summary({ whole, threads, layers }: Profile): string {
  const share = ((sumOf(layers) / whole) * 100).toFixed(1);
  const on = `on ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return `${whole.toFixed(2)} ms ${on}, the median of ${RUNS} runs; its steps add up to ${share} % of it`;
}

/** Two tables with bars, by layer and by kernel. */
export function profileText(profile: Profile): string {
  const rows = (parts: readonly Part[]) => {
    const longest = Math.max(...parts.map(({ milliseconds }) => milliseconds));
    return parts.map(({ name, kernel, milliseconds }) => [
      name,
      kernel,
      milliseconds.toFixed(3),
      `${((milliseconds / profile.whole) * 100).toFixed(1)} %`,
      bar(milliseconds / longest, BAR_WIDTH),
    ]);
  };
  const columns = (title: string): Column[] => [
    { title, align: 'left' },
    { title: 'kernel', align: 'left' },
    { title: 'ms', align: 'right' },
    { title: 'share', align: 'right' },
    { title: '', align: 'left' },
  ];
  return [
    table(columns('layer'), rows(profile.layers)),
    '',
    table(columns('in all'), rows(profile.kernels)),
    '',
    summary(profile),
  ].join('\n');
}

const ROW = 17;
const LEFT = 330;
const PLOT = 420;
const TOP = 44;

function escaped(text: string): string {
  return safeText(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** The same as a picture: a bar per layer, then one per kernel, on one scale each. */
export function profileSvg(title: string, profile: Profile): string {
  const lines: string[] = [];
  let y = TOP;
  for (const [parts, color] of [
    [profile.kernels, '#3fa37c'],
    [profile.layers, '#1f6feb'],
  ] as const) {
    const longest = Math.max(...parts.map(({ milliseconds }) => milliseconds));
    for (const { name, kernel, milliseconds } of parts) {
      const width = Math.max(1, (PLOT * milliseconds) / longest).toFixed(1);
      const middle = y + ROW - 5;
      lines.push(
        `<text x="${LEFT - 8}" y="${middle}" text-anchor="end">${escaped(`${name} · ${kernel}`)}</text>`,
        `<rect x="${LEFT}" y="${y + 2}" width="${width}" height="${ROW - 5}" fill="${color}"/>`,
        `<text x="${LEFT + Number(width) + 5}" y="${middle}">${milliseconds.toFixed(3)} ms</text>`,
      );
      y += ROW;
    }
    y += ROW;
  }
  const width = LEFT + PLOT + 90;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-size="11" ` +
    `font-family="system-ui, sans-serif" fill="#1f2328" role="img" aria-label="${escaped(title)}">` +
    `<rect width="${width}" height="${y}" fill="#fff"/>` +
    `<text x="16" y="26" font-size="14" font-weight="600">${escaped(`${title}: ${summary(profile)}`)}</text>` +
    `${lines.join('')}</svg>\n`
  );
}
