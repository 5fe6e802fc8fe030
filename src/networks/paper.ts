/** Figures of the MoBiNet paper (Phan et al., WACV 2020), and the networks that they are of. */

import type { NetworkName } from './index.ts';
import type { MobinetOptions } from './mobinet.ts';

/** A network of the table, or a block and K of MoBiNet. */
export type PaperNetwork = NetworkName | Pick<MobinetOptions, 'block' | 'k'>;

export interface PaperRow {
  readonly title: string;
  readonly network: PaperNetwork;
  /** Top-1 and top-5 accuracy on ImageNet, per cent; undefined where the paper has none. */
  readonly top1: number;
  readonly top5: number | undefined;
  /** Millions of multiply-adds, binary ones / 64. */
  readonly flops?: number;
  /** Millions of parameters. */
  readonly params?: number;
  /** Megabytes of the saved model. */
  readonly megabytes?: number;
}

const BLOCKS = {
  pre: {
    title: 'Pre-block',
    megabytes: 4.6,
    rows: [
      [35.86, 59.46, 45.87],
      [48.93, 72.83, 46.57],
      [50.74, 74.22, 47.97],
      [51.41, 74.75, 50.76],
    ],
  },
  mid: {
    title: 'Mid-block',
    megabytes: 4.6,
    rows: [
      [34.73, 58.28, 45.61],
      [50.41, 73.98, 46.04],
      [52.25, 75.32, 46.9],
      [53.47, 76.46, 48.62],
    ],
  },
  post: {
    title: 'Post-block',
    megabytes: 4.5,
    rows: [
      [33.58, 56.69, 35.37],
      [46.83, 70.57, 35.8],
      [48.22, 71.97, 36.67],
      [49.88, 73.27, 38.39],
    ],
  },
} as const;

/** Table 3: the blocks and K. */
export const TABLE_3: readonly PaperRow[] = [
  ...(['pre', 'mid', 'post'] as const).flatMap((block) =>
    BLOCKS[block].rows.map(
      ([top1, top5, flops], k): PaperRow => ({
        title: `${BLOCKS[block].title}, K = ${k}`,
        network: { block, k },
        top1,
        top5,
        flops,
        megabytes: BLOCKS[block].megabytes,
      }),
    ),
  ),
  {
    title: 'MobileNet',
    network: 'mobilenet-v1',
    top1: 70.9,
    top5: 89.9,
    flops: 569,
    megabytes: 16.2,
  },
];

/** Table 4: beside others. */
export const TABLE_4: readonly PaperRow[] = [
  { title: 'Binary Connect', network: 'binaryconnect', top1: 35.4, top5: 61 },
  { title: 'BNNs', network: 'bnn', top1: 42.2, top5: 67.1 },
  { title: 'ABC-Net', network: 'abc-net', top1: 42.7, top5: 67.6 },
  { title: 'DoReFa-Net', network: 'dorefa-net', top1: 43.6, top5: undefined },
  { title: 'BWN', network: 'bwn', top1: 39.2, top5: 64.7 },
  { title: 'SQ-BWN', network: 'sq-bwn', top1: 45.5, top5: 70.6 },
  {
    title: 'XNOR-AlexNet',
    network: 'xnor-alexnet',
    top1: 44.2,
    top5: 69.2,
    flops: 138,
    params: 62.38,
  },
  {
    title: 'XNOR-ResNet-18',
    network: 'xnor-resnet18',
    top1: 51.2,
    top5: 69.3,
    flops: 167,
    params: 11.7,
  },
  {
    title: 'Bi-RealNet-18',
    network: 'bireal18',
    top1: 56.4,
    top5: 79.5,
    flops: 163,
    params: 11.7,
  },
  {
    title: 'MoBiNet-Mid (K = 3)',
    network: { block: 'mid', k: 3 },
    top1: 53.47,
    top5: 76.46,
    flops: 49,
    params: 8.5,
  },
  {
    title: 'MoBiNet-Mid (K = 4)',
    network: { block: 'mid', k: 4 },
    top1: 54.4,
    top5: 77.5,
    flops: 52,
    params: 8.75,
  },
];
