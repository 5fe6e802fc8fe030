/**
 * A binary convolution of a real network.
 * @typedef {object} Layer
 * @property {string} name such as `1x1 64->128 at 112`
 * @property {3 | 1} kernel height and width, pixels
 * @property {number} inChannels
 * @property {number} outChannels
 * @property {number} groups
 * @property {number} size height and width of the map, pixels
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
    layers.set(name, { name, kernel, inChannels, outChannels, groups, size, count, bitMacs });
  }
  return [...layers.values()];
}
