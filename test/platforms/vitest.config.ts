/** `npm run platforms`: every set-up of docs/platforms.md, also those that are heavy to install. */

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'test/platforms/*.{test,platform}.ts',
      'test/package/{cdn,consumers,vite}.test.ts',
      'test/browser/bits.test.ts',
      'test/engines/*.test.ts',
    ],
    globalSetup: 'test/platforms/install.ts',
    reporters: ['default', './test/platforms/matrix.ts'],
    // One server, browser or compiler at a time.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
