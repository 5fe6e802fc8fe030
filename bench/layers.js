/**
 * A binary convolution of a real network.
 * @typedef {object} Layer
 * @property {string} name such as `1x1 64->128 at 112`
 * @property {number} kernel height and width, pixels
 * @property {number} inChannels
 * @property {number} outChannels
 * @property {number} groups
 * @property {number} size height and width of the map, pixels
 * @property {number} stride
 * @property {number} count how many of the network's layers have this shape
 * @property {number} bitMacs multiply-adds of one of them, one bit by one bit
 */

/** The network whose layers are timed and tested: the paper's best trade. */
export const NETWORK = /** @type {const} */ ({
  block: 'mid',
  k: 3,
  width: 1,
  size: 224,
  classes: 1000,
});

/**
 * The different binary convolutions of a network, in the order of their first appearance: the one
 * table of shapes for benchmarks and tests.
 * @param {import('../src/graph/graph.ts').Graph} graph
 * @returns {Layer[]}
 */
export function binaryLayers(graph) {
  /** @type {Map<string, Layer>} */
  const layers = new Map();
  for (const node of graph.nodes) {
    if (node.op !== 'binary_conv2d') continue;
    const { inChannels, outChannels, groups } = node;
    const size = /** @type {number} */ (graph.shapes.get(node.name)?.[1]);
    const kernel = node.kernel[0] === 3 ? 3 : 1;
    const shape = kernel === 1 ? `${inChannels}->${outChannels}` : `${inChannels}/${groups}`;
    const name = `${kernel}x${kernel} ${shape} at ${size}`;
    const bitMacs = size * size * kernel * kernel * (inChannels / groups) * outChannels;
    const count = (layers.get(name)?.count ?? 0) + 1;
    layers.set(name, {
      name,
      kernel,
      inChannels,
      outChannels,
      groups,
      size,
      stride: 1,
      count,
      bitMacs,
    });
  }
  return [...layers.values()];
}

/** Dense convolutions of other binary networks, zero padding around them. */
export const WINDOWS = [
  window(3, 256, 256, 14, 1),
  window(3, 256, 256, 28, 2),
  window(5, 256, 256, 14, 1),
  window(7, 256, 256, 14, 1),
  window(1, 256, 256, 28, 2),
  window(3, 64, 64, 56, 1),
  window(3, 64, 128, 56, 2),
  window(3, 512, 512, 7, 1),
  window(3, 250, 250, 14, 1),
];

/**
 * @param {number} kernel
 * @param {number} inChannels
 * @param {number} outChannels
 * @param {number} size of the map that it reads
 * @param {number} stride
 * @returns {Layer}
 */
function window(kernel, inChannels, outChannels, size, stride) {
  const bitMacs = (size / stride) ** 2 * kernel ** 2 * inChannels * outChannels;
  const name = `${kernel}x${kernel} ${inChannels}->${outChannels} at ${size}, stride ${stride}`;
  return { name, kernel, inChannels, outChannels, groups: 1, size, stride, count: 1, bitMacs };
}
