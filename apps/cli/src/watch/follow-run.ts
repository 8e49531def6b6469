/** Following a run to its end: a picture that is redrawn, lines, or JSON lines, as it suits who reads. */
import { exitCodes, type Interrupt, type Run } from '@weft/contract';
import { eachItem } from '@weft/sdk';
import { CliError } from '../cli-error.ts';
import { say, type CommandContext } from '../command-context.ts';
import { formatDuration } from '../output/duration.ts';
import { findStarted } from './find-started.ts';
import { MORE_QUESTIONS, questionLines } from '../output/question-lines.ts';
import { tellQuestions } from './tell-questions.ts';
import { openWatcher, type Watcher } from './watcher.ts';
import { RunView } from './run-view.ts';
import { readLayout } from './read-layout.ts';

export type FollowOptions = {
  /** Shows the nodes; otherwise the run is only waited for. */
  watch: boolean;
  /** Gives up after so long; null waits for ever. */
  timeoutMs: number | null;
};

/**
 * Returns the run once it has ended. Throws CliError `timeout` or `interrupted`; the run goes on then, and the error says
 * how to come back to it.
 */
export async function followRun(context: CommandContext, run: Run, options: FollowOptions): Promise<Run> {
  const deadline = options.timeoutMs === null ? null : AbortSignal.timeout(options.timeoutMs);
  const signal = deadline === null ? context.interrupt : AbortSignal.any([context.interrupt, deadline]);
  try {
    if (options.watch) await watchRun(context, run, signal);
    else await waitForRun(context, run, signal);
    return await context.client.runs.get(run.id, { signal });
  } catch (error) {
    throw signal.aborted ? left(run.id, context.interrupt.aborted ? null : options.timeoutMs) : error;
  }
}

async function waitForRun(context: CommandContext, run: Run, signal: AbortSignal): Promise<void> {
  const connection = connectionTalk((line) => say(context, line));
  const questions = tellQuestions(context.client, run, {
    signal,
    tell: (question) => sayQuestion((line) => say(context, line), question, run.id),
    tellMore: () => say(context, MORE_QUESTIONS),
  });
  const options = { modes: ['tasks' as const], signal, onReconnect: connection.lost };
  try {
    for await (const event of context.client.runs.events(run.id, options)) {
      connection.stands();
      questions.take(event);
    }
  } finally {
    questions.close();
  }
}

function sayQuestion(tell: (line: string) => void, question: Interrupt, runId: string): void {
  for (const line of questionLines(question, runId)) tell(line);
}

async function watchRun(context: CommandContext, run: Run, signal: AbortSignal): Promise<void> {
  const { client } = context;
  const view = new RunView(await readLayout(client, run.workflow, signal));
  for await (const task of eachItem((cursor) => client.runs.tasks(run.id, { cursor, limit: 200, signal }))) {
    view.applyTask(task);
  }
  const watcher = openWatcher(context, run, view);
  const ended = new AbortController();
  const looking = AbortSignal.any([signal, ended.signal]);
  void findStarted(client, run.id, { view, signal: looking, tell: (changes) => watcher.show(changes) });
  try {
    await takeEvents(context, run, { view, watcher, signal });
  } finally {
    ended.abort();
    watcher.close();
  }
}

type Watch = { view: RunView; watcher: Watcher; signal: AbortSignal };

async function takeEvents({ client }: CommandContext, run: Run, { view, watcher, signal }: Watch): Promise<void> {
  const connection = connectionTalk((line) => watcher.say(line));
  const questions = tellQuestions(client, run, {
    signal,
    tell(question) {
      if (question.runId === run.id) view.applyQuestion(question);
      sayQuestion((line) => watcher.say(line), question, run.id);
    },
    tellMore: () => watcher.say(MORE_QUESTIONS),
  });
  // The tasks above are at least as new as the run, so nothing before its step is missing.
  const options = { modes: ['tasks' as const], after: run.step, signal, onReconnect: connection.lost };
  try {
    for await (const event of client.runs.events(run.id, options)) {
      connection.stands();
      watcher.take(event, view.applyEvent(event));
      questions.take(event);
    }
  } finally {
    questions.close();
  }
}

/** Says once that the connection is lost, however often it is tried again. */
function connectionTalk(tell: (line: string) => void): { lost: () => void; stands: () => void } {
  let isLost = false;
  return {
    lost() {
      if (!isLost) tell('the connection is lost; trying again');
      isLost = true;
    },
    stands() {
      isLost = false;
    },
  };
}

function left(runId: string, timeoutMs: number | null): CliError {
  const lines = [`The run goes on. Come back with: weft watch ${runId}`];
  if (timeoutMs === null) return new CliError('interrupted', 'interrupted', { exitCode: exitCodes.interrupted, lines });
  const message = `the run has not ended after ${formatDuration(timeoutMs)}`;
  return new CliError('timeout', message, { exitCode: exitCodes.timeout, lines });
}
