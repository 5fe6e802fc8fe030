import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { withIdentity } from '../../build/identity.js';
import { ABI_DIGEST } from '../../src/kernels/abi.ts';
import { BUILD_TABLE, BUILDS, wasmFile } from '../../src/kernels/builds.ts';
import { identityOf } from '../../src/kernels/identity.ts';
import { loadModel as loadInNode } from '../../src/node/load.ts';
import type { LoadOptions } from '../../src/model.ts';
import { loadModel } from '../../src/web/load.ts';
import { tinyNetwork } from '../graph/tiny-network.ts';
import { modelFile } from '../helpers/model-file.ts';
import { BUILDS as RUNNABLE, wasmBytes, wasmModule } from '../helpers/run.ts';

const dist = new URL('../../dist/', import.meta.url);
const bytes = modelFile(tinyNetwork());
const buildOf = async (options: LoadOptions) => (await loadModel(bytes, options)).build;
