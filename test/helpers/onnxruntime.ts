import { InferenceSession, Tensor } from 'onnxruntime-web';
import { graphToOnnx } from '../../src/export/onnx.ts';
import type { Graph } from '../../src/graph/graph.ts';

/** A graph in onnxruntime, by way of ONNX. */
export interface OnnxruntimeSession {
  run(input: Float32Array): Promise<Float32Array>;
  release(): Promise<void>;
}

export async function onnxruntimeSession(graph: Graph): Promise<OnnxruntimeSession> {
  const session = await InferenceSession.create(graphToOnnx(graph, 'test'), {
    executionProviders: ['wasm'],
  });
  return {
    async run(input) {
      const tensor = new Tensor('float32', input, [1, ...graph.input.shape]);
      const outputs = await session.run({ [graph.input.name]: tensor });
      return outputs[graph.output]!.data as Float32Array;
    },
    release: () => session.release(),
  };
}

/** The largest difference, relative to the range of what is wanted. */
export function difference(got: Float32Array, wanted: Float32Array): number {
  const range = Math.max(...wanted) - Math.min(...wanted);
  const worst = wanted.reduce((most, x, at) => Math.max(most, Math.abs(x - got[at]!)), 0);
  return worst / range;
}
