/** A layer of a network as a graph of its own, with random weights. */

import { inferShape } from '../dist/ops/index.js';

/** @typedef {import('./layers.js').Layer} Layer */
/** @typedef {import('../dist/ops/index.js').GraphNode} GraphNode */

const random = (/** @type {number} */ length) =>
  Float32Array.from({ length }, () => Math.random() - 0.5);

/**
 * A graph of nodes one after the other.
 * @param {Layer} layer
 * @param {GraphNode[]} nodes
 * @param {import('../dist/graph/graph.js').Int16Stream} [stream]
 * @returns {import('../dist/graph/graph.js').Graph}
 */
function chain({ inChannels, size }, nodes, stream) {
  /** @type {[number, number, number]} */
  const shape = [inChannels, size, size];
  /** @type {Map<string, import('../dist/tensor.js').Shape>} */
  const shapes = new Map([['image', shape]]);
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => /** @type {typeof shape} */ (shapes.get(name)));
    shapes.set(node.name, inferShape(node, inputs));
  }
  const output = /** @type {GraphNode} */ (nodes.at(-1)).name;
  return { input: { name: 'image', shape }, output, nodes, shapes, stream };
}

/** A unit as networks have it: PReLU, batch norm and, of maps of one size, the skip behind the convolution. */
const rest = (/** @type {Layer} */ { inChannels, outChannels, stride }) => {
  /** @type {GraphNode[]} */
  const nodes = [
    { name: 'prelu', op: 'prelu', inputs: ['conv'], slope: random(outChannels) },
    {
      name: 'norm',
      op: 'affine',
      inputs: ['prelu'],
      scale: random(outChannels),
      bias: random(outChannels),
    },
  ];
  if (stride > 1) return nodes;
  // Where channels double, the skip is the input beside itself; the kernel reads it once.
  const copies = Array.from({ length: outChannels / inChannels }, () => 'image');
  if (copies.length > 1) nodes.push({ name: 'copies', op: 'concat', inputs: copies });
  const skip = copies.length > 1 ? 'copies' : 'image';
  return [...nodes, /** @type {GraphNode} */ ({ name: 'out', op: 'add', inputs: ['norm', skip] })];
};

const geometry = (/** @type {Layer} */ { kernel, inChannels, outChannels, groups, stride }) => {
  const p = (kernel - 1) / 2;
  return {
    kernel: /** @type {[number, number]} */ ([kernel, kernel]),
    stride: /** @type {[number, number]} */ ([stride, stride]),
    padding: /** @type {[number, number, number, number]} */ ([p, p, p, p]),
    groups,
    inChannels,
    outChannels,
  };
};

function randomBits(/** @type {Layer} */ { kernel, inChannels, outChannels, groups }) {
  const words = Math.ceil((kernel * kernel * (inChannels / groups)) / 64);
  const weight = new BigUint64Array(outChannels * words);
  const bytes = new Uint8Array(weight.buffer);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Math.random() * 256;
  return weight;
}

/**
 * A convolution of signs.
 * @param {Layer} layer
 * @param {import('../dist/graph/graph.js').Int16Stream} [stream]
 */
export function binaryGraph(layer, stream) {
  /** @type {GraphNode[]} */
  const nodes = [
    { name: 'signs', op: 'sign', inputs: ['image'], threshold: undefined },
    ofSigns(layer, 'conv'),
    ...rest(layer),
  ];
  return chain(layer, nodes, stream);
}

/**
 * A convolution of the signs, random, padded with zeros.
 * @param {Layer} layer
 * @param {string} name
 * @returns {GraphNode}
 */
function ofSigns(layer, name) {
  return {
    name,
    op: 'binary_conv2d',
    inputs: ['signs'],
    weight: randomBits(layer),
    alpha: random(layer.outChannels),
    paddingValue: 0,
    bits: 1,
    ...geometry(layer),
  };
}

/**
 * A convolution of numbers of so many bits, in one go or as the sum of those of signs.
 * @param {Layer} layer
 * @param {number} bits
 * @param {boolean} asSigns
 */
export function levelsGraph(layer, bits, asSigns) {
  const conv = {
    weight: randomBits(layer),
    alpha: random(layer.outChannels),
    paddingValue: /** @type {const} */ (-1),
    ...geometry(layer),
  };
  const thresholds = random(2 ** bits - 1).sort();
  /** @type {GraphNode[]} */
  const nodes = [];
  if (!asSigns) {
    nodes.push({ name: 'levels', op: 'levels', inputs: ['image'], bits, thresholds });
    nodes.push({ name: 'conv', op: 'binary_conv2d', inputs: ['levels'], bits, ...conv });
  }
  for (let at = 0; asSigns && at < thresholds.length; at++) {
    const threshold = thresholds.subarray(at, at + 1);
    const [signs, name] = [`signs${at}`, at === 0 ? 'sum0' : `conv${at}`];
    nodes.push({ name: signs, op: 'sign', inputs: ['image'], threshold });
    nodes.push({ name, op: 'binary_conv2d', inputs: [signs], bits: 1, ...conv });
    if (at > 0) nodes.push({ name: `sum${at}`, op: 'add', inputs: [`sum${at - 1}`, name] });
  }
  return chain(layer, nodes);
}

/**
 * The sum of so many convolutions of the same signs.
 * @param {Layer} layer
 * @param {number} bases
 */
export function basesGraph(layer, bases) {
  /** @type {GraphNode[]} */
  const nodes = [{ name: 'signs', op: 'sign', inputs: ['image'], threshold: undefined }];
  for (let base = 0; base < bases; base++) {
    const name = base === 0 ? 'sum0' : `conv${base}`;
    nodes.push(ofSigns(layer, name));
    if (base > 0) nodes.push({ name: `sum${base}`, op: 'add', inputs: [`sum${base - 1}`, name] });
  }
  return chain(layer, nodes);
}

export function floatGraph(/** @type {Layer} */ layer) {
  const { kernel, inChannels, outChannels, groups } = layer;
  const weight = random(outChannels * (inChannels / groups) * kernel * kernel);
  return chain(layer, [
    { name: 'conv', op: 'conv2d', inputs: ['image'], weight, bias: undefined, ...geometry(layer) },
    ...rest(layer),
  ]);
}
