/** The model that comes with the package, in its folder `models/`. */
const DEFAULT_MODEL_FILE = 'mobinet-mid-k3-w50-64.safetensors';

/** Where it is: beside `src` and `dist`, two levels above this module. */
export function defaultModelUrl(): URL {
  return new URL(`../../models/${DEFAULT_MODEL_FILE}`, import.meta.url);
}
