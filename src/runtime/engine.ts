/**
 * Runs a plan: one memory, one instance of the kernels, and a list of calls.
 */

import { RuntimeError } from '../errors.ts';
import type { KernelName } from '../plan/kernels.ts';
import type { Plan } from '../plan/plan.ts';

/** A kernel as WebAssembly exports it: a range of work, then the parameters. */
export type Kernel = (begin: number, end: number, ...rest: number[]) => void;

export type Kernels = Readonly<Record<KernelName, Kernel>>;

/** Milliseconds spent in one step. */
export interface StepTime {
  /** The value that the step works for: a node's name. */
  readonly value: string;
  readonly kernel: KernelName;
  readonly milliseconds: number;
}

export interface Engine {
  /** Bytes of WebAssembly memory. */
  readonly memoryBytes: number;
  /**
   * @param input as many float32 as the plan's input
   * @returns a copy of the output
   */
  run(input: Float32Array): Float32Array;
  /** The same, timing each step. */
  profile(input: Float32Array): StepTime[];
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

/** @throws RuntimeError OUT_OF_MEMORY, WASM_INVALID */
export async function createEngine(plan: Plan, module: WebAssembly.Module): Promise<Engine> {
  const memory = allocate(plan.memoryBytes);
  const kernels = await instantiateKernels(module, memory);
  const bytes = new Uint8Array(memory.buffer);
  for (const constant of plan.constants) bytes.set(constant.bytes, constant.address);
  const input = new Float32Array(memory.buffer, plan.input.address, plan.input.length);
  const output = new Float32Array(memory.buffer, plan.output.address, plan.output.length);
  const calls = plan.steps.map((step) => {
    const kernel = kernels[step.kernel];
    if (typeof kernel !== 'function') {
      throw new RuntimeError('WASM_INVALID', `The WebAssembly module lacks ${step.kernel}`, {
        hint: 'the .wasm must be of the same version as the script, and of the build asked for',
      });
    }
    return () => kernel(0, step.work, ...step.arguments);
  });

  return {
    memoryBytes: memory.buffer.byteLength,
    run(values) {
      input.set(values);
      for (const call of calls) call();
      return output.slice();
    },
    profile(values) {
      input.set(values);
      let before = performance.now();
      return calls.map((call, index) => {
        const { value, kernel } = plan.steps[index]!;
        call();
        const now = performance.now();
        const milliseconds = now - before;
        before = now;
        return { value, kernel, milliseconds };
      });
    },
  };
}

function allocate(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    throw new RuntimeError('OUT_OF_MEMORY', `Cannot allocate ${size} of WebAssembly memory`, {
      cause,
      hint: 'dispose() of models no longer used, or take a smaller one',
    });
  }
}
