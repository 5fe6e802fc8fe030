import type { Graph } from '../../src/graph/graph.ts';
import type { Build } from '../../src/kernels/builds.ts';
import { instantiateKernels } from '../../src/runtime/engine.ts';
import { planGraph } from './plan.ts';
import { wasmModule } from './run.ts';

const PAGE = 65536;

/** The output of a graph whose calls are each done unit by unit, the last first: as threads might. */
export async function runInPieces(
  graph: Graph,
  build: Build,
  input: Float32Array,
): Promise<Float32Array> {
  const plan = planGraph(graph, build);
  const pages = Math.ceil(plan.memoryBytes / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const kernels = await instantiateKernels(wasmModule(build), memory);
  for (const { address, bytes } of plan.constants) {
    new Uint8Array(memory.buffer).set(bytes, address);
  }
  new Float32Array(memory.buffer, plan.input.address, plan.input.length).set(input);
  for (const { kernel, work, arguments: numbers } of plan.steps) {
    for (let unit = work - 1; unit >= 0; unit--) kernels[kernel](unit, unit + 1, ...numbers);
  }
  return new Float32Array(memory.buffer, plan.output.address, plan.output.length).slice();
}
