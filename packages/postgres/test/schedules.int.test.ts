import type { NewSchedule, WorkflowDocument } from '@weft/contract';
import { AppError } from '@weft/contract';
import { tickSchedule, timetableOf } from '@weft/engine/domain';
import type { Executor } from '@weft/engine/ports';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig } from '@weft/testkit';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';

const PATIENCE = { timeout: 30_000, interval: 10 };
const MINUTE = 60_000;
const ECHO: WorkflowDocument = {
  name: 'echo',
  nodes: { a: { type: 'task', uses: 'echo', with: { at: '${config.trigger.scheduledFor}', given: '${input}' } } },
};
const HOLD: WorkflowDocument = { name: 'hold', nodes: { a: { type: 'task', uses: 'hold' } } };
const FAIL: WorkflowDocument = { name: 'fail', nodes: { a: { type: 'task', uses: 'nope' } } };

/** Holds each task until it is let go or aborted. */
function holding() {
  const held = new Set<() => void>();
  const hold: Executor['run'] = async ({ signal }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.add(resolve);
    signal.addEventListener('abort', () => resolve());
    await promise;
    return { kind: 'succeeded', output: null };
  };
  return { hold, release: () => Array.from(held).forEach((go) => go()) };
}

const nope: Executor['run'] = async () => ({ kind: 'failed', error: { code: 'no', message: 'no', retryable: false } });
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;
let rig: Rig;
const gate = holding();

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  rig = await createRig({ url: database.url, executors: { hold: gate.hold, nope } });
  for (const document of [ECHO, HOLD, FAIL]) await rig.engine.saveWorkflow({ tenant: 'default', document });
});

afterAll(async () => {
  gate.release();
  await rig.stop();
  await pool.end();
  await database.drop({ verify: false });
});

let names = 0;

/** A schedule of its own, and its first instant. */
async function schedule(parts: Partial<NewSchedule> = {}, most = 1000): Promise<{ name: string; first: number }> {
  const name = `s${(names += 1)}`;
  const body = { spec: { everyMs: MINUTE }, workflow: 'echo', ...parts };
  await rig.engine.createSchedule('default', { name, ...body }, { key: null, most });
  const view = await rig.store.schedules.get('default', name);
  onTestFinished(async () => void (await rig.store.schedules.remove('default', name)));
  return { name, first: view?.schedule.nextAt ?? 0 };
}

async function firesOf(name: string) {
  const fires = await rig.store.schedules.fires({ tenant: 'default', name, limit: 100, before: null, outcome: null });
  return (fires ?? []).toReversed();
}

async function outcomes(name: string) {
  return (await firesOf(name)).map(({ outcome, reason }) => (reason ? `${outcome} ${reason.code}` : outcome));
}

const stateOf = async (name: string) => (await rig.store.schedules.get('default', name))?.schedule;
const round = (at: number) => rig.engine.scheduler.round(at);

async function ended(runId: string | null | undefined) {
  return rig.ended(runId ?? 'none');
}

async function runsOf(name: string): Promise<number> {
  const { rows } = await pool.query('select count(*)::int as n from run_body where tags @> array[$1]', [
    `schedule:${name}`,
  ]);
  return rows[0].n;
}

