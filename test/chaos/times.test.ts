import { createMemoryTimers, systemClock } from '@weft/embedded';
import type { Executor, Timers } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import { single } from './documents.ts';
import { untilAborted, useScene } from './use-rigs.ts';

const obedient: Executor['run'] = async ({ signal }) => {
  await untilAborted(signal);
  return { kind: 'failed', error: { code: 'stopped', message: String(signal.reason), retryable: false } };
};

const deaf: Executor['run'] = () => new Promise(() => undefined);

const failing: Executor['run'] = async ({ attempt }) =>
  attempt === 1
    ? { kind: 'failed', error: { code: 'first', message: 'not yet', retryable: true } }
    : { kind: 'succeeded', output: { attempt } };

describe('time', () => {
  const scenes = useScene();

  test.each([
    ['obeys', obedient],
    ['is deaf', deaf],
  ])('A12: an attempt that takes too long fails by timeout, if its executor %s', async (_, run) => {
    const scene = scenes();
    const rig = await scene.rig({ executors: { work: run } });
    const ended = await rig.run(single('timeout', { uses: 'work', timeoutMs: 150 }));

    expect(ended.error).toMatchObject({ code: 'timeout' });
    expect((ended.endedAt ?? 0) - ended.createdAt).toBeLessThan(2500);
    expect(rig.worker?.running).toBe(0);
  });

  test('A12: an attempt that is silent for too long fails; one that beats does not', async () => {
    const scene = scenes();
    const rig = await scene.rig({
      executors: {
        silent: obedient,
        async beating({ heartbeat }) {
          for (let n = 0; n < 10; n++) {
            await new Promise((resolve) => setTimeout(resolve, 30));
            heartbeat({ n });
          }
          return { kind: 'succeeded', output: null };
        },
      },
    });
    const silent = await rig.run(single('silent', { uses: 'silent', heartbeatMs: 100 }));
    const beating = await rig.run(single('beating', { uses: 'beating', heartbeatMs: 100 }));

    expect(silent.error).toMatchObject({ code: 'heartbeat_timeout' });
    expect(beating.head.status).toBe('succeeded');
  });

  test('A12: a task that nobody takes in time fails; one that is taken does not', async () => {
    const scene = scenes();
    const rig = await scene.rig();
    const taken = await rig.start(single('taken', { uses: 'echo', queueTimeoutMs: 100 }));
    const waits = await rig.run(single('waits', { uses: 'echo', lane: 'nobody', queueTimeoutMs: 100 }));

    expect(waits.error).toMatchObject({ code: 'queue_timeout' });
    expect((await rig.ended(taken)).head.status).toBe('succeeded');
    const [task] = Object.values(await rig.tasks(waits.head.id));
    expect(task).toMatchObject({ status: 'failed', attempt: 1 });
  });

  test('A12: a retry comes when its delay is over, not before', async () => {
    const scene = scenes();
    const rig = await scene.rig({ executors: { work: failing } });
    const run = await rig.run(single('delay', { uses: 'work', retry: { maxAttempts: 2, initialMs: 300, factor: 1 } }));
    const steps = await rig.store.reader.steps(run.head.id, { afterStep: 0, limit: 9 });
    const [retried, fired] = [steps[1], steps[2]];

    expect([retried?.type, fired?.type]).toEqual(['task_retried', 'timer_fired']);
    expect(fired?.at).toBeGreaterThanOrEqual(retried?.facts.tasks?.[0]?.dueAt ?? Number.POSITIVE_INFINITY);
    expect(run.head.status).toBe('succeeded');
  });

  test('A12: a wake-up that is lost is found by the sweeper', async () => {
    const scene = scenes();
    const inner = createMemoryTimers({ clock: systemClock });
    const seen = new Set<string>();
    let forgotten = 0;
    const timers: Timers = {
      async schedule(all) {
        const known = all.filter(({ runId, key, attempt }) => seen.has(`${runId} ${key} ${attempt}`));
        forgotten += all.length - known.length;
        for (const { runId, key, attempt } of all) seen.add(`${runId} ${key} ${attempt}`);
        await inner.schedule(known);
      },
      onDue: (listener) => inner.onDue(listener),
    };
    const rig = await scene.rig({ timers, executors: { work: failing }, sweep: { intervalMs: 50 } });
    const run = await rig.run(single('lost', { uses: 'work', retry: { maxAttempts: 2, initialMs: 20 } }));

    expect(run.head.status).toBe('succeeded');
    expect(forgotten).toBe(1);
  });

  test('A12: a wake-up that comes too early or twice changes nothing', async () => {
    const scene = scenes();
    const inner = createMemoryTimers({ clock: systemClock });
    const timers: Timers = {
      schedule: (all) => inner.schedule(all.flatMap((timer) => [{ ...timer, inMs: 0, dueAt: timer.dueAt - 1 }, timer])),
      onDue: (listener) => inner.onDue((due) => listener([...due, ...due])),
    };
    const rig = await scene.rig({ timers, executors: { work: failing } });
    const run = await rig.run(single('early', { uses: 'work', retry: { maxAttempts: 2, initialMs: 300, factor: 1 } }));
    const steps = await rig.store.reader.steps(run.head.id, { afterStep: 0, limit: 9 });

    expect(steps.map(({ type }) => type)).toEqual([
      'run_started',
      'task_retried',
      'timer_fired',
      'task_succeeded',
      'run_ended',
    ]);
    expect(steps[2]?.at).toBeGreaterThanOrEqual(steps[1]?.facts.tasks?.[0]?.dueAt ?? Number.POSITIVE_INFINITY);
  });
});
