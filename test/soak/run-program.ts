/** One program from its submission to its end, with all that is done to its run on the way. */
import { setTimeout as wait } from 'node:timers/promises';

import type { Run, StartRun } from '@weft/contract';

import { followBySocket, followBySse } from './follow.ts';
import type { Followed, History, Promised } from './history.ts';
import type { PatientClient } from './patient-client.ts';
import type { Program } from './program.ts';
import type { Deed } from './shape.ts';

export type Driver = {
  client: PatientClient;
  history: History;
  /** Once it is aborted, nobody waits for an end any more. */
  giveUp: AbortSignal;
};

const FIRST_LOOK_MS = 100;
const LAST_LOOK_MS = 1200;

export async function runProgram(driver: Driver, program: Program): Promise<void> {
  const started = await start(driver, program, 'start');
  if (started === null) return;
  const promised = promise(driver, program, started.id);
  if (program.twice) await start(driver, program, 'start again');
  const following = follow(driver, program, started.id);
  for (const deed of program.deeds ?? []) await perform({ ...driver, program, promised }, deed);
  await following;
  await ended(driver, started.id);
}

async function start({ client }: Driver, program: Program, what: string): Promise<Run | null> {
  const { workflow, input = {}, priority, key, index } = program;
  const request: StartRun = { workflow, input, priority, tags: [program.kind] };
  const asked = await client.call({
    what,
    program: index,
    key,
    ask: (one, options) => one.runs.start(request, options),
    runOf: ({ id }) => id,
  });
  return asked.outcome === 'ok' ? asked.value : null;
}

function promise({ history }: Driver, { index, kind, expect }: Program, runId: string): Promised {
  const promised = { runId, program: index, kind, expect: { ...expect } };
  history.promised.push(promised);
  return promised;
}

async function follow(driver: Driver, program: Program, runId: string): Promise<void> {
  if (program.follow === 'poll') return;
  const followed: Followed = { runId, by: program.follow, steps: [], end: null };
  driver.history.followed.push(followed);
  const parts = { client: driver.client.anyone(), runId, followed, signal: driver.giveUp };
  await (program.follow === 'sse' ? followBySse(parts) : followBySocket(parts));
}

/** The run once it has ended, or once `enough` of it is seen; null where that never comes. */
async function ended(
  { client, giveUp }: Driver,
  runId: string,
  enough: (run: Run) => boolean = () => false,
): Promise<Run | null> {
  let pauseMs = FIRST_LOOK_MS;
  while (!giveUp.aborted) {
    const run = await client.read((one, signal) => one.runs.get(runId, { signal }));
    if (run !== null && (run.endedAt !== null || enough(run))) return run;
    await wait(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, LAST_LOOK_MS);
  }
  return null;
}

type Doing = Driver & { program: Program; promised: Promised };

async function perform(doing: Doing, deed: Deed): Promise<void> {
  switch (deed.kind) {
    case 'answer':
      return await answer(doing);
    case 'inject':
      return await inject(doing, deed.amount);
    case 'signal':
      await wait(deed.afterMs);
      await call(doing, 'signal', (one, id, options) => one.runs.signal(id, deed.name, { n: 1 }, options));
      return;
    case 'cancel':
      await wait(deed.afterMs);
      await call(doing, 'cancel', (one, id, options) => one.runs.cancel(id, options));
      return;
    case 'retry':
      await ended(doing, doing.promised.runId);
      await call(doing, 'retry', (one, id, options) => one.runs.retry(id, options));
      return;
    case 'replay':
    case 'fork':
      return await branch(doing, deed);
    case 'rerun':
      return await another(doing, 'rerun', (one, id, options) => one.runs.rerun(id, {}, options));
  }
}

type Ask<T> = (
  client: Parameters<Parameters<PatientClient['call']>[0]['ask']>[0],
  runId: string,
  options: { signal: AbortSignal; idempotencyKey: string },
) => Promise<T>;

function call<T>({ client, program, promised }: Doing, what: string, ask: Ask<T>, runOf?: (value: T) => string) {
  return client.call({
    what,
    program: program.index,
    key: `${program.key}-${what}`,
    ask: (one, options) => ask(one, promised.runId, options),
    ...(runOf && { runOf }),
  });
}

async function asking(doing: Doing): Promise<Run | null> {
  const run = await ended(doing, doing.promised.runId, ({ interrupts }) => (interrupts ?? []).length > 0);
  return run?.endedAt === null ? run : null;
}

async function answer(doing: Doing): Promise<void> {
  const run = await asking(doing);
  const [question] = run?.interrupts ?? [];
  if (!question) return;
  const answers = question.at === 'node' ? { answers: { [question.id]: { go: true } } } : {};
  await call(doing, 'answer', (one, id, options) => one.runs.resume(id, answers, options));
}

async function inject(doing: Doing, amount: number): Promise<void> {
  if ((await asking(doing)) === null) return;
  const asked = await call(doing, 'inject', (one, id, options) => one.runs.injectState(id, { total: amount }, options));
  const { expect } = doing.promised;
  if (asked.outcome === 'refused') expect.total = (expect.total ?? 0) - amount;
  if (asked.outcome === 'unknown') delete expect.total;
  await answer(doing);
}

async function branch(doing: Doing, { kind, from }: { kind: 'replay' | 'fork'; from: number }): Promise<void> {
  const run = await ended(doing, doing.promised.runId);
  if (run?.status !== 'succeeded' || run.step < 3) return;
  const step = 1 + Math.floor(from * (run.step - 2));
  if (kind === 'fork') return await another(doing, 'fork', (one, id, options) => one.runs.fork(id, { step }, options));
  await call(doing, 'replay', (one, id, options) => one.runs.replay(id, step, {}, options));
}

/** A run that comes of this one, with the same promise. */
async function another(doing: Doing, what: string, ask: Ask<Run>): Promise<void> {
  const run = await ended(doing, doing.promised.runId);
  if (run?.status !== 'succeeded') return;
  const asked = await call(doing, what, ask, ({ id }) => id);
  if (asked.outcome !== 'ok') return;
  promise(doing, doing.program, asked.value.id);
  await ended(doing, asked.value.id);
}
