import type { Worker } from '@weft/engine/runtime';
import type { Metric } from '@weft/producer';

/** What the cache has spared a worker of this process. */
export function cacheMetric({ cacheCounters }: Pick<Worker, 'cacheCounters'>): Metric {
  const { hits, shared, misses } = cacheCounters;
  return {
    name: 'weft_cached_tasks_total',
    help: 'Tasks with a cache that took a stored result (hit), waited for that of another (shared), or ran (miss)',
    type: 'counter',
    samples: [
      { labels: { result: 'hit' }, value: hits },
      { labels: { result: 'shared' }, value: shared },
      { labels: { result: 'miss' }, value: misses },
    ],
  };
}
