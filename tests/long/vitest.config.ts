import { defineConfig } from 'vitest/config'

// Soaks and long fuzzing: the same rules as `npm test`, more time, no coverage.
export default defineConfig({
  test: {
    root: '../..',
    include: ['tests/long/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
  },
})
