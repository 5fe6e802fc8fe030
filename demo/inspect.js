// @ts-check
import { html } from './dom.js';
import { bytes, millions } from './format.js';

/**
 * What a model file holds, as tables.
 * @param {Uint8Array} file
 * @returns {Promise<HTMLElement[]>}
 */
export async function inspect(file) {
  const library = (/** @type {string} */ path) =>
    import(new URL(`dist/${path}`, document.baseURI).href);
  /** @type {[typeof import('../src/file/model-file.ts'), typeof import('../src/graph/cost.ts'), typeof import('../src/cli/layers.ts')]} */
  const [{ parseModelFile }, { graphCost }, { layersOf }] = await Promise.all([
    library('file/model-file.js'),
    library('graph/cost.js'),
    library('cli/layers.js'),
  ]);
  const { graph, labels } = parseModelFile(file);
  const cost = graphCost(graph);
  const total = [
    `${millions(cost.params)} parameters, of which ${millions(cost.binaryParams)} are single bits`,
    `${bytes(cost.bits / 8)} of them`,
    `${millions(cost.flops)} FLOPs: ${millions(cost.floatMacs)} float multiply-adds and ` +
      `${millions(cost.binaryMacs)} binary ones / 64`,
  ];
  return [
    html('p', { class: 'total' }, total.join(' · ')),
    html('div', { class: 'scroller' }, layerTable(layersOf(graph, cost.nodes))),
    labelList(labels),
  ];
}

/** @param {readonly import('../src/cli/layers.ts').LayerDescription[]} layers */
function layerTable(layers) {
  const titles = ['Layer', 'Operation', 'Result', 'Parameters', 'Bits', 'Multiply-adds', 'FLOPs'];
  const numeric = (/** @type {string} */ text) => html('td', { class: 'numeric' }, text);
  const count = (/** @type {number} */ value) => value.toLocaleString('en');
  return html(
    'table',
    { class: 'layers' },
    html(
      'thead',
      {},
      html(
        'tr',
        {},
        ...titles.map((title, i) =>
          html('th', { scope: 'col', class: i > 1 ? 'numeric' : '' }, title),
        ),
      ),
    ),
    html(
      'tbody',
      {},
      ...layers.map((layer) =>
        html(
          'tr',
          {},
          html('th', { scope: 'row' }, layer.name),
          html('td', {}, layer.operation),
          numeric(layer.shape.join(' × ')),
          numeric(count(layer.params)),
          numeric(count(layer.bits)),
          numeric(count(layer.floatMacs + layer.binaryMacs)),
          numeric(millions(layer.flops)),
        ),
      ),
    ),
  );
}

/** @param {readonly string[]} labels */
function labelList(labels) {
  return html(
    'div',
    { class: 'labels' },
    html('h3', {}, `${labels.length} labels`),
    html('ol', { start: '0' }, ...labels.map((label) => html('li', {}, label))),
  );
}
