/** The table of networks: the paper's, those it compares with, and later ones. A new one is a file here and a line. */

import { abcNet } from './abc-net.ts';
import { binaryConnect, bwn } from './binary-weights.ts';
import { biReal18 } from './bireal18.ts';
import { bnn } from './bnn.ts';
import { doReFaNet } from './dorefa-net.ts';
import { mobileNetV1Definition } from './mobilenet-v1.ts';
import type { NetworkOptions } from './options.ts';
import { quickNet } from './quicknet.ts';
import { reActNetA } from './reactnet-a.ts';
import { realToBinary } from './real-to-binary.ts';
import { twn } from './twn.ts';
import type { GraphDefinition } from './writer.ts';
import { xnorAlexNet, xnorResNet18 } from './xnor-net.ts';

export interface Network {
  readonly title: string;
  readonly definition: (options: NetworkOptions) => GraphDefinition;
}

/** By the name that `describe --network` takes; MoBiNet has options of its own. */
export const NETWORKS = {
  'mobilenet-v1': { title: 'MobileNet v1, float', definition: mobileNetV1Definition },
  binaryconnect: { title: 'BinaryConnect, AlexNet', definition: binaryConnect },
  bnn: { title: 'BNN, ResNet-18', definition: bnn },
  'abc-net': { title: 'ABC-Net, ResNet-18', definition: abcNet },
  'dorefa-net': { title: 'DoReFa-Net, AlexNet', definition: doReFaNet },
  bwn: { title: 'BWN, AlexNet', definition: bwn },
  'sq-bwn': { title: 'SQ-BWN, AlexNet', definition: bwn },
  'xnor-alexnet': { title: 'XNOR-Net, AlexNet', definition: xnorAlexNet },
  'xnor-resnet18': { title: 'XNOR-Net, ResNet-18', definition: xnorResNet18 },
  bireal18: { title: 'Bi-Real Net 18', definition: biReal18 },
  twn: { title: 'TWN, ResNet-18', definition: twn },
  'real-to-binary': { title: 'Real-to-Binary Net', definition: realToBinary },
  'reactnet-a': { title: 'ReActNet-A', definition: reActNetA },
  quicknet: { title: 'QuickNet', definition: quickNet },
} as const satisfies Readonly<Record<string, Network>>;

export type NetworkName = keyof typeof NETWORKS;
