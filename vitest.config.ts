import { defineConfig } from 'vitest/config'

// One worker process a core; e2e files run in the same pool because each makes namespaces under its own names.
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    // Vitest leaves a core to itself unless told: with two cores that would be one file at a time.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['agent/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 85 },
    },
  },
})
