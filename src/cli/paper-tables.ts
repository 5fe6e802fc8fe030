/** Tables 3 and 4 of the paper, with what this package counts for the same networks beside. */

import { graphCost } from '../graph/cost.ts';
import { parseGraph } from '../graph/parse.ts';
import { NETWORKS } from '../networks/index.ts';
import { mobinetDefinition } from '../networks/mobinet.ts';
import { type PaperNetwork, type PaperRow, TABLE_3, TABLE_4 } from '../networks/paper.ts';
import { table } from './text.ts';

/** A row of the paper, and ours: millions of multiply-adds and parameters, megabytes of parameters. */
export interface ComparedRow extends PaperRow {
  readonly ours: { readonly flops: number; readonly params: number; readonly megabytes: number };
}

export interface PaperTables {
  readonly table3: readonly ComparedRow[];
  readonly table4: readonly ComparedRow[];
}

const OPTIONS = { width: 1, size: 224, classes: 1000 } as const;

function countOf(network: PaperNetwork): ComparedRow['ours'] {
  const { json, tensors } =
    typeof network === 'string'
      ? NETWORKS[network].definition(OPTIONS)
      : mobinetDefinition({ ...OPTIONS, ...network });
  const { flops, params, bits } = graphCost(parseGraph(json, tensors));
  return { flops: flops / 1e6, params: params / 1e6, megabytes: bits / 8e6 };
}

export function paperTables(): PaperTables {
  const counts = new Map<string, ComparedRow['ours']>();
  const compared = (row: PaperRow): ComparedRow => {
    const key = JSON.stringify(row.network);
    const ours = counts.get(key) ?? countOf(row.network);
    counts.set(key, ours);
    return { ...row, ours };
  };
  return { table3: TABLE_3.map(compared), table4: TABLE_4.map(compared) };
}

export function paperTablesText({ table3, table4 }: PaperTables): string {
  const figure = (x: number | undefined, digits: number) => x?.toFixed(digits) ?? '';
  const columns = (titles: readonly string[]) =>
    titles.map((title, at) => ({
      title,
      align: at === 0 ? ('left' as const) : ('right' as const),
    }));
  return [
    'Table 3: blocks and K',
    '',
    table(
      columns(['', 'top-1', 'top-5', 'FLOPs (M)', 'ours', 'memory (MB)', 'ours']),
      table3.map(({ title, top1, top5, flops, megabytes, ours }) => [
        title,
        figure(top1, 2),
        figure(top5, 2),
        figure(flops, 2),
        figure(ours.flops, 2),
        figure(megabytes, 2),
        figure(ours.megabytes, 2),
      ]),
    ),
    '',
    'Table 4: beside others',
    '',
    table(
      columns(['', 'top-1', 'top-5', 'params (M)', 'ours', 'FLOPs (M)', 'ours', 'ours (MB)']),
      table4.map(({ title, top1, top5, params, flops, ours }) => [
        title,
        figure(top1, 2),
        figure(top5, 2),
        figure(params, 2),
        figure(ours.params, 2),
        figure(flops, 0),
        figure(ours.flops, 2),
        figure(ours.megabytes, 2),
      ]),
    ),
    '',
    'Accuracy, on ImageNet, is the paper’s. Ours are counted from the graphs at 224 x 224, 1000 classes: FLOPs as',
    'the paper counts, where a sum or difference of floats is one, parameters as what training learns, one a bit,',
    'and memory as what this package stores.',
  ].join('\n');
}
