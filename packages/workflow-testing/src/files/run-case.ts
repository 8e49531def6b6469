/** Runs one case of a test file. */
import { dirname, resolve } from 'node:path';

import { pointerOf } from '@weft/contract';
import type { Json } from '@weft/contract';

import { toMs } from '../duration.ts';
import { replayRecording } from '../recording/replay-recording.ts';
import type { NodeScript } from '../script/node-script.ts';
import { WorkflowTestError } from '../test-error.ts';
import type { WorkflowTestOptions } from '../test-run/options.ts';
import { testWorkflow } from '../test-run/workflow-test.ts';
import type { WorkflowTest } from '../test-run/workflow-test.ts';
import { mismatches } from './expectations.ts';
import type { NodePlay, TestCase, TestFile } from './test-file.ts';

/** `pointer`: where in the case the failed expectation, or what cannot be carried out, stands. */
export type Failure = { pointer: string; message: string; lines: string[] };

export type CaseContext = { file: string; content: TestFile };

/** Everything that is wrong; nothing if all is as expected. */
export async function runCase(context: CaseContext, test: TestCase): Promise<Failure[]> {
  if (test.recording !== undefined) return replayCase(context, test, test.recording);
  const seeds = test.seeds === undefined ? [test.seed] : Array.from({ length: test.seeds }, (_, index) => index + 1);
  for (const seed of seeds) {
    const failures = await runSeed(context, test, seed);
    if (failures.length > 0)
      return test.seeds === undefined
        ? failures
        : failures.map((one) => ({ ...one, message: `with seed ${seed}: ${one.message}` }));
  }
  return [];
}

async function replayCase(context: CaseContext, test: TestCase, recording: string): Promise<Failure[]> {
  const { workflow, options } = sourcesOf(context, test);
  const replayed = await replayRecording(resolve(dirname(context.file), recording), {
    ...options,
    workflow,
    script: (one) => {
      for (const [name, plays] of Object.entries(test.nodes ?? {})) say(one.node(name), plays);
    },
  });
  return replayed.differences.map(({ what, lines }) => ({
    pointer: '/recording',
    message: `${what}: not as in the recorded run`,
    lines,
  }));
}

async function runSeed(context: CaseContext, test: TestCase, seed: number | undefined): Promise<Failure[]> {
  const { workflow, options } = sourcesOf(context, test);
  const one = await testWorkflow(workflow, { ...options, ...(seed !== undefined && { seed }) });
  const unknown = prepare(one, test);
  if (unknown.length > 0) return unknown;
  const result = await one.run({ letExpire: test.letExpire ?? false });
  return mismatches(test.expect ?? {}, result).map(({ pointer, message }) => ({
    pointer: `/expect${pointer}`,
    message: `${pointer.slice(1)}: ${message}`,
    lines: [],
  }));
}

/** Paths are those of the test file's folder. */
function sourcesOf({ file, content }: CaseContext, test: TestCase): { workflow: string; options: WorkflowTestOptions } {
  const at = (path: string): string => resolve(dirname(file), path);
  const handlers = test.handlers ?? content.handlers;
  const workflows = test.workflows ?? content.workflows ?? [];
  const unscripted = test.unscripted ?? content.unscripted;
  return {
    workflow: at(content.workflow ?? '.'),
    options: {
      workflows: workflows.map(at),
      ...(test.input !== undefined && { input: test.input }),
      ...(test.config && { config: test.config }),
      ...(test.now !== undefined && { now: test.now }),
      ...(test.crashAt !== undefined && { crashAt: test.crashAt }),
      ...(handlers !== undefined && { handlers: at(handlers) }),
      ...(unscripted && { unscripted }),
    },
  };
}

/** Tells the test what the case says. Returns what names nothing in the workflow. */
function prepare(one: WorkflowTest, test: TestCase): Failure[] {
  const failures: Failure[] = [];
  const attempt = (pointer: string, work: () => unknown): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof WorkflowTestError)) throw error;
      failures.push({ pointer, message: error.message, lines: [] });
    }
  };
  for (const [name, plays] of Object.entries(test.nodes ?? {}))
    attempt(`/nodes${pointerOf([name])}`, () => say(one.node(name), plays));
  for (const { pointer, node, value, ...options } of answersOf(test))
    attempt(pointer, () => one.whenAsked(node, value, options));
  for (const [index, node] of (test.crashAfter ?? []).entries())
    attempt(`/crashAfter/${index}`, () => one.crashAfter(node));
  for (const key of ['called', 'inputs'] as const)
    for (const node of Object.keys(test.expect?.[key] ?? {}))
      attempt(`/expect/${key}${pointerOf([node])}`, () => one.place(node));
  for (const { name, payload = null, after = 0 } of test.signals ?? [])
    one.after(after, (run) => run.signal(name, payload));
  for (const { updates, afterNode = null, after = 0 } of test.inject ?? [])
    one.after(after, (run) => run.inject(updates, { afterNode }));
  if (test.cancelAfter !== undefined) one.after(test.cancelAfter, (run) => run.cancel());
  return failures;
}

type SaidAnswer = { pointer: string; node: string; value: Json; after?: number; by?: string };

function answersOf({ answers = [] }: TestCase): SaidAnswer[] {
  if (!Array.isArray(answers))
    return Object.entries(answers).map(([node, value]) => ({ pointer: `/answers${pointerOf([node])}`, node, value }));
  return answers.map(({ node, value, after, by }, index) => ({
    pointer: `/answers/${index}/node`,
    node,
    value,
    ...(after !== undefined && { after: toMs(after) }),
    ...(by !== undefined && { by }),
  }));
}

/** Of a list every entry counts once, or as often as it says, and the last one from then on. */
function say(script: NodeScript, plays: NodePlay | NodePlay[]): void {
  const list = Array.isArray(plays) ? plays : [plays];
  for (const [index, play] of list.entries()) sayOne(script, play, index === list.length - 1);
}

function sayOne(script: NodeScript, play: NodePlay, isLast: boolean): void {
  const { returns, stateUpdates, goto, usage, fails, retryAfter, crashes, notTaken, takes, beats } = play;
  const times = play.times ?? (isLast ? undefined : 1);
  const timing = { ...(takes !== undefined && { takes }), ...(beats !== undefined && { beats }) };
  const spent = usage && { usage: { inputTokens: 0, outputTokens: 0, usd: 0, ...defined(usage) } };
  if (returns !== undefined) {
    const options = { ...timing, ...spent, ...(stateUpdates && { stateUpdates }), ...(goto !== undefined && { goto }) };
    if (times === undefined) script.returns(returns, options);
    else for (let i = 0; i < times; i++) script.returnsOnce(returns, options);
  } else if (fails !== undefined) {
    const failure = typeof fails === 'string' ? { code: fails } : defined(fails);
    script.fails(failure, {
      ...timing,
      ...spent,
      ...(times !== undefined && { times }),
      ...(retryAfter !== undefined && { retryAfter }),
    });
  } else if (crashes !== undefined) script.crashes(crashes === true ? (times ?? 1) : crashes, timing);
  else if (notTaken) script.isNotTaken(times);
  else if (takes !== undefined) script.takes(takes, beats === undefined ? {} : { beats });
}

/** Without the keys that are undefined. */
function defined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never;
}