describe('a schedule', () => {
  test('starts a run at each instant, which knows its schedule, its instant and its input', async () => {
    const { name, first } = await schedule({
      input: { day: '{{ config.trigger.scheduledFor | slice: 0, 10 }}', who: '${config.who}' },
      config: { who: 'me' },
      tags: ['nightly'],
      priority: 'high',
    });
    await round(first - 1);
    expect(await firesOf(name)).toEqual([]);
    await round(first);

    const [fire] = await firesOf(name);
    const run = await ended(fire?.runId);
    const at = new Date(first).toISOString();
    expect(run.trigger).toEqual({ schedule: name, scheduledFor: at, kind: 'schedule' });
    expect(run.tags).toEqual(['nightly', `schedule:${name}`]);
    expect(run.head.priority).toBe(1);
    expect(run.input).toEqual({ day: at.slice(0, 10), who: 'me' });
    expect(Object.values(await rig.tasks(run.head.id))[0]?.output).toEqual({ at, given: run.input });
    expect((await stateOf(name))?.nextAt).toBe(first + MINUTE);
  });

  test('whose clock goes back fires no instant again', async () => {
    const { name, first } = await schedule({ overlap: 'allowAll' });
    for (const at of [first, first - 5 * MINUTE, first, first + 1]) await round(at);
    await rig.engine.pauseSchedule('default', name, null);
    await rig.engine.resumeSchedule('default', name, null);
    await round(first);
    expect((await stateOf(name))?.nextAt).toBe(first + MINUTE);

    expect(await outcomes(name)).toEqual(['started']);
    expect(await runsOf(name)).toBe(1);
  });

  test('whose clock goes on makes up for what is within the catch-up window, and tells what was missed', async () => {
    const { name, first } = await schedule({ overlap: 'allowAll', catchUpMs: 2 * MINUTE });
    await round(first + 10 * MINUTE + 5);

    const fires = await firesOf(name);
    expect(fires.map(({ outcome }) => outcome)).toEqual(['missed', 'started', 'started']);
    expect(fires[0]).toMatchObject({
      instant: first + 8 * MINUTE,
      missed: { count: 9, from: first },
      reason: { code: 'late' },
    });
    expect((await stateOf(name))?.nextAt).toBe(first + 11 * MINUTE);
  });

  test('that was at rest for long is seen to in bounded looks', async () => {
    const { name, first } = await schedule({ spec: { everyMs: 1000 }, catchUpMs: 0 });
    await round(first + 250_000);
    await round(first + 250_000);
    await round(first + 250_000);

    const fires = await firesOf(name);
    expect(fires.map(({ missed }) => missed?.count ?? 1)).toEqual([100, 100, 50, 1]);
    expect(fires.at(-1)).toMatchObject({ outcome: 'started', instant: first + 250_000 });
  });

  test('fires once, and has ended then', async () => {
    const at = new Date(Date.now() + MINUTE).toISOString();
    const { name, first } = await schedule({ spec: { at } });
    await round(first);
    await round(first + MINUTE);

    expect(first).toBe(Date.parse(at));
    expect(await outcomes(name)).toEqual(['started']);
    expect(await stateOf(name)).toMatchObject({ state: 'ended', nextAt: null });
  });

  test('ends after as many runs as it may have, whatever was skipped', async () => {
    const { name, first } = await schedule({ spec: { everyMs: MINUTE, maxRuns: 2 }, workflow: 'hold' });
    await round(first);
    await round(first + MINUTE);
    const [fire] = await firesOf(name);
    gate.release();
    await ended(fire?.runId);
    await round(first + 2 * MINUTE);
    await round(first + 3 * MINUTE);
    await round(first + 4 * MINUTE);

    expect(await outcomes(name)).toEqual(['started', 'skipped overlap', 'started']);
    expect(await stateOf(name)).toMatchObject({ state: 'ended' });
    gate.release();
  });

  test('is put off by its jitter, the same each time, and keeps its instants', async () => {
    const { name, first } = await schedule({ spec: { everyMs: MINUTE, jitterMs: 30_000 } });
    const due = (await stateOf(name))?.wakeAt ?? 0;
    expect(due).toBeGreaterThanOrEqual(first);
    expect(due).toBeLessThanOrEqual(first + 30_000);
    if (due > first) await round(due - 1);
    expect(await firesOf(name)).toEqual([]);
    await round(due);
    expect(await firesOf(name)).toMatchObject([{ instant: first, outcome: 'started' }]);
  });
});

