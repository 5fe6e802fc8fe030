/**
 * What JavaScriptCore's own shell runs, bundled: it has WebAssembly, but nothing of the web's APIs.
 * Prints the logits of the fixed input for each build that the engine takes, as JSON.
 */

import { parseModelFile } from '../../src/file/model-file.ts';
import { planGraph } from '../../src/plan/plan.ts';
import { createEngine } from '../../src/runtime/engine.ts';
import { probeFeatures } from '../../src/runtime/features.ts';
import { fixedInput } from './fixed-input.ts';

declare const arguments_: readonly [model: string, folderOfKernels: string];
declare function readFile(path: string, mode: 'binary'): Uint8Array;
declare function print(text: string): void;

/** The model's header, which is all that is decoded, is UTF-8. */
class Utf8Decoder {
  decode(bytes: Uint8Array): string {
    let escaped = '';
    for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`;
    return decodeURIComponent(escaped);
  }
}

async function main(): Promise<void> {
  Object.assign(globalThis, { TextDecoder: Utf8Decoder });
  const [model, kernels] = arguments_;
  const { graph } = parseModelFile(Uint8Array.from(readFile(model, 'binary')));
  const logits: Record<string, number[]> = {};
  for (const build of probeFeatures()) {
    const module = new WebAssembly.Module(
      Uint8Array.from(readFile(`${kernels}/mobinet.${build}.wasm`, 'binary')),
    );
    const engine = await createEngine(planGraph(graph, build), module);
    logits[build] = [...engine.run(fixedInput(graph.input.shape.reduce((a, b) => a * b)))];
  }
  print(JSON.stringify(logits));
}

main().catch((error) => print(String(error)));
