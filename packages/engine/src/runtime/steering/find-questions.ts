/** The questions of a run: its own, and those of its children at any depth. */
import type { Graph } from '../../domain/graph/graph.ts';
import { TERMINAL_RUN } from '../../domain/run/records.ts';
import type { TaskDetail, Waits, WorkflowRef } from '../../domain/run/records.ts';
import type { StepRecord } from '../../domain/run/step-record.ts';
import type { RunReader, RunRecord, TaskView } from '../../ports/index.ts';

export type Question = Extract<TaskDetail, { kind: 'question' }>;

export type OpenQuestion = { run: RunRecord; task: TaskView; question: Question };

/** Children lie at most so deep, so that nothing here turns in a circle. */
const MAX_DEPTH = 10;

type Looking = {
  /** Look into every child that has not ended, or only into those that can do nothing but wait for an answer. */
  children: 'all' | 'interrupted';
  /** No more than so many questions are wanted. */
  limit?: number;
};

/** What a run and its children ask, each run's own questions first. */
export async function* openQuestions(
  reader: Pick<RunReader, 'run' | 'waiting'>,
  run: RunRecord,
  { children, limit }: Looking,
): AsyncGenerator<OpenQuestion, void, undefined> {
  const waits: Waits[] = children === 'all' ? ['answer', 'child_answer', 'child'] : ['answer', 'child_answer'];
  const open = [{ run, depth: 0 }];
  for (let next = open.shift(); next; next = open.shift()) {
    if (TERMINAL_RUN.has(next.run.head.status)) continue;
    const tasks = await reader.waiting(next.run.head.id, { waits, limit: limit ?? null });
    for (const task of tasks) {
      const question = questionOf(task);
      if (question) yield { run: next.run, task, question };
    }
    if (next.depth === MAX_DEPTH) continue;
    for (const { detail } of tasks) {
      if (detail?.kind !== 'child') continue;
      const child = await reader.run(run.head.workflow.tenant, detail.runId);
      if (child) open.push({ run: child, depth: next.depth + 1 });
    }
  }
}

/** The question that the task waits with; a breakpoint that was passed is none any more. */
export function questionOf({ status, waits, detail }: TaskView): Question | null {
  return status === 'waiting' && waits === 'answer' && detail?.kind === 'question' ? detail : null;
}

export type GivenAnswer = { runId: string; step: StepRecord };

type AnswerDeps = {
  reader: Pick<RunReader, 'run' | 'tasks' | 'stepOfAnswer'>;
  loadGraph: (ref: WorkflowRef) => Promise<Graph>;
};

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const PAGE = 500;
/** Pages of tasks that are looked through for children which may have asked. */
const MAX_PAGES = 40;

/** The answer that a question of the run, or of a child of it, was given before; null if none is known. */
export async function findAnswer(deps: AnswerDeps, run: RunRecord, questionId: string): Promise<GivenAnswer | null> {
  if (!UUID.test(questionId)) return null;
  const budget = { pages: MAX_PAGES };
  const open = [{ run, depth: 0 }];
  for (let next = open.shift(); next; next = open.shift()) {
    const runId = next.run.head.id;
    const step = await deps.reader.stepOfAnswer(runId, questionId);
    if (step) return { runId, step };
    if (next.depth === MAX_DEPTH || !(await hasChildren(deps, next.run))) continue;
    for (const childId of await childrenOf(deps.reader, runId, budget)) {
      const child = await deps.reader.run(run.head.workflow.tenant, childId);
      if (child) open.push({ run: child, depth: next.depth + 1 });
    }
  }
  return null;
}

async function hasChildren({ loadGraph }: AnswerDeps, { head }: RunRecord): Promise<boolean> {
  const { document } = await loadGraph(head.workflow);
  return Object.values(document.nodes).some(({ type }) => type === 'subgraph');
}

async function childrenOf(
  reader: Pick<RunReader, 'tasks'>,
  runId: string,
  budget: { pages: number },
): Promise<string[]> {
  const children: string[] = [];
  for (let after: { readsAt: number; key: string } | null = null; budget.pages > 0; budget.pages -= 1) {
    const tasks: TaskView[] = await reader.tasks(runId, { limit: PAGE, after });
    children.push(...tasks.flatMap(({ detail }) => (detail?.kind === 'child' ? [detail.runId] : [])));
    const last = tasks.at(-1);
    if (!last || tasks.length < PAGE) break;
    after = { readsAt: last.readsAt, key: last.key };
  }
  return children;
}
