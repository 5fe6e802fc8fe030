import type { Platform } from '../loading.ts';
import { defaultWasmUrl } from '../runtime/wasm.ts';

/** A browser's page or worker, but for how it starts threads. */
export const WEB: Pick<Platform, 'cores' | 'kernels'> = {
  cores: () => globalThis.navigator?.hardwareConcurrency ?? 1,
  kernels: defaultWasmUrl,
};
