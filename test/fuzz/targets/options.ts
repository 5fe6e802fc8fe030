/** Options and arguments of every kind that JavaScript has, as a program's text. */

import * as mobinet from '../../../src/node/index.ts';
import { tinyModelFile } from '../../helpers/model-file.ts';
import type { Random } from '../../helpers/random.ts';
import { BUILDS, wasmBytes } from '../../helpers/run.ts';
import { pick } from '../mutate.ts';
import { expectThat, type Target } from '../target.ts';

const BUILD = BUILDS[0]!;

const VALUES = [
  ...['undefined', 'null', 'true', 'false', 'NaN', 'Infinity', '-Infinity', '-0', '0', '1', '2'],
  ...['-1', '0.5', '1.5', '1e-9', '3e9', '2 ** 53', '1e308', '5n', "''", "'all'", "'auto'", "'a'"],
  ...["'float32'", "'int16'", "'none'", "'ant'", "'__proto__'", "'toString'", "'file:///'"],
  ...["'http://'", "'data:,'", "'simd'", '[]', '[0]', '[NaN, 1, 2]', '[255, 0, 0]', '[300, 0, 0]'],
  ...['{}', '{ length: 3 }', 'Object.create(null)', "Symbol('s')", '(() => 1)', 'new Date(0)'],
  ...['new Uint8Array(147)', 'new Uint8Array(0)', 'new Uint8ClampedArray(196)', 'new Map()'],
  ...['new Float32Array(108)', 'new Float32Array(108).fill(NaN)', 'new ArrayBuffer(8)', '/x/'],
  ...[
    '{ left: 0.5 }',
    '{ left: 1, right: 0 }',
    '{ top: NaN }',
    'AbortSignal.abort()',
    'new Proxy({}, {})',
  ],
  ...['{ data: new Uint8Array(147), width: 7, height: 7 }', '{ values: 1 }', '{ channels: NaN }'],
];

const PICTURE = ['data', 'width', 'height', 'channels'];

/** What is called, and the members that its objects may have. */
const CALLS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'model.classify': [
    PICTURE,
    [
      ...['topK', 'scoreThreshold', 'allow', 'deny', 'region', 'rotate', 'background', 'signal'],
      'maxPixels',
    ],
  ],
  'model.embed': [PICTURE, ['l2Normalize', 'region', 'rotate', 'background', 'maxPixels']],
  'model.run': [['length']],
  'model.profile': [['length']],
  'mobinet.decodePicture': [['length'], ['maxPixels', 'enough']],
  load: [
    [
      ...['build', 'wasm', 'threads', 'threadUrl', 'activations', 'stream', 'limits'],
      ...['onProgress', 'signal'],
    ],
  ],
};

const wasm = wasmBytes(BUILD);

const sound = tinyModelFile().then(async (file) => ({
  file,
  model: await mobinet.loadModel(file, { build: BUILD, wasm }),
}));

const SOUND = '{ data: new Uint8Array(147).fill(9), width: 7, height: 7 }';

export const options: Target = {
  extension: 'txt',
  make(random) {
    const call = pick(random, Object.keys(CALLS));
    const given = CALLS[call]!.map((members, at) =>
      at === 0 && CALLS[call]!.length === 2 && random.next() < 0.5 ? SOUND : value(random, members),
    );
    return new TextEncoder().encode(`${call}(${given.join(', ')})`);
  },
  async check(input) {
    const program = new Function(
      'mobinet',
      'model',
      'load',
      `return ${new TextDecoder().decode(input)}`,
    );
    const { file, model } = await sound;
    const load = async (options: mobinet.LoadOptions) => {
      const loaded = await mobinet.loadModel(
        file,
        options === null || typeof options !== 'object' ? options : { wasm, ...options },
      );
      loaded.dispose();
    };
    try {
      const result = await program(mobinet, model, load);
      for (const { score } of result?.predictions ?? []) {
        expectThat(score >= 0 && score <= 1, `a score of ${score}`);
      }
      return 'taken';
    } catch (error) {
      if (error instanceof mobinet.MobinetError) return error.code;
      throw error;
    }
  },
};

function value(random: Random, members: readonly string[]): string {
  if (random.next() < 0.2) return pick(random, VALUES);
  const some = members.filter(() => random.next() < 0.4);
  return `{ ${some.map((member) => `${member}: ${pick(random, VALUES)}`).join(', ')} }`;
}
