/**
 * The kernels as the host sees them, by the names of their parameters, which come from assembly/ (abi.gen.ts): a
 * call does not compile where a parameter is renamed, missing or of another type. The order in assembly/ is
 * nobody's business: a binary takes its parameters in the order of their names.
 */

import type { GenericKernels, SingleKernels } from './abi.gen.ts';

export { ABI_DIGEST, FIRST_TABLE, TABLE_BYTES } from './abi.gen.ts';

/**
 * A kernel that exists for each type of activations: under this name for float32, and with Int16 at
 * the end of it for int16.
 */
export type GenericKernelName = keyof GenericKernels<never>;

export type KernelName =
  | GenericKernelName
  | `${GenericKernelName}Int16`
  | keyof SingleKernels<never>;

/**
 * Arguments of a kernel by the names of its parameters.
 * @typeParam Address what may stand for an address; all else is a number
 */
export type KernelArguments<
  Kernel extends KernelName,
  Address,
> = Kernel extends keyof SingleKernels<Address>
  ? SingleKernels<Address>[Kernel]
  : Kernel extends keyof GenericKernels<Address>
    ? GenericKernels<Address>[Kernel]
    : Kernel extends `${infer Name extends GenericKernelName}Int16`
      ? GenericKernels<Address>[Name]
      : never;
