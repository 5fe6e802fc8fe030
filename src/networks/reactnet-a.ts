import {
  averagePool,
  batchNorm,
  convolution,
  convolutionOfSigns,
  head,
  prelu,
  shiftedSign,
  sum,
} from './layers.ts';
import { BLOCKS } from './mobilenet-v1.ts';
import { checkNetworkOptions, type NetworkOptions } from './options.ts';
import { type GraphDefinition, type GraphWriter, IMAGE, openWriter, type Value } from './writer.ts';

/** A bias, PReLU and a bias. */
function shiftedPrelu(writer: GraphWriter, name: string, input: Value): Value {
  const shift = (at: string, value: Value) =>
    writer.add(at, 'affine', [value], value.channels, {
      bias: writer.floats(`${at}.bias`, [value.channels], -0.2, 0.2),
    });
  const before = shift(`${name}.before`, input);
  return shift(`${name}.after`, prelu(writer, `${name}.prelu`, before));
}

/** A dense 3x3 convolution, then 1x1 ones: where channels double two, side by side, each with the skip. */
function block(
  writer: GraphWriter,
  name: string,
  input: Value,
  outChannels: number,
  stride: number,
): Value {
  const { channels } = input;
  const spatial = `${name}.0`;
  const signs = shiftedSign(writer, `${spatial}.sign`, input);
  const shape = { outChannels: channels, kernel: 3, stride };
  const sums = convolutionOfSigns(writer, spatial, signs, shape);
  const normal = batchNorm(writer, `${spatial}.norm`, sums);
  const skip = stride === 1 ? input : averagePool(writer, `${spatial}.pool`, input);
  const added = sum(writer, `${spatial}.add`, normal, skip);
  const value = shiftedPrelu(writer, spatial, added);

  const pointSigns = shiftedSign(writer, `${name}.1.sign`, value);
  const halves = Array.from({ length: outChannels / channels }, (_, half) => {
    const at = `${name}.1.${half}`;
    const point = { outChannels: channels, kernel: 1 };
    const points = convolutionOfSigns(writer, at, pointSigns, point);
    return sum(writer, `${at}.add`, batchNorm(writer, `${at}.norm`, points), value);
  });
  const joined =
    halves.length === 1
      ? halves[0]!
      : writer.add(`${name}.1.concat`, 'concat', halves, outChannels);
  return shiftedPrelu(writer, `${name}.1`, joined);
}

/** ReActNet-A (Liu et al., 2020), on the blocks of MobileNet v1. @throws InputError INVALID_OPTION */
export function reActNetA(options: NetworkOptions): GraphDefinition {
  const { width, size, classes, headBits = 32, seed = 1 } = options;
  checkNetworkOptions(options);
  const writer = openWriter(size, seed);
  const stem = { outChannels: 32 * width, kernel: 3, stride: 2 };
  let value = batchNorm(writer, 'stem.norm', convolution(writer, 'stem', IMAGE, stem, 3));
  for (const [index, [, outputs, stride]] of BLOCKS.entries()) {
    value = block(writer, `blocks.${index}`, value, outputs * width, stride);
  }
  return writer.finish(head(writer, value, classes, headBits));
}