describe('while an earlier run has not ended', () => {
  async function twice(overlap: NonNullable<NewSchedule['overlap']>) {
    const { name, first } = await schedule({ workflow: 'hold', overlap });
    for (let n = 0; n < 3; n += 1) await round(first + n * MINUTE);
    const [fire] = await firesOf(name);
    return { name, first, runId: fire?.runId ?? 'none' };
  }

  test('skip leaves the next ones out', async () => {
    const { name } = await twice('skip');
    expect(await outcomes(name)).toEqual(['started', 'skipped overlap', 'skipped overlap']);
    gate.release();
  });

  test('bufferOne lets one wait, and starts it when the other has ended', async () => {
    const { name, first, runId } = await twice('bufferOne');
    expect(await outcomes(name)).toEqual(['started', 'waiting overlap', 'skipped overlap']);
    gate.release();
    await ended(runId);
    await round(first + 2 * MINUTE + 20_000);
    expect(await outcomes(name)).toEqual(['started', 'started', 'skipped overlap']);
    gate.release();
  });

  test('bufferAll lets all wait, however long, and starts one after the other', async () => {
    const { name, first, runId } = await twice('bufferAll');
    expect(await outcomes(name)).toEqual(['started', 'waiting overlap', 'waiting overlap']);
    gate.release();
    await ended(runId);
    await round(first + 2 * MINUTE + 20_000);
    expect(await outcomes(name)).toEqual(['started', 'started', 'waiting overlap']);
    gate.release();
  });

  test('cancelOther cancels it, and starts once it has ended', async () => {
    const { name, first, runId } = await twice('cancelOther');
    expect((await ended(runId)).head.status).toBe('cancelled');
    await round(first + 2 * MINUTE + 20_000);
    const fires = await firesOf(name);
    expect(fires.at(-1)).toMatchObject({ outcome: 'started' });
    expect(fires[0]).toMatchObject({ runStatus: 'cancelled' });
    gate.release();
  });

  test('terminateOther cancels it, and starts at once', async () => {
    const { name, runId } = await twice('terminateOther');
    expect((await ended(runId)).head.status).toBe('cancelled');
    expect(await outcomes(name)).toEqual(['started', 'started', 'started']);
    gate.release();
  });

  test('allowAll runs them side by side', async () => {
    const { name } = await twice('allowAll');
    expect(await outcomes(name)).toEqual(['started', 'started', 'started']);
    expect(await rig.store.schedules.get('default', name)).toMatchObject({ running: 3, waiting: 0 });
    gate.release();
  });
});

describe('a firing that cannot be started', () => {
  test('is told with its reason, and the schedule goes on', async () => {
    const { name, first } = await schedule({ workflow: { name: 'echo', version: 1 }, overlap: 'allowAll' });
    await pool.query("update workflow_version set name = 'gone' where name = 'echo'");
    onTestFinished(
      async () => void (await pool.query("update workflow_version set name = 'echo' where name = 'gone'")),
    );
    await round(first);
    await pool.query("update workflow_version set name = 'echo' where name = 'gone'");
    await round(first + MINUTE);

    expect(await outcomes(name)).toEqual(['failed not_found', 'started']);
    const [fire] = await firesOf(name);
    expect(fire?.reason?.message).toContain('there is no version 1 of workflow "echo"');
  });

  test('because its input does not match a newer version fails so', async () => {
    const document: WorkflowDocument = { ...ECHO, name: 'strict' };
    await rig.engine.saveWorkflow({ tenant: 'default', document });
    const { name, first } = await schedule({ workflow: 'strict' });
    await rig.engine.saveWorkflow({
      tenant: 'default',
      document: { ...document, input: { type: 'object', required: ['id'] } },
    });
    await round(first);

    const [fire] = await firesOf(name);
    expect(fire).toMatchObject({ outcome: 'failed', reason: { code: 'invalid_input' } });
    expect(fire?.reason?.message).toContain('/input');
  });

  test('pauses its schedule after so many in a row, and so do runs that fail', async () => {
    const { name, first } = await schedule({ workflow: 'fail', pauseAfterFailures: 2 });
    for (let n = 0; n < 3; n += 1) {
      await round(first + n * MINUTE);
      await ended((await firesOf(name)).at(-1)?.runId);
    }

    expect(await outcomes(name)).toEqual(['started', 'started']);
    expect(await stateOf(name)).toMatchObject({
      state: 'paused',
      failures: 2,
      note: expect.stringContaining('2 failures'),
    });
    await rig.engine.resumeSchedule('default', name, 'mended');
    expect(await stateOf(name)).toMatchObject({ state: 'active', failures: 0, note: 'mended' });
  });

  test('is tried again while too much waits, and is missed only after the catch-up window', async () => {
    const full = new AppError('lane_full', 'too much waits', { retryAfterS: 5 });
    let isFull = true;
    const admit = async () => {
      if (isFull) throw full;
    };
    rig.engine.scheduler.start({ admit, isBusy: () => false });
    onTestFinished(() => {
      isFull = false;
    });
    const spec = { everyMs: 24 * 60 * MINUTE };
    const [a, b] = [await schedule({ spec, catchUpMs: 20_000 }), await schedule({ spec, catchUpMs: 20_000 })];
    await round(a.first);
    await round(a.first + 6000);
    expect(await outcomes(a.name)).toEqual(['waiting lane_full']);
    await round(a.first + 12_000);
    await rig.engine.pauseSchedule('default', b.name, null);
    await round(a.first + 21_000);
    expect(await outcomes(a.name)).toEqual(['missed lane_full']);
    expect(await outcomes(b.name)).toEqual(['skipped paused']);

    const c = await schedule({ spec, catchUpMs: 20_000 });
    await round(c.first);
    isFull = false;
    await round(c.first + 6000);
    expect(await outcomes(c.name)).toEqual(['started']);
  });
});

