/** Mail about dead letters: they are done again, or put away (rule A10). */
import type { Json } from '@weft/contract';

import { ownerOf } from '../../task-key.ts';
import { tellParent } from '../children.ts';
import { NeedsMore, noReads } from '../reads.ts';
import type { Letter, Mail, TaskRecord } from '../records.ts';
import { takeUp } from '../retry-run.ts';
import { EVERYTHING } from './again.ts';
import type { WorkingRun } from '../working-run.ts';
import { placeLetter } from './place-letter.ts';

/** One failure of one task. Another failure of the task is another letter. `with`: the input of its next attempts. */
export type LetterRef = { key: string; id: string; attempt: number; with?: Json };

/** The payload of mail of kind `retry_letters` and `discard_letters`; `by`: who wants it, if they said. */
export type LettersRequest = { letters: LetterRef[]; by: string | null };

/** Does those again that can be; a run that has ended is reopened for them. */
export function retryLetters(run: WorkingRun, mail: Mail): void {
  if (run.head.status === 'cancelled') return;
  const isReopened = run.hasEnded;
  const reopens = run.head.status === 'failed';
  if (reopens) expectEverything(run);
  const { letters, by } = mail.payload as LettersRequest;
  const named = new Set<string>();
  const alone = new Set<string>();
  const edits = new Map<string, NonNullable<Letter['edit']>>();
  for (const { letter, task } of openLetters(run, letters)) {
    const isEdited = letter.with !== undefined;
    const place = isEdited && task.lane === null ? null : placeLetter(run, task);
    if (!place) continue;
    for (const key of place.keys) named.add(key);
    const top = place.keys.at(-1);
    if (place.alone && top !== undefined) alone.add(top);
    if (letter.with !== undefined) edits.set(task.key, { with: letter.with, by });
  }
  if (named.size === 0) return;
  run.openStep('retried');
  run.note({ mail: mail.id, by });
  takeUp(run, { ...EVERYTHING, all: false, reopens, named, alone, edits });
  if (isReopened && !run.hasEnded) tellParent(run, 'child_runs', { reopened: true });
}

/** Puts letters away, whatever becomes of their runs; retrying them takes them up again. */
export function discardLetters(run: WorkingRun, mail: Mail): void {
  const { letters, by } = mail.payload as LettersRequest;
  const open = openLetters(run, letters).filter(({ task }) => !task.letter?.discarded);
  if (open.length === 0) return;
  run.openStep('discarded');
  run.note({ mail: mail.id, by });
  for (const { task } of open) {
    const { attempt, blamed } = task;
    const letter = { ...task.letter, discarded: { by } };
    run.change(task, { status: 'failed', attempt, ...(blamed && { blamed }), letter });
  }
}

/** The child run that the task has failed for goes on: so does the task, if its run has not gone on without it. */
export function rejoinChild(run: WorkingRun, { id, payload }: Mail): void {
  const { key, runId } = payload as { key: string; runId: string };
  const task = taskOf(run, key);
  if (task?.status !== 'failed' || task.detail?.kind !== 'child' || task.detail.runId !== runId) return;
  expectEverything(run);
  const isReopened = run.hasEnded;
  const reopens = run.head.status === 'failed';
  const place = placeLetter(run, task);
  if (!place || place.alone || run.head.status === 'succeeded') return;
  run.openStep('retried');
  run.note({ mail: id });
  takeUp(run, { ...EVERYTHING, all: false, reopens, named: new Set(place.keys), child: key });
  if (isReopened && !run.hasEnded) tellParent(run, 'child_runs', { reopened: true });
}

/** Those that have not been done again since, each once. */
function openLetters(run: WorkingRun, letters: readonly LetterRef[]): { letter: LetterRef; task: TaskRecord }[] {
  const keys = letters.flatMap(({ key }) => [key, ...sendsOf(key)]);
  run.expect({ ...noReads(), tasks: new Set(keys) });
  const byKey = new Map(letters.map((letter) => [letter.key, letter]));
  return Array.from(byKey.values()).flatMap((letter) => {
    const task = run.task(letter.key);
    const isOpen = task?.status === 'failed' && task.id === letter.id && task.attempt === letter.attempt;
    return isOpen ? [{ letter, task }] : [];
  });
}

function sendsOf(key: string): string[] {
  const send = ownerOf(key)?.send;
  return send === undefined ? [] : [send, ...sendsOf(send)];
}

function taskOf(run: WorkingRun, key: string): TaskRecord | undefined {
  run.expect({ ...noReads(), tasks: new Set([key]) });
  return run.task(key);
}

function expectEverything(run: WorkingRun): void {
  if (!run.snapshot.reads.everything) throw new NeedsMore({ everything: true });
}
