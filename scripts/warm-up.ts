/** Loads what producers and workers load and ends, so that NODE_COMPILE_CACHE holds it compiled. */
import { loadExecutors } from '../packages/executors/src/index.ts';

await import('../apps/cli/src/start.ts');
await import('../apps/cli/src/commands/producer.ts');
await import('../apps/cli/src/commands/worker.ts');
await loadExecutors();
