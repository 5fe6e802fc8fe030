/** The models that come with the package, in its folder `models/`. */

/** Their files by the names that the command line has for them. */
const SHIPPED_MODELS = {
  steady: 'mobinet-steady-w50-64.safetensors',
  mobinet: 'mobinet-mid-k3-w50-64.safetensors',
  small: 'mobinet-mid-k3-w25-64.safetensors',
  signs: 'mobinet-signs-k3-w25-32.safetensors',
} as const;

export type ShippedModel = keyof typeof SHIPPED_MODELS;

/** The one that is right most often, and whose labels noise changes least: what is usual without a name. */
export const DEFAULT_MODEL: ShippedModel = 'steady';

export const SHIPPED_MODEL_NAMES = Object.keys(SHIPPED_MODELS) as ShippedModel[];

export function isShippedModel(name: string): name is ShippedModel {
  return Object.hasOwn(SHIPPED_MODELS, name);
}

/** Where one is: beside `src` and `dist`, two levels above this module. */
export function shippedModelUrl(name: ShippedModel = DEFAULT_MODEL): URL {
  return new URL(`../../models/${SHIPPED_MODELS[name]}`, import.meta.url);
}
