import { existsSync, readFileSync } from 'node:fs';
import { sourcesDigest } from '../../build/identity.js';
import type { Graph } from '../../src/graph/graph.ts';
import { type Build, type Extent, wasmFile } from '../../src/kernels/builds.ts';
import { identityAs } from '../../src/kernels/identity.ts';
import { openThreadPool } from '../../src/node/thread-pool.ts';
import { createEngine, type Engine } from '../../src/runtime/engine.ts';
import { probeFeatures } from '../../src/runtime/features.ts';
import { planGraph } from './plan.ts';

/**
 * The builds that this engine takes; Node before 22 has no relaxed SIMD. Of these only one where the
 * environment has TEST_BUILD.
 */
export const BUILDS = wantedBuilds(process.env.TEST_BUILD);

function wantedBuilds(only: string | undefined): readonly Build[] {
  const runnable = probeFeatures();
  if (only === undefined) return runnable;
  const wanted = runnable.filter((build) => build === only);
  if (wanted.length === 1) return wanted;
  throw new Error(`TEST_BUILD is ${only}: this engine runs ${runnable.join(', ')}`);
}

/** The compiled kernels of a build, for one thread or for several; `npm run build:wasm` makes them. */
export function wasmBytes(
  build: Build,
  kind: '' | '-threads' = '',
  extent: Extent = 'all',
): Uint8Array<ArrayBuffer> {
  const file = new URL(`../../dist/${wasmFile(build, kind !== '', extent)}`, import.meta.url);
  if (!existsSync(file)) throw new Error(`${file.pathname} is missing: run npm run build:wasm`);
  return Uint8Array.from(readFileSync(file));
}

const modules = new Map<string, WebAssembly.Module>();

export function wasmModule(build: Build, kind: '' | '-threads' = ''): WebAssembly.Module {
  const key = build + kind;
  const known = modules.get(key);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(wasmBytes(build, kind));
  const { sources } = identityAs(module, build);
  if (sources !== sourcesDigest()) {
    const file = wasmFile(build, kind !== '');
    throw new Error(`dist/${file} was compiled from other sources: run npm run build:wasm`);
  }
  modules.set(key, module);
  return module;
}

export function engineOf(graph: Graph, build: Build): Promise<Engine> {
  return createEngine(planGraph(graph, build), wasmModule(build));
}

/** The compiled script of a thread: Node runs none in TypeScript. */
export const THREAD_SCRIPT = new URL('../../dist/node/thread-script.js', import.meta.url);

export function poolOf(graph: Graph, build: Build, threads: number): Promise<Engine> {
  const plan = planGraph(graph, build, threads);
  return openThreadPool(plan, wasmModule(build, '-threads'), THREAD_SCRIPT);
}

/** The output of a graph, run by the kernels of a build. */
export async function runGraph(
  graph: Graph,
  build: Build,
  input: Float32Array,
): Promise<Float32Array> {
  return (await engineOf(graph, build)).run(input);
}
