/** Plays a recorded run again, with a workflow as it is now, and says what becomes different. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { AppError } from '@weft/contract';

import { loadWorkflow } from '../load-workflow.ts';
import type { WorkflowSource } from '../load-workflow.ts';
import { WorkflowTestError } from '../test-error.ts';
import { unscriptedPlays } from '../test-run/executors.ts';
import type { WorkflowTestOptions } from '../test-run/options.ts';
import type { RunResult } from '../test-run/result.ts';
import { WorkflowTest } from '../test-run/workflow-test.ts';
import { compare } from './compare.ts';
import type { Difference } from './compare.ts';
import { parseRecording } from './format.ts';
import type { Recording } from './format.ts';
import { Timetable } from './timetable.ts';

export type ReplayOptions = Pick<WorkflowTestOptions, 'handlers' | 'workflows' | 'unscripted' | 'secrets'> & {
  /** The workflow that is to be tried; without it, the recorded one. */
  workflow?: WorkflowSource;
  /** Says what nodes give that the recording does not know. */
  script?: (test: WorkflowTest) => void;
};

export type Replayed = {
  /** Whether status, error code, path, output, state and what became of each task are the same. */
  same: boolean;
  differences: Difference[];
  result: RunResult;
  /** For people: what differs, place by place. */
  report(): string;
};

/**
 * The attempts of the recorded tasks give what they gave then, in that order; what reached the run from outside reaches it
 * again. Nothing is executed.
 *
 * Throws WorkflowTestError `bad_recording`, `invalid_workflow`.
 */
export async function replayRecording(
  source: string | URL | Recording,
  options: ReplayOptions = {},
): Promise<Replayed> {
  const recording = await readRecording(source);
  const { workflow, script, workflows = [], ...rest } = options;
  const document = workflow === undefined ? recording.workflow.document : await loadWorkflow(workflow);
  const { input, config, startedAt } = recording.run;
  const test: WorkflowTest = new WorkflowTest({
    document,
    children: await Promise.all(workflows.map((child) => loadWorkflow(child))),
    unscripted: await unscriptedPlays(rest),
    options: { ...rest, input, config, now: startedAt },
    replay: new Timetable(recording, () => test.steering()),
  });
  script?.(test);
  const stopped = await runOrStop(test);
  const result = await test.result();
  const differences = [...stopped, ...compare(recording, result)];
  return { same: differences.length === 0, differences, result, report: () => report(differences) };
}

/** A file's recording. Throws WorkflowTestError `bad_recording`. */
export async function readRecording(source: string | URL | Recording): Promise<Recording> {
  if (typeof source === 'object' && !(source instanceof URL))
    return parseRecording(JSON.stringify(source), 'the recording');
  const file = source instanceof URL ? fileURLToPath(source) : source;
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WorkflowTestError('bad_recording', `the recording ${file} cannot be read: ${String(cause)}`);
  });
  return parseRecording(text, file);
}

/** A node that the recording does not know is a difference, as is a message from outside that is refused now. */
async function runOrStop(test: WorkflowTest): Promise<Difference[]> {
  try {
    await test.run();
    return [];
  } catch (error) {
    const isExpected =
      error instanceof AppError ||
      (error instanceof WorkflowTestError && (error.code === 'unscripted_task' || error.code === 'missing_workflow'));
    if (!isExpected || (error instanceof AppError && error.code === 'invalid_input' && !(await hasStarted(test))))
      throw error;
    const lines = error instanceof WorkflowTestError ? [...error.lines] : [];
    return [
      {
        what: 'stopped',
        recorded: null,
        replayed: error.message.split('\n')[0] ?? '',
        lines: [`+ ${error.message.split('\n')[0]}`, ...lines],
      },
    ];
  }
}

/** An input that the workflow does not take any more stops it before its first step. */
async function hasStarted(test: WorkflowTest): Promise<boolean> {
  return test.result().then(
    () => true,
    () => false,
  );
}

function report(differences: readonly Difference[]): string {
  if (differences.length === 0) return 'the replay went as the recorded run did';
  return differences.map(({ what, lines }) => `${what}:\n${lines.map((line) => `  ${line}`).join('\n')}`).join('\n');
}
