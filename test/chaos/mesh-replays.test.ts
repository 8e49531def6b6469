/** Replays and forks while the workers of what they leave behind are frozen. */
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { chain, openMesh, startRuns } from './use-mesh.ts';

const SOON = { timeout: 30_000, interval: 20 };
const RUNS = 3;

describe.skipIf(testRedisUrl() === null)('a worker that was frozen over a replay', () => {
  test('A5, C3: reports what nobody takes any more, and neither the run nor a fork of it hears of that', async () => {
    const mesh = await openMesh({ deadAfterMs: 60_000 });
    const [producer, zombie] = await Promise.all([mesh.producer(), mesh.worker(`--concurrency=${RUNS}`)]);
    const work = (more = {}) => ({ uses: 'handler:work', with: { notes: mesh.notes, ...more } });
    const by = (what: 'began' | 'ended', pid: number) => mesh.noted(what).filter((line) => line.pid === pid).length;
    const ids = await startRuns(producer, RUNS, chain(2, work({ gate: mesh.gate.file })));
    await expect.poll(() => by('began', zombie.ready.pid), SOON).toBe(RUNS);
    zombie.signal('SIGSTOP');

    const { runs } = producer.client;
    const forks = await Promise.all(ids.map((id) => runs.fork(id, { step: 1 })));
    await Promise.all(ids.map((id) => runs.replay(id, 1)));
    const all = [...ids, ...forks.map(({ id }) => id)];
    const heir = await mesh.worker(`--concurrency=${all.length}`);
    await expect.poll(() => by('began', heir.ready.pid), SOON).toBe(all.length);
    heir.signal('SIGSTOP');
    mesh.gate.open();
    zombie.signal('SIGCONT');
    await expect.poll(() => by('ended', zombie.ready.pid), SOON).toBe(RUNS);
    // It does something else once it is rid of the old.
    await mesh.allSucceed(await startRuns(producer, 1, chain(1, work())), 1);
    const tasks = await Promise.all(all.map((id) => mesh.store.reader.tasks(id, { limit: 10, after: null })));
    expect(tasks.flat().map(({ status }) => status)).not.toContain('succeeded');
    heir.signal('SIGCONT');

    await mesh.allSucceed(all, 2);
    for (const id of all) {
      const steps = await mesh.store.reader.steps(id, { afterStep: 0, limit: 100 });
      expect(steps.filter(({ type }) => type === 'task_succeeded')).toHaveLength(2);
    }
  });
});
