import { existsSync, readFileSync } from 'node:fs';
import type { Graph } from '../../src/graph/graph.ts';
import type { Build } from '../../src/plan/kernels.ts';
import { planGraph } from '../../src/plan/plan.ts';
import { createEngine, type Engine } from '../../src/runtime/engine.ts';
import { probeFeatures } from '../../src/runtime/features.ts';

/** The builds that this engine takes; Node before 22 has no relaxed SIMD. */
export const BUILDS = probeFeatures();

/** The compiled kernels of a build; `npm run build:wasm` makes them. */
export function wasmBytes(build: Build): Uint8Array<ArrayBuffer> {
  const file = new URL(`../../dist/mobinet.${build}.wasm`, import.meta.url);
  if (!existsSync(file)) throw new Error(`${file.pathname} is missing: run npm run build:wasm`);
  return Uint8Array.from(readFileSync(file));
}

const modules = new Map<Build, WebAssembly.Module>();

export function wasmModule(build: Build): WebAssembly.Module {
  const module = modules.get(build) ?? new WebAssembly.Module(wasmBytes(build));
  modules.set(build, module);
  return module;
}

export function engineOf(graph: Graph, build: Build): Promise<Engine> {
  return createEngine(planGraph(graph, build), wasmModule(build));
}

/** The output of a graph, run by the kernels of a build. */
export async function runGraph(
  graph: Graph,
  build: Build,
  input: Float32Array,
): Promise<Float32Array> {
  return (await engineOf(graph, build)).run(input);
}
