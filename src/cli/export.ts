import type { Command } from 'commander';
import { exportFile } from '../node/export.ts';
import type { Limits } from '../plan/budget.ts';
import { limitOption } from './options.ts';
import { print } from './output.ts';
import { patiently } from './patiently.ts';
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
    .addOption(limitOption())
    .addHelpText(
      'after',
      `
Example:
  $ mobinet export my-model.safetensors my-model.onnx`,
    )
    .action(async (model: string, target: string, { limit: limits }: { limit?: Limits }) => {
      const bytes = await patiently(model, exportFile(model, target, { limits }));
      print(`${safeText(target)}: ${fileSize(bytes)}`);
    });
}
