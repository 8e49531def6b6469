import type { Executor, PassageStore } from '@weft/engine/ports';

const NEEDY = 'rag';

/** The same executors, where those that index and search are given the store to do it in. */
export function withPassages(executors: ReadonlyMap<string, Executor>, passages: PassageStore): Map<string, Executor> {
  const given = new Map(executors);
  const executor = executors.get(NEEDY);
  if (executor) given.set(NEEDY, { ...executor, run: (call) => executor.run({ ...call, passages }) });
  return given;
}
