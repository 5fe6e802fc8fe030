/** The entry `mobinet/worker` for bundlers; index.tsx says why it is not named `.js`. */

export * from '../worker/index.ts';
