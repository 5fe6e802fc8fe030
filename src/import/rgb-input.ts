/** Networks of grey or transparent pictures read RGB through a first convolution that makes their channels. */

import { ImportError } from '../errors.ts';
import type { GraphDefinition } from '../networks/writer.ts';

/** Of red, green and blue in grey (ITU-R 601, as Pillow's `convert('L')`, but for its rounding). */
const LUMA = [0.299, 0.587, 0.114] as const;

const CHANNELS: Readonly<Record<number, { readonly what: string; readonly rows: number[][] }>> = {
  1: { what: 'the input is grey', rows: [[...LUMA]] },
  2: { what: 'the input is grey and alpha, and pictures are opaque', rows: [[...LUMA], [0, 0, 0]] },
  4: {
    what: 'the input is RGBA, and pictures are opaque',
    rows: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [0, 0, 0],
    ],
  },
};

/**
 * The network with an RGB input.
 * @param opaque what alpha is in an opaque picture
 * @returns it, and what that assumes; as it is where it reads RGB already
 * @throws ImportError IMPORT_SHAPE for other than 1 to 4 channels
 */
export function withRgbInput(
  { json, tensors }: GraphDefinition,
  opaque: number,
): { definition: GraphDefinition; assumed: string[] } {
  const { name, shape } = json.inputs[0]!;
  const [channels, height, width] = shape as [number, number, number];
  if (channels === 3) return { definition: { json, tensors }, assumed: [] };
  const known = CHANNELS[channels];
  if (known === undefined) {
    throw new ImportError('IMPORT_SHAPE', `The input has ${channels} channels`, {
      hint: 'pictures are grey (1), grey and alpha (2), RGB (3) or RGBA (4)',
    });
  }
  const taken = new Set([name, ...json.nodes.map((node) => node.name)]);
  let rgb = 'rgb';
  while (taken.has(rgb)) rgb = `${rgb}.image`;
  const floats = (data: number[], sizes: number[]) =>
    ({ dtype: 'F32', shape: sizes, data: Float32Array.from(data) }) as const;
  const bias = known.rows.map((row) => (row.every((x) => x === 0) ? opaque : 0));
  const node = {
    name,
    op: 'conv2d',
    inputs: [rgb],
    weight: `${name}.channels`,
    bias: `${name}.opaque`,
    stride: [1, 1],
    padding: [0, 0, 0, 0],
  };
  return {
    definition: {
      json: {
        ...json,
        inputs: [{ name: rgb, shape: [3, height, width] }],
        nodes: [node, ...json.nodes],
      },
      tensors: new Map([
        ...tensors,
        [node.weight, floats(known.rows.flat(), [channels, 3, 1, 1])],
        [node.bias, floats(bias, [channels])],
      ]),
    },
    assumed: [known.what],
  };
}
