/** Stores in memory, for whoever runs the whole engine on them. */
export { createMemoryDispatch } from './memory-dispatch.ts';
export { createMemoryFleet } from './memory-fleet.ts';
export { MemoryStores } from './memory-stores.ts';
export type { StoredRun } from './stored-run.ts';
