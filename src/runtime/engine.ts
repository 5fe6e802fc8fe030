/**
 * Runs a plan on the calling thread: one memory, one instance of the kernels, and a list of calls.
 */

import { RuntimeError } from '../errors.ts';
import type { KernelName } from '../kernels/abi.ts';
import type { Plan } from '../plan/plan.ts';

/** A kernel as WebAssembly exports it: a range of work, then the parameters. */
export type Kernel = (begin: number, end: number, ...rest: number[]) => void;

export type Kernels = Readonly<Record<KernelName, Kernel>>;

/** Milliseconds spent in one step. */
export interface StepTime {
  /** The value that the step works for: a node's name. */
  readonly value: string;
  /** The kernel that ran, such as `binaryWords`. */
  readonly kernel: string;
  readonly milliseconds: number;
  /** How many threads had a part of it. */
  readonly threads: number;
}

/** Where a network may be left. */
export type End = 'output' | 'features';

export interface Engine {
  /** Bytes of WebAssembly memory. */
  readonly memoryBytes: number;
  /** Threads that run the network, the calling one included. */
  readonly threads: number;
  /**
   * @param input as many float32 as the plan's input
   * @param end which of the plan's ends is wanted; default `output`
   * @returns a copy of it
   */
  run(input: Float32Array, end?: End): Float32Array;
  /** The same, timing each step. */
  profile(input: Float32Array): StepTime[];
  /** Ends its threads. */
  dispose(): void;
}

const PAGE = 65536;

/** The kernels of a module, working in `memory`. */
export async function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  try {
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    return instance.exports as unknown as Kernels;
  } catch (cause) {
    throw new RuntimeError('WASM_INVALID', 'The WebAssembly module is not one of this package', {
      cause,
      hint: 'the .wasm must be of the same version as the script, and of the build asked for',
    });
  }
}

/** A step that waits for its range of work. */
export type BoundStep = (begin: number, end: number) => void;

/** @throws RuntimeError WASM_INVALID where the module lacks the kernel */
export function bindStep(
  kernels: Kernels,
  name: KernelName,
  numbers: readonly number[],
): BoundStep {
  const kernel = kernels[name];
  if (typeof kernel === 'function' && kernel.length === numbers.length + 2) {
    return (begin, end) => kernel(begin, end, ...numbers);
  }
  throw new RuntimeError('WASM_INVALID', `The WebAssembly module lacks ${name}`, {
    hint: 'the .wasm must be of the same version as the script, and of the build asked for',
  });
}

/** A plan's memory with its constants in place. */
export interface PlanMemory {
  readonly memory: WebAssembly.Memory;
  readonly input: Float32Array;
  readonly ends: Readonly<Record<End, Float32Array>>;
}

/**
 * @param shared whether several threads work in it; the module must be of a build for threads
 * @throws RuntimeError OUT_OF_MEMORY
 */
export function openMemory(plan: Plan, shared: boolean): PlanMemory {
  const memory = allocate(plan.memoryBytes, shared);
  const bytes = new Uint8Array(memory.buffer);
  for (const constant of plan.constants) bytes.set(constant.bytes, constant.address);
  const floats = ({ address, length }: Plan['input']) =>
    new Float32Array(memory.buffer, address, length);
  return {
    memory,
    input: floats(plan.input),
    ends: { output: floats(plan.output), features: floats(plan.features) },
  };
}

/** @throws RuntimeError OUT_OF_MEMORY, WASM_INVALID */
export async function createEngine(
  plan: Plan,
  module: WebAssembly.Module,
  shared = false,
): Promise<Engine> {
  // The plan is not kept: its constants are in the memory now.
  const { steps } = plan;
  const { memory, input, ends } = openMemory(plan, shared);
  const kernels = await instantiateKernels(module, memory);
  const calls = steps.map(({ kernel, work, arguments: numbers }) => {
    const step = bindStep(kernels, kernel, numbers);
    return () => step(0, work);
  });

  return {
    memoryBytes: memory.buffer.byteLength,
    threads: 1,
    run(values, end = 'output') {
      input.set(values);
      for (const call of calls) call();
      return ends[end].slice();
    },
    profile(values) {
      input.set(values);
      let before = performance.now();
      return calls.map((call, index) => {
        const { value, kernel } = steps[index]!;
        call();
        const now = performance.now();
        const milliseconds = now - before;
        before = now;
        return { value, kernel, milliseconds, threads: 1 };
      });
    },
    dispose: () => undefined,
  };
}

function allocate(bytes: number, shared: boolean): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (cause) {
    const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    throw new RuntimeError('OUT_OF_MEMORY', `Cannot allocate ${size} of WebAssembly memory`, {
      cause,
      hint: 'dispose() of models no longer used, or take a smaller one',
    });
  }
}
