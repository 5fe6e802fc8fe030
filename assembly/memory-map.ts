/**
 * Fixed addresses, below everything the plan lays out.
 *
 * | from | to | what |
 * | --- | --- | --- |
 * | 0 | 1024 | left alone: the optimiser folds small offsets into addresses |
 * | 1024 | 4096 | constants of the kernels (`memory.data`) |
 * | FIRST_TABLE | | look-up tables of the pointwise kernel, one a thread, `TABLE_BYTES` apart |
 * | FIRST_TABLE + threads * TABLE_BYTES | | the plan's constants and arena |
 */

/** Address of the first thread's look-up table. */
export const FIRST_TABLE: usize = 4096;

/** From one thread's look-up table to the next. */
export const TABLE_BYTES: usize = 36864;

/**
 * Immediate of every load and store of the look-up table: its address, where there is one thread. In
 * the builds for threads addresses of tables are arguments, and this adds nothing.
 */
export const TABLE_BASE: usize = ASC_FEATURE_THREADS ? 0 : FIRST_TABLE;