describe('several who look at once', () => {
  test('start each of many that are due together once, in batches', async () => {
    const { name, first } = await schedule();
    const other = await createRig({ url: database.url, worker: false });
    onTestFinished(() => other.stop());
    await pool.query(
      `insert into schedule (id, tenant, name, definition, workflow, state, next_at, wake_at)
      select gen_random_uuid(), tenant, 'many' || n, definition, workflow, state, next_at, wake_at
      from schedule, generate_series(1, 250) as n where name = $1`,
      [name],
    );
    onTestFinished(async () => void (await pool.query("delete from schedule where name like 'many%'")));
    await Promise.all([rig, other].map(({ engine }) => engine.scheduler.round(first)));
    await Promise.all([rig, other].map(({ engine }) => engine.scheduler.round(first)));

    const { rows } = await pool.query(`select f.outcome, count(*)::int as n, count(distinct f.run_id)::int as runs
      from schedule_fire f join schedule s on s.id = f.schedule_id where s.name like 'many%' group by f.outcome`);
    expect(rows).toEqual([{ outcome: 'started', n: 250, runs: 250 }]);
  });

  test('go on where one was killed between taking an instant and starting its run', async () => {
    const { name, first } = await schedule();
    // What is left by the transaction that takes the instant: it waits, and somebody has ten seconds to start it.
    await rig.store.schedules.tick({ limit: 100, at: first }, (sight) =>
      tickSchedule(sight, timetableOf(sight.schedule.definition.spec)),
    );
    expect(await outcomes(name)).toEqual(['waiting']);
    await round(first + 9000);
    expect(await outcomes(name)).toEqual(['waiting']);
    await round(first + 10_000);
    await round(first + 30_000);

    expect(await outcomes(name)).toEqual(['started']);
    expect(await runsOf(name)).toBe(1);
  });

  test('have the run of an instant started by one of them, whatever they know', async () => {
    const { name, first } = await schedule({ overlap: 'allowAll' });
    await round(first);
    const [fire] = await firesOf(name);
    await pool.query(
      "update schedule_fire set outcome = 'waiting', run_id = null, is_closed = false where run_id = $1",
      [fire?.runId],
    );
    await pool.query('update schedule set wake_at = to_timestamp(0) where name = $1', [name]);
    await round(first + 1);

    expect(await runsOf(name)).toBe(1);
  });
});

