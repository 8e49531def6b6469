/** What the stack says at the end of every run that it took, read from the stack and from nothing else. */
import { setTimeout as pause } from 'node:timers/promises';

import type { Run, RunStatus } from '@weft/contract';
import { ApiError, eachItem, type WeftClient } from '@weft/sdk';
import { instant } from './instant.ts';
import { persist, type Patience } from './persist.ts';
import { tagOf, type Accepted } from './submit-flood.ts';

export type ReadContext = { client: WeftClient; session: string; clients: number; patience: Patience };

const OPEN: readonly RunStatus[] = ['pending', 'running', 'interrupted'];
const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 2000;
const PAGE = 200;

/** Waits until no run of the session is open, or `drainMs` have passed. */
export async function untilDrained(context: ReadContext, drainMs: number): Promise<void> {
  const { client, session, patience } = context;
  const { signal } = patience;
  const until = instant() + drainMs;
  const isOpen =
    (status: RunStatus) =>
    async (asked: AbortSignal): Promise<boolean> =>
      (await client.runs.list({ tag: tagOf(session), status, limit: 1, signal: asked })).items.length > 0;
  for (let lookMs = FIRST_LOOK_MS; instant() < until; lookMs = Math.min(lookMs * 1.5, LONGEST_LOOK_MS)) {
    let open = false;
    for (const status of OPEN) open ||= await persist(patience, isOpen(status));
    if (!open) return;
    await pause(lookMs, undefined, { signal });
  }
}

/** Every run of the session by its id, whether its submission was answered or not. */
export async function readRuns({ client, session, patience }: ReadContext): Promise<Map<string, Run>> {
  const runs = new Map<string, Run>();
  const page = (cursor: string | undefined) =>
    persist(patience, (signal) => client.runs.list({ tag: tagOf(session), limit: PAGE, cursor, signal }));
  for await (const run of eachItem(page)) runs.set(run.id, run);
  return runs;
}

/** The run by its own address; null if there is none. */
export async function readRun({ client, patience }: ReadContext, runId: string): Promise<Run | null> {
  try {
    return await persist(patience, (signal) => client.runs.get(runId, { signal }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** The runs in whose journal a task has more than one final outcome, or which ended more than once. */
export async function findDoubled(context: ReadContext, accepted: readonly Accepted[]): Promise<string[]> {
  const doubled: string[] = [];
  const rest = accepted.values();
  async function work(): Promise<void> {
    for (const { runId } of rest) if (await isDoubled(context, runId)) doubled.push(runId);
  }
  await Promise.all(Array.from({ length: context.clients }, () => work()));
  return doubled;
}

async function isDoubled({ client, patience }: ReadContext, runId: string): Promise<boolean> {
  const outcomes = new Map<string, number>();
  const page = (cursor: string | undefined) =>
    persist(patience, (signal) => client.runs.steps(runId, { limit: PAGE, cursor, signal }));
  for await (const { type, taskId } of eachItem(page)) {
    const isFinal = type === 'task_succeeded' || type === 'task_failed' || type === 'run_ended';
    const what = type === 'run_ended' ? type : (taskId ?? '');
    if (isFinal) outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
  }
  return [...outcomes.values()].some((count) => count > 1);
}
