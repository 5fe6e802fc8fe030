/**
 * Fixed addresses, below everything the plan lays out.
 *
 * | from | to | what |
 * | --- | --- | --- |
 * | 0 | 1024 | left alone: the optimiser folds small offsets into addresses |
 * | 1024 | 4096 | constants of the kernels (`memory.data`) |
 * | 4096 | | look-up tables of the pointwise kernel, one a thread, `TABLE_BYTES` apart |
 * | 4096 + threads * TABLE_BYTES | | the plan's constants and arena |
 */

/**
 * Immediate of every load and store of the look-up table: its address, where there is one thread. In
 * the builds for threads addresses of tables are arguments, and this adds nothing.
 */
export const TABLE_BASE: usize = ASC_FEATURE_THREADS ? 0 : 4096;
