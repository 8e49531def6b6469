/** Reading runs that are held in memory: the same port that the API reads a database through. */
import { LIVE_TASK, TERMINAL_RUN } from '@weft/engine/domain';
import type { RunFilter, RunReader, RunRecord, StepRange, TaskView } from '@weft/engine/ports';

import { copy } from '../rows/values.ts';
import { branchPointOf } from '../rows/past-rows.ts';
import type { StoredRun } from './stored-run.ts';

export type Runs = ReadonlyMap<string, StoredRun>;

export function createMemoryReader(runs: () => Runs): RunReader {
  return { ...readsRuns(runs), ...readsTasks(runs), ...readsJournal(runs), ...readsState(runs) };
}

function readsRuns(runs: () => Runs): Pick<RunReader, 'run' | 'runs' | 'lastSteps' | 'counts'> {
  return {
    run: async (tenant, id) => {
      const run = runs().get(id);
      return run?.rows.head.workflow.tenant === tenant ? run.record() : null;
    },
    runs: async (filter) =>
      Array.from(runs().values(), (run) => run.record())
        .filter((run) => isMeant(run, filter))
        .toSorted((a, b) => (a.head.id < b.head.id ? 1 : -1))
        .slice(0, filter.limit),
    lastSteps: async (ids) =>
      new Map(
        ids.flatMap((id) => {
          const run = runs().get(id);
          return run ? [[id, run.rows.head.step] as const] : [];
        }),
      ),
    counts: async () => ({
      tasks: countBy(everyTask(runs).filter(({ status }) => LIVE_TASK.has(status))),
      runs: countBy(
        Array.from(runs().values(), ({ rows }) => rows.head).filter(({ status }) => !TERMINAL_RUN.has(status)),
      ),
    }),
  };
}

function isMeant({ head, tags, createdAt }: RunRecord, filter: RunFilter): boolean {
  const { tenant, name, version } = head.workflow;
  const { statuses, workflow, versions, exceptVersion, tag, createdAfter, beforeId } = filter;
  return (
    tenant === filter.tenant &&
    (statuses?.includes(head.status) ?? true) &&
    (!workflow || name === workflow) &&
    (versions?.includes(version) ?? true) &&
    version !== exceptVersion &&
    (!tag || tags.includes(tag)) &&
    (createdAfter === undefined || createdAt > createdAfter) &&
    (!beforeId || head.id < beforeId)
  );
}

function readsTasks(
  runs: () => Runs,
): Pick<RunReader, 'tasks' | 'task' | 'tasksByKey' | 'results' | 'questions' | 'waiting' | 'spent'> {
  const tasksOf = (id: string): TaskView[] => runs().get(id)?.tasks() ?? [];
  return {
    tasks: async (id, { limit, after, statuses }) =>
      tasksOf(id)
        .filter(({ status }) => statuses?.includes(status) ?? true)
        .filter(
          ({ readsAt, key }) => !after || readsAt > after.readsAt || (readsAt === after.readsAt && key > after.key),
        )
        .slice(0, limit),
    task: async (_tenant, id) => everyTask(runs).find((task) => task.id === id) ?? null,
    tasksByKey: async (id, keys) => {
      const run = runs().get(id);
      return keys.flatMap((key) => {
        const task = run?.rows.taskOfKey(key);
        return run && task ? [run.view(task)] : [];
      });
    },
    results: async (id, keys, maxBytes) =>
      tasksOf(id).flatMap(({ key, status, settledStep, output, detail }) => {
        if (status !== 'succeeded' || settledStep === null || !keys.includes(key)) return [];
        const fits = detail?.kind !== 'items' && Buffer.byteLength(JSON.stringify(output)) <= maxBytes;
        return [{ key, settledStep, ...(fits && { output }) }];
      }),
    spent: async (id) => copy(Array.from(runs().get(id)?.rows.usage.values() ?? [])),
    questions: async ({ limit, afterId }) =>
      everyTask(runs)
        .filter(
          ({ id, waits, status }) => status === 'waiting' && waits === 'answer' && (afterId === null || id > afterId),
        )
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    waiting: async (id, { waits, limit }) =>
      tasksOf(id)
        .filter((task) => task.status === 'waiting' && task.waits !== null && waits.includes(task.waits))
        .slice(0, limit ?? undefined),
  };
}

function readsJournal(
  runs: () => Runs,
): Pick<RunReader, 'steps' | 'facts' | 'branches' | 'migrations' | 'branchPoint' | 'stepOfMail' | 'stepOfAnswer'> {
  const stepsOf = (id: string) => runs().get(id)?.rows.steps ?? [];
  return {
    steps: async (id, { afterStep, limit }) =>
      copy(
        stepsOf(id)
          .filter(({ step }) => step > afterStep)
          .slice(0, limit),
      ),
    facts: async (id, { fromStep, toStep }) =>
      stepsOf(id)
        .filter(({ step }) => step >= fromStep && step <= toStep)
        .map(({ step, facts }) => copy({ step, facts })),
    branchPoint: async (id, step) => {
      const rows = runs().get(id)?.rows;
      if (!rows?.hasStep(step)) throw new Error(`there is no step ${step} of ${id}`);
      return branchPointOf(rows, step);
    },
    branches: async (id, toStep) =>
      stepsOf(id)
        .filter(({ step, parent }) => step <= toStep && parent !== step - 1)
        .map(({ step, parent }) => ({ step, parent }))
        .toReversed(),
    migrations: async (id) =>
      stepsOf(id).flatMap(({ step, facts }) => (facts.migrated ? [{ step, ...facts.migrated }] : [])),
    stepOfMail: async (id, mailId, afterStep) =>
      stepsOf(id).findLast(({ step, facts }) => step > afterStep && facts.mail === mailId) ?? null,
    stepOfAnswer: async (id, questionId) =>
      stepsOf(id).findLast(({ type, facts }) => type === 'answered' && facts.answer?.id === questionId) ?? null,
  };
}

function readsState(runs: () => Runs): Pick<RunReader, 'writes' | 'channels' | 'channelsAlong' | 'joins'> {
  return {
    writes: async (id, { fromStep, toStep }) =>
      copy(
        (runs().get(id)?.rows.writes ?? [])
          .filter(({ step }) => step >= fromStep && step <= toStep)
          .toSorted((a, b) => a.step - b.step),
      ),
    channels: async (id, atStep) =>
      runs()
        .get(id)
        ?.channelsOf((step) => atStep === null || step <= atStep) ?? new Map(),
    channelsAlong: async (id, path) =>
      runs()
        .get(id)
        ?.channelsOf((step) => path.some((range) => holds(range, step))) ?? new Map(),
    joins: async (id) => copy(Array.from(runs().get(id)?.rows.joins.values() ?? [])),
  };
}

function everyTask(runs: () => Runs): TaskView[] {
  return Array.from(runs().values()).flatMap((run) => run.tasks());
}

function holds({ fromStep, toStep }: StepRange, step: number): boolean {
  return fromStep <= step && step <= toStep;
}

function countBy(rows: readonly { status: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of rows) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
