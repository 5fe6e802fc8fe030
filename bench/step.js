import { readFileSync } from 'node:fs';
import { UNCOMMON } from '../dist/kernels/uncommon.js';
import { planGraph } from '../dist/plan/plan.js';
import { instantiateKernels } from '../dist/runtime/engine.js';

const PAGE = 65536;

/**
 * The kernel calls of a graph's plan, ready to be repeated; their input is that of a run on random numbers.
 * @param {import('../dist/graph/graph.js').Graph} graph
 * @param {'plain' | 'simd'} build
 * @param {import('../dist/kernels/index.js').Families} [uncommon]
 */
export async function openSteps(graph, build, uncommon = UNCOMMON) {
  const plan = planGraph(graph, build, 1, {}, uncommon);
  const pages = Math.ceil(plan.memoryBytes / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const module = new WebAssembly.Module(
    readFileSync(new URL(`../dist/mobinet.${build}.wasm`, import.meta.url)),
  );
  const kernels = await instantiateKernels(module, memory);
  for (const { address, bytes } of plan.constants) {
    new Uint8Array(memory.buffer).set(bytes, address);
  }
  const input = new Float32Array(memory.buffer, plan.input.address, plan.input.length);
  for (let at = 0; at < input.length; at++) input[at] = Math.random() - 0.5;
  const calls = plan.steps.map(
    ({ kernel, work, arguments: numbers }) =>
      () =>
        kernels[kernel](0, work, ...numbers),
  );
  for (const call of calls) call();
  return plan.steps.map(({ kernel }, at) => ({ kernel, call: calls[at] ?? (() => {}) }));
}

/**
 * One of them.
 * @param {import('../dist/graph/graph.js').Graph} graph
 * @param {'plain' | 'simd'} build
 * @param {readonly string[]} wanted the kernels that it may be
 * @returns {Promise<() => void>}
 */
export async function openStep(graph, build, wanted) {
  const steps = await openSteps(graph, build);
  const call = steps.find(({ kernel }) => wanted.includes(kernel))?.call;
  if (call === undefined) throw new Error(`the plan has none of ${wanted.join(', ')}`);
  return call;
}
