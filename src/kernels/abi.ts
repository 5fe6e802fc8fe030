/**
 * The kernels as the host sees them: the names of their parameters, in order, after the range of work
 * `begin`, `end` that each takes first. The names come from assembly/ (abi.gen.ts), so that a call is
 * right whatever the order there, and does not compile where a parameter is renamed or missing.
 */

import { type AddressParameters, GENERIC_KERNELS, SINGLE_KERNELS } from './abi.gen.ts';

export { ABI_DIGEST, FIRST_TABLE, TABLE_BYTES } from './abi.gen.ts';

type GenericKernels = typeof GENERIC_KERNELS;

/**
 * A kernel that exists for each type of activations: under this name for float32, and with Int16 at
 * the end of it for int16.
 */
export type GenericKernelName = keyof GenericKernels;

type Int16Kernels = {
  readonly [Name in GenericKernelName as `${Name}Int16`]: GenericKernels[Name];
};

/** Parameters of every kernel, after `begin` and `end`. */
export const KERNEL_PARAMETERS = {
  ...GENERIC_KERNELS,
  ...(Object.fromEntries(
    Object.entries(GENERIC_KERNELS).map(([name, parameters]) => [`${name}Int16`, parameters]),
  ) as Int16Kernels),
  ...SINGLE_KERNELS,
} as const;

export type KernelName = keyof typeof KERNEL_PARAMETERS;

/** The name in the sources. */
type SourceName<Kernel extends KernelName> = Kernel extends keyof AddressParameters
  ? Kernel
  : Kernel extends `${infer Name}Int16`
    ? Name
    : never;

type AddressOf<Kernel extends KernelName> =
  SourceName<Kernel> extends keyof AddressParameters
    ? AddressParameters[SourceName<Kernel>]
    : never;

/**
 * Arguments of a kernel by the names of its parameters.
 * @typeParam Address what may stand for an address; all else is a number
 */
export type KernelArguments<Kernel extends KernelName, Address> = {
  [Name in (typeof KERNEL_PARAMETERS)[Kernel][number]]: Name extends AddressOf<Kernel>
    ? Address
    : number;
};
