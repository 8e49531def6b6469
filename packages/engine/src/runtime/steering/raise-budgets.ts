/** Answers to the question whether more may be spent. */
import { AppError, pointerOf } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';

import type { BudgetStore, RunRecord, TaskView } from '../../ports/index.ts';
import type { Question } from './find-questions.ts';

/** `{ usd, tokens }`: the budget of the run is raised by so much; true: there is room by now; false: the task fails. */
export const MEANS_SCHEMA: JsonObject = {
  anyOf: [
    { type: 'boolean' },
    {
      type: 'object',
      minProperties: 1,
      additionalProperties: false,
      properties: { usd: { type: 'number', minimum: 0 }, tokens: { type: 'integer', minimum: 0 } },
    },
  ],
};

type Answered = { run: RunRecord; task: TaskView; question: Question; value: Json };

/**
 * Raises the budgets before their questions are answered, each once for a question, so that what then runs again finds them raised.
 * Throws AppError `invalid_input` where it is not a run's budget that is used up.
 */
export async function raiseBudgets(budgets: Pick<BudgetStore, 'raise'>, answers: readonly Answered[]): Promise<void> {
  const raises = answers.filter(({ question, value }) => question.means && typeof value === 'object' && value !== null);
  for (const { question } of raises) {
    if (question.means?.budget) continue;
    const message = 'it is not the budget of a run that is used up: set that one, then answer true';
    const pointer = pointerOf(['answers', question.id]);
    throw new AppError('invalid_input', message, { errors: [{ code: 'invalid_value', pointer, message }] });
  }
  for (const { run, question, value } of raises) {
    const runId = question.means?.budget ?? '';
    await budgets.raise({ tenant: run.head.workflow.tenant, runId, by: value as { usd?: number }, for: question.id });
  }
}
