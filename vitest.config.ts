import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';
import type { TestProjectInlineConfiguration } from 'vitest/config';

import { hasPostgres15 } from './packages/testkit/src/postgres-15.ts';

/** As many files at a time as there are cores: vitest leaves one core of two idle, and with more, tests wait too long for each other. */
const WORKERS = availableParallelism();

/** Suites of what reaches outside leave processes, sockets and variables behind, so each file has a process of its own. */
const OUTWARD = ['packages/{executors,endpoints,embedded}/test/**/*.test.ts'];

/** They are held to times of recovery, and workers to memory: what else a machine does would count as theirs. */
const CHAOS = 'test/chaos/*.test.ts';

/** The suites of the store, and a mesh from end to end, once more on the oldest Postgres. */
const POSTGRES_15: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'postgres-15',
    isolate: false,
    include: ['packages/postgres/test/**/*.int.test.ts', 'test/e2e/mesh.test.ts'],
    // They put load on the same statements as their neighbours.
    exclude: ['packages/postgres/test/{prune-under-load,retire-weeks,retention-model}.int.test.ts'],
    globalSetup: ['packages/testkit/src/global-setup-15.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
};

/** Faults that take their time: `npm run chaos`. */
const CHAOS_LONG: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: 'chaos-long',
    include: ['test/chaos/long/**/*.test.ts'],
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
};

if (!hasPostgres15()) {
  process.stderr.write(
    'weft: there is no Postgres 15 here, so the suites of the store run on one Postgres only (install it, or set TEST_POSTGRES_15_URL)\n',
  );
}

export default defineConfig({
  test: {
    // The servers that suites talk to are on this machine.
    env: { WEFT_ALLOW_PRIVATE: 'localhost, 127.0.0.0/8, ::1' },
    // Of all projects alike: they form one queue, and no core waits for the last file of a project.
    maxWorkers: WORKERS,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'packages/*/test/**/*.test.ts',
            'apps/!(dashboard)/test/**/*.test.ts',
            'apps/dashboard/test/unit/**/*.test.ts',
            'examples/*/*.test.ts',
            'test/architecture.test.ts',
            'test/reliability.test.ts',
            'test/{simulation,mutants}/**/*.test.ts',
            'test/soak/*.test.ts',
          ],
          exclude: [...OUTWARD, '**/*.int.test.ts', '**/node_modules/**'],
          // Half of the time of a short file goes into loading what the file before it has loaded already.
          isolate: false,
          // Properties of random graphs take seconds where the machine is busy: the limit is there for what hangs.
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'outward',
          include: OUTWARD,
          exclude: ['**/*.int.test.ts', '**/node_modules/**'],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          isolate: false,
          include: ['packages/*/test/**/*.int.test.ts', 'apps/*/test/**/*.int.test.ts'],
          globalSetup: ['packages/testkit/src/global-setup.ts'],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['packages/testkit/src/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: [CHAOS],
          globalSetup: ['packages/testkit/src/global-setup.ts'],
          // After all others, and one at a time.
          sequence: { groupOrder: 1 },
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'dashboard',
          include: ['apps/dashboard/test/browser/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'langgraph',
          include: ['test/langgraph/**/*.test.ts'],
          globalSetup: ['packages/testkit/src/global-setup.ts', 'test/langgraph/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      ...(hasPostgres15() ? [POSTGRES_15] : []),
      ...(process.env['WEFT_CHAOS'] ? [CHAOS_LONG] : []),
    ],
  },
});
