import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { InputError } from '../errors.ts';
import { parseModelFile, verifyDigest } from '../file/model-file.ts';
import { activationsOf, withActivations } from '../graph/activations.ts';
import { type Cost, graphCost } from '../graph/cost.ts';
import { UNCOMMON } from '../kernels/uncommon.ts';
import type { ModelDescription } from '../model.ts';
import { NETWORKS, type NetworkName } from '../networks/index.ts';
import type { MobinetOptions } from '../networks/mobinet.ts';
import { planGraph } from '../plan/plan.ts';
import { chooseBuild, probeFeatures } from '../runtime/features.ts';
import { chooseThreads, type ThreadWish } from '../runtime/threads.ts';
import { type LayerDescription, layersOf } from './layers.ts';
import {
  addActivationsOption,
  buildOption,
  jsonOption,
  limitOption,
  type ModelOptions,
  modelOption,
  parseNumber,
  readModel,
  threadsOption,
} from './options.ts';
import { print } from './output.ts';
import { paperTables, paperTablesText } from './paper-tables.ts';
import { randomModelFile, randomNetworkFile } from './random-model.ts';
import { fileSize, millions, safeJson, safeText, table } from './text.ts';

type NetworkFlags = Partial<Pick<MobinetOptions, 'block' | 'k' | 'width' | 'size' | 'classes'>>;

interface DescribeFlags extends ModelOptions, NetworkFlags {
  network?: NetworkName | 'mobinet';
  table?: boolean;
  threads: ThreadWish;
  json?: boolean;
}

/** What `describe --json` writes: what `model.describe()` returns, and the layers. */
export interface FileDescription extends ModelDescription, Cost {
  readonly layers: readonly LayerDescription[];
}

const PAPER_NETWORK = { block: 'mid', k: 3, width: 1, size: 224, classes: 1000 } as const;

export function addDescribe(program: Command): void {
  const command = program
    .command('describe')
    .summary('layers, parameters and cost of a model or of a network of the literature')
    .description(
      'Lists the layers of a model with what they cost, and what it takes in all. With one of the ' +
        'options from --network to --classes, of that network (random weights).',
    )
    .argument('[model]', 'as with --model of the other commands')
    .addOption(modelOption().hideHelp())
    .option('--table', 'print the paper’s tables 3 and 4 with what is counted here beside')
    .addOption(
      new Option('--network <name>', 'network (default: mobinet)').choices([
        'mobinet',
        ...Object.keys(NETWORKS),
      ]),
    )
    .addOption(
      new Option('--block <block>', `block (default: ${PAPER_NETWORK.block})`).choices([
        'none',
        'pre',
        'mid',
        'post',
      ]),
    )
    .option('--k <k>', `2^k channels per group, 0 to 4 (default: ${PAPER_NETWORK.k})`, parseNumber)
    .option(
      '--width <factor>',
      `1, 0.75, 0.5 or 0.25 (default: ${PAPER_NETWORK.width})`,
      parseNumber,
    )
    .option('--size <pixels>', `input size (default: ${PAPER_NETWORK.size})`, parseNumber)
    .option('--classes <count>', `classes (default: ${PAPER_NETWORK.classes})`, parseNumber)
    .addOption(jsonOption())
    .addOption(threadsOption())
    .addOption(buildOption())
    .addOption(limitOption());
  addActivationsOption(command)
    .addHelpText(
      'after',
      `
FLOPs are counted as in the MoBiNet paper: multiply-adds of convolutions and dense layers, a binary
one being 1/64. A layer is what runs as one: a convolution with the activation, batch norm and
addition behind it.

Examples:
  $ mobinet describe
  $ mobinet describe my-model.safetensors
  $ mobinet describe --block post --k 2 --json
  $ mobinet describe --network bireal18
  $ mobinet describe --table`,
    )
    .action(describe);
}

