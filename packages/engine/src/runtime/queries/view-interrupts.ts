/** Open questions as the wire shows them. */
import type { Interrupt } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import type { RunRecord, TaskView } from '../../ports/index.ts';
import { openQuestions } from '../steering/find-questions.ts';
import type { Question } from '../steering/find-questions.ts';
import { MEANS_SCHEMA } from '../steering/raise-budgets.ts';
import { toInstant, toInstantOrNull } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';

/** So many questions are shown with their run; all of them are listed by themselves. */
const MAX_SHOWN = 200;

/** The questions of the run, and of its children that wait for answers; nothing is read where nothing is asked. */
export async function runInterrupts(
  { reader, loadGraph }: Pick<QueryDeps, 'reader' | 'loadGraph'>,
  run: RunRecord,
): Promise<Interrupt[]> {
  const interrupts: Interrupt[] = [];
  if (run.head.status !== 'interrupted' && run.head.asking === 0) return interrupts;
  const looking = { children: 'interrupted', limit: MAX_SHOWN } as const;
  for await (const { run: asking, task, question } of openQuestions(reader, run, looking)) {
    interrupts.push(toInterrupt(task, question, await loadGraph(asking.head.workflow)));
    if (interrupts.length === MAX_SHOWN) break;
  }
  return interrupts;
}

export function toInterrupt(task: TaskView, question: Question, graph: Graph): Interrupt {
  const node = graph.document.nodes[task.node];
  const isAsked = question.at === 'node' && node?.type === 'interrupt';
  return {
    id: question.id,
    runId: task.runId,
    taskId: task.id,
    key: task.key,
    node: task.node,
    at: question.at,
    message: question.message,
    answerSchema: question.means ? MEANS_SCHEMA : ((isAsked ? node.answerSchema : undefined) ?? null),
    createdAt: toInstant(task.startedAt ?? task.readyAt),
    expiresAt: toInstantOrNull(question.expiresAt),
  };
}