describe('by hand', () => {
  test('a schedule is run now, also while it is paused, and once for one key', async () => {
    const { name } = await schedule({ paused: true, note: 'not yet' });
    const run = () => rig.engine.runSchedule('default', name, { overlap: 'allowAll', requestKey: 'k' });
    const [one, other] = await Promise.all([run(), run()]);
    const again = await run();

    expect(one).toMatchObject({ kind: 'manual', overlap: 'allowAll' });
    expect([other.instant, again.instant]).toEqual([one.instant, one.instant]);
    await vi.waitFor(async () => expect(await outcomes(name)).toEqual(['started']), PATIENCE);
    await expect(rig.engine.runSchedule('default', name, { overlap: 'skip', requestKey: 'k' })).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
  });

  test('instants that have passed are made up for, one after the other, and none twice', async () => {
    const { name } = await schedule({ paused: true });
    const to = Math.floor(Date.now() / MINUTE) * MINUTE;
    const range = { from: new Date(to - 3 * MINUTE).toISOString(), to: new Date(to).toISOString() };
    expect(await rig.engine.backfillSchedule('default', name, range)).toEqual({ added: 4, started: 0 });
    expect(await rig.engine.backfillSchedule('default', name, range)).toEqual({ added: 0, started: 4 });
    let at = Date.now();
    await vi.waitFor(async () => {
      await round((at += 11_000));
      expect(await outcomes(name)).toEqual(['started', 'started', 'started', 'started']);
    }, PATIENCE);
    expect(await runsOf(name)).toBe(4);
  });

  test('a range with too many instants, or one that has not passed, is refused', async () => {
    const { name } = await schedule({ spec: { everyMs: 1000 } });
    const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
    const backfill = (from: string, to: string) => rig.engine.backfillSchedule('default', name, { from, to });
    await expect(backfill(ago(2000 * 1000), ago(0))).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/to' }],
    });
    await expect(backfill(ago(1000), ago(-60_000))).rejects.toMatchObject({ errors: [{ pointer: '/to' }] });
    await expect(backfill(ago(1000), ago(5000))).rejects.toMatchObject({ errors: [{ pointer: '/to' }] });
  });

  test('paused, nothing fires, and it goes on with the next instant', async () => {
    const { name, first } = await schedule();
    await rig.engine.pauseSchedule('default', name, 'holidays');
    await round(first + 5 * MINUTE);
    expect(await firesOf(name)).toEqual([]);
    expect(await stateOf(name)).toMatchObject({ state: 'paused', note: 'holidays', nextAt: null });
    await rig.engine.resumeSchedule('default', name, null);
    expect(await stateOf(name)).toMatchObject({ state: 'active', nextAt: first });
  });

  test('the schedules of a tenant are bounded, and a name is taken once', async () => {
    const { name } = await schedule();
    const create = (most: number) =>
      rig.engine.createSchedule('default', { name, spec: { everyMs: MINUTE }, workflow: 'echo' }, { key: null, most });
    await expect(create(1000)).rejects.toMatchObject({ code: 'conflict' });
    await expect(schedule({}, 1)).rejects.toMatchObject({ code: 'limit_schedules' });
  });

  test.each([
    [{ spec: { cron: '0 0 30 2 *' } }, 'invalid_request', '/spec/cron', 'never_fires'],
    [{ spec: { cron: '0 25 * * *' } }, 'invalid_request', '/spec/cron', 'bad_schedule'],
    [{ spec: { at: '2020-01-01T00:00:00Z' } }, 'invalid_request', '/spec/at', 'never_fires'],
    [{ workflow: 'nobody' }, 'not_found', '/workflow', 'missing_reference'],
    [{ config: { trigger: 1 } }, 'invalid_request', '/config/trigger', 'invalid_value'],
    [{ input: { a: '${state.x}' } }, 'invalid_input', '/input', 'bad_template'],
    [{ input: { a: { b: '{{ x' } } }, 'invalid_input', '/input/a/b', 'bad_template'],
  ] as [Partial<NewSchedule>, string, string, string][])(
    '%j is refused at its place',
    async (parts, code, pointer, item) => {
      await expect(schedule(parts)).rejects.toMatchObject({ code, errors: [{ pointer, code: item }] });
    },
  );
});
