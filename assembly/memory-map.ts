/**
 * Fixed addresses, below everything the plan lays out.
 *
 * | from | to | what |
 * | --- | --- | --- |
 * | 0 | 1024 | left alone: the optimiser folds small offsets into addresses |
 * | 1024 | 4096 | constants of the kernels (`memory.data`) |
 * | 4096 | 40960 | the look-up table of the pointwise kernel, `TABLE_BASE` |
 * | 40960 | | the plan's constants and arena, `ARENA_BASE` |
 */

/** Address of the look-up table: a constant, so that it is an immediate of every load. */
export const TABLE_BASE: usize = 4096;

/** First address the plan may use. */
export const ARENA_BASE: usize = 40960;
