import { type Command, InvalidArgumentError } from 'commander';
import { InputError } from '../errors.ts';
import type { Preprocessing } from '../image/picture.ts';
import type { ConversionReport } from '../import/convert.ts';
import { convertFile } from '../node/convert.ts';
import { readFileBytes } from '../node/read-file.ts';
import { jsonOption, parseCount } from './options.ts';
import { print, say } from './output.ts';
import { patiently } from './patiently.ts';
import { fileSize, millions, safeJson, safeText, table } from './text.ts';

interface ConvertFlags {
  name?: string;
  labels?: string;
  preprocessing?: string;
  tolerance?: number;
  maxBytes?: number;
  report?: boolean;
  json?: boolean;
}

export function addConvert(program: Command): void {
  program
    .command('convert')
    .summary('an ONNX or TensorFlow Lite model to a model file')
    .description(
      'Converts an ONNX model, of PyTorch for instance, or a TensorFlow Lite one of Larq Compute ' +
        'Engine. Convolutions and dense layers whose input ' +
        'and weights take few values become bits, whatever operations make them so.',
    )
    .argument('<source>', 'ONNX or TensorFlow Lite model; weights in a file beside it are read')
    .argument('<target>', 'model file to write')
    .option('--name <name>', 'name of the model (default: that of the file)')
    .option('--labels <file>', 'labels, one a line, or a JSON array')
    .option('--preprocessing <file>', 'JSON, as in docs/model-format.md')
    .option(
      '--tolerance <factor>',
      'how far weights may be from +-alpha (default: 0.001)',
      (text) => {
        const factor = Number(text);
        if (text.trim() !== '' && factor >= 0 && factor < 0.5) return factor;
        throw new InvalidArgumentError('Give a number from 0 to 0.5.');
      },
    )
    .option('--max-bytes <count>', 'refuse larger files (default: 1073741824)', parseCount)
    .option('--report', 'say what became of each layer')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ mobinet convert network.onnx network.safetensors --report
  $ mobinet convert network.onnx network.safetensors --labels labels.txt
  $ mobinet convert quicknet.tflite quicknet.safetensors`,
    )
    .action(convert);
}

async function convert(source: string, target: string, flags: ConvertFlags): Promise<void> {
  const { name, tolerance, maxBytes } = flags;
  const converting = convertFile(source, target, {
    ...(name === undefined ? {} : { name }),
    tolerance,
    maxBytes,
    labels: flags.labels === undefined ? undefined : await readLabels(flags.labels),
    preprocessing:
      flags.preprocessing === undefined
        ? undefined
        : ((await readJson(flags.preprocessing)) as Partial<Preprocessing>),
  });
  const report = await patiently(source, converting);
  for (const warning of report.warnings) say(`WARNING: ${safeText(warning)}`);
  print(
    flags.json ? safeJson(report, undefined, 2) : reportText(target, report, flags.report === true),
  );
}

async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readFileBytes(path));
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError('INVALID_OPTION', `${path} is not JSON`, { cause });
  }
}

async function readLabels(path: string): Promise<string[]> {
  const text = await readText(path);
  if (!text.trimStart().startsWith('[')) return text.trimEnd().split(/\r?\n/);
  const labels = await readJson(path);
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string')) return labels;
  throw new InputError('INVALID_OPTION', `${path} is not an array of strings`);
}

function reportText(target: string, report: ConversionReport, full: boolean): string {
  const { bytesBefore, bytesAfter, floatMacs, binaryMacs, layers } = report;
  const bits = layers.filter((layer) => layer.as === 'bits').length;
  const lines = [
    `${safeText(target)}: ${fileSize(bytesAfter)}, was ${fileSize(bytesBefore)}`,
    `${bits} of ${layers.length} convolutions and dense layers are bits; ` +
      `${millions(binaryMacs)} binary and ${millions(floatMacs)} float multiply-adds`,
    ...report.notes.map((note) => `- ${safeText(note)}`),
  ];
  if (!full) return lines.join('\n');
  const rows = layers.map(({ name, operation, as, why }) => [name, operation, as, why]);
  const titles = ['layer', 'operation', 'stored as', 'because'];
  const columns = titles.map((title) => ({ title, align: 'left' as const }));
  return [table(columns, rows), '', ...lines].join('\n');
}
