/** Open questions of the runs of a test, and the answers that the test has ready for them. */
import type { Json } from '@weft/contract';
import type { TaskRecord } from '@weft/engine/domain';

import type { Duration } from '../duration.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { WorkflowTestError } from '../test-error.ts';

export type AnswerOptions = {
  /** Virtual time from the question to its answer (0). */
  after?: Duration;
  /** Who answers. */
  by?: string;
};

export type OpenQuestion = {
  id: string;
  runId: string;
  workflow: string;
  node: string;
  key: string;
  at: 'node' | 'before' | 'after';
  message: string | null;
  expiresAt: number | null;
};

export type ReadyAnswer = AnswerOptions & { value: Json | ((question: OpenQuestion) => Json) };

/** All questions that runs of the test ask now, oldest first. */
export function openQuestions(mesh: Mesh): OpenQuestion[] {
  return Array.from(mesh.stores.runs.values()).flatMap(({ rows, id, hasEnded }) => {
    if (hasEnded || rows.head.asking === 0) return [];
    const workflow = rows.head.workflow.name;
    return rows.newestTasks().flatMap((task) => toQuestion(task, { runId: id, workflow }));
  });
}

/** Those of one run, and of the runs that it has started. */
export function questionsOf(mesh: Mesh, runId: string): OpenQuestion[] {
  const belongs = (id: string | undefined): boolean =>
    id === runId || (id !== undefined && belongs(mesh.stores.runs.get(id)?.rows.head.parent?.runId));
  return openQuestions(mesh).filter((question) => belongs(question.runId));
}

function toQuestion(
  { status, waits, detail, node, key }: TaskRecord,
  run: { runId: string; workflow: string },
): OpenQuestion[] {
  if (status !== 'waiting' || waits !== 'answer' || detail?.kind !== 'question') return [];
  const { id, at, message, expiresAt } = detail;
  return [{ id, ...run, node, key, at, message, expiresAt }];
}

/** Answers that are ready before anybody asks, by node: each is given once, and the last of them to whoever asks again. */
export class ReadyAnswers {
  readonly #byNode = new Map<string, ReadyAnswer[]>();
  readonly #given = new Set<string>();

  add(place: { workflow: string; node: string }, answer: ReadyAnswer): void {
    const name = `${place.workflow}/${place.node}`;
    this.#byNode.set(name, [...(this.#byNode.get(name) ?? []), answer]);
  }

  /** The answer to a question that is seen for the first time. */
  take(question: OpenQuestion): ReadyAnswer | null {
    if (this.#given.has(question.id)) return null;
    const answers = this.#byNode.get(`${question.workflow}/${question.node}`);
    const answer = answers && answers.length > 1 ? answers.shift() : answers?.[0];
    if (!answer) return null;
    this.#given.add(question.id);
    return answer;
  }

  get isEmpty(): boolean {
    return this.#byNode.size === 0;
  }
}

/** What is asked instead. */
export function noQuestion(name: string, questions: readonly OpenQuestion[], isAmbiguous: boolean): WorkflowTestError {
  const lines = questions.map(({ id, node, message }) => `  ${node} asks (${id}): ${message ?? ''}`);
  if (isAmbiguous)
    return new WorkflowTestError('no_question', `several questions are open at "${name}": name one by its id`, lines);
  const none = lines.length === 0 ? '; nothing is asked' : '; these questions are:';
  return new WorkflowTestError('no_question', `no question of "${name}" is open${none}`, lines);
}