async function describe(argument: string | undefined, flags: DescribeFlags): Promise<void> {
  if (flags.table) {
    const tables = paperTables();
    print(flags.json ? safeJson(tables, undefined, 2) : paperTablesText(tables));
    return;
  }
  const path = argument ?? flags.model;
  const { network, block, k, width, size, classes } = flags;
  const asked = Object.entries({ network, block, k, width, size, classes }).filter(
    ([, value]) => value !== undefined,
  );
  if (path !== undefined && asked.length > 0) {
    throw new InputError('INVALID_OPTION', `Both a model file and --${asked[0]![0]} are given`, {
      hint: 'describe one or the other',
    });
  }
  const bytes =
    asked.length > 0
      ? await networkFile(flags, { ...PAPER_NETWORK, ...Object.fromEntries(asked) })
      : await readModel({ ...flags, model: path });
  const description = await describeFile(bytes, flags);
  print(flags.json ? safeJson(description, undefined, 2) : descriptionText(description));
}

/** @throws InputError INVALID_OPTION */
function networkFile(
  { network = 'mobinet', block, k }: DescribeFlags,
  options: MobinetOptions,
): Promise<Uint8Array> {
  if (network === 'mobinet') return randomModelFile(options);
  if (block === undefined && k === undefined) return randomNetworkFile(network, options);
  throw new InputError('INVALID_OPTION', `${network} has neither blocks nor K`, {
    hint: 'they are MoBiNet’s',
  });
}

/** @throws ModelFormatError, GraphError; RuntimeError WASM_UNAVAILABLE */
async function describeFile(
  bytes: Uint8Array,
  flags: Pick<DescribeFlags, 'activations' | 'build' | 'threads' | 'limit'>,
): Promise<FileDescription> {
  const build = chooseBuild(probeFeatures(), flags.build);
  const { threads, reason } = chooseThreads(flags.threads, availableParallelism());
  const digest = await verifyDigest(bytes);
  const file = parseModelFile(bytes);
  const graph = withActivations(file.graph, flags.activations);
  const { name, formatVersion, labels, preprocessing, provenance, byteLength } = file;
  const { nodes, ...cost } = graphCost(graph);
  const plan = planGraph(graph, build, threads, flags.limit, UNCOMMON);
  const { memoryBytes, constantBytes, arenaBytes } = plan;
  return {
    name,
    formatVersion,
    build,
    threads,
    threadsReason: reason,
    activations: activationsOf(graph),
    stream: activationsOf(graph),
    input: graph.input.shape,
    classes: labels.length,
    preprocessing,
    digest,
    provenance,
    fileBytes: byteLength,
    ...cost,
    memoryBytes,
    constantBytes,
    arenaBytes,
    layers: layersOf(graph, nodes),
  };
}

function descriptionText(description: FileDescription): string {
  const { name, input, classes, build, layers } = description;
  const layerTable = table(
    [
      { title: 'layer', align: 'left' },
      { title: 'operation', align: 'left' },
      { title: 'result', align: 'right' },
      { title: 'params', align: 'right' },
      { title: 'bits', align: 'right' },
      { title: 'multiply-adds', align: 'right' },
      { title: 'FLOPs', align: 'right' },
    ],
    layers.map((layer) => [
      layer.name,
      layer.operation,
      layer.shape.join(' x '),
      layer.params.toLocaleString('en'),
      layer.bits.toLocaleString('en'),
      (layer.floatMacs + layer.binaryMacs).toLocaleString('en'),
      millions(layer.flops, 3),
    ]),
  );
  const { fileBytes, params, binaryParams, bits, flops, floatMacs, binaryMacs } = description;
  const { memoryBytes, constantBytes, arenaBytes, threads } = description;
  const totals = table(
    [
      { title: 'input', align: 'left' },
      { title: `${input.join(' x ')}, ${classes} classes`, align: 'left' },
    ],
    [
      ['parameters', `${millions(params)}, of which ${millions(binaryParams)} are single bits`],
      ['size', `${fileSize(bits / 8)} of parameters, ${fileSize(fileBytes)} as a file`],
      [
        'FLOPs',
        `${millions(flops)}: ${millions(floatMacs)} float multiply-adds + ${millions(binaryMacs)} binary ones / 64`,
      ],
      [
        'memory',
        `${fileSize(memoryBytes)}: ${fileSize(constantBytes)} of weights, ${fileSize(arenaBytes)} of values (${build} build, ${description.activations}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`,
      ],
      ['digest', description.digest],
    ],
  );
  return [safeText(name), '', layerTable, '', totals].join('\n');
}
