import type { Command } from 'commander';
import { exportFile } from '../node/export.ts';
import { print } from './output.ts';
import { fileSize, safeText } from './text.ts';

export function addExport(program: Command): void {
  program
    .command('export')
    .summary('a model file to an ONNX model')
    .description(
      'Writes a model as ONNX, opset 17, with Sign and float weights of +-alpha, for other runtimes. ' +
        'Feature maps are float32; labels and preprocessing stay behind.',
    )
    .argument('<model>', 'model file')
    .argument('<target>', 'ONNX model to write')
    .addHelpText(
      'after',
      `
Example:
  $ mobinet export my-model.safetensors my-model.onnx`,
    )
    .action(async (model: string, target: string) => {
      const bytes = await exportFile(model, target);
      print(`${safeText(target)}: ${fileSize(bytes)}`);
    });
}
