/**
 * Reserves and settles for all attempts of a worker. What is asked for while a statement is under way goes into the next one, so
 * that a hundred attempts cost a few statements.
 */
import { StoreError } from '../../ports/index.ts';
import type {
  BudgetGrant,
  BudgetStore,
  BudgetUse,
  Clock,
  Estimate,
  Log,
  Spender,
  SpendReport,
} from '../../ports/index.ts';
import { createGroup } from '../group-commit.ts';
import { pause } from '../pause.ts';
import { BudgetBook } from './budget-book.ts';

export type CashierDeps = { budgets: BudgetStore; clock: Clock; log: Log };

type Asked<Question, Answer> = { question: Question; answer: PromiseWithResolvers<Answer> };
type Reserving = Asked<Spender & { estimate: Estimate }, BudgetGrant>;
type Settling = Asked<SpendReport, BudgetUse[]>;

const MOST_AT_ONCE = 500;
const RETRY_MS = 200;
/** So often a report is tried again. After that its reservation is swept up, and its usage is in the account only. */
const MOST_TRIES = 50;

export class Cashier {
  readonly #deps: CashierDeps;
  /** Which budgets there are. */
  readonly book: BudgetBook;
  readonly #reserving;
  readonly #settling;
  #settled = Promise.withResolvers<void>();

  constructor(deps: CashierDeps) {
    this.#deps = deps;
    this.book = new BudgetBook(deps.budgets);
    this.#reserving = createGroup<Reserving>({
      maxItems: MOST_AT_ONCE,
      commit: (batch) => this.#ask(batch, (questions) => deps.budgets.reserve(questions)),
    });
    this.#settling = createGroup<Settling>({
      maxItems: MOST_AT_ONCE,
      commit: async (batch) => {
        await this.#ask(batch, (questions) => deps.budgets.settle(questions));
        this.#settled.resolve();
        this.#settled = Promise.withResolvers<void>();
      },
    });
  }

  /** Throws StoreError. */
  async reserve(question: Reserving['question']): Promise<BudgetGrant> {
    const answer = Promise.withResolvers<BudgetGrant>();
    this.#reserving.add({ question, answer });
    return answer.promise;
  }

  /** Gives the budgets that come to their end. Never throws. */
  async settle(question: SpendReport): Promise<BudgetUse[]> {
    const { clock, log } = this.#deps;
    for (let tries = 1; ; tries++) {
      const answer = Promise.withResolvers<BudgetUse[]>();
      this.#settling.add({ question, answer });
      try {
        return await answer.promise;
      } catch (error) {
        const isLasting = !(error instanceof StoreError && error.transient);
        if (isLasting || tries >= MOST_TRIES) {
          log.error(
            { err: error, taskId: question.taskId, runId: question.runId },
            'what was spent could not be settled',
          );
          return [];
        }
        await pause(clock, RETRY_MS);
      }
    }
  }

  /** Resolves when something was settled here, or after so long. */
  async changed(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#deps.clock.after(withinMs, resolve);
    await Promise.race([this.#settled.promise, promise]);
    cancel();
  }

  async #ask<Question, Answer>(
    batch: Asked<Question, Answer>[],
    work: (questions: Question[]) => Promise<Answer[]>,
  ): Promise<void> {
    try {
      const answers = await work(batch.map(({ question }) => question));
      for (const [index, { answer }] of batch.entries()) answer.resolve(answers[index] as Answer);
    } catch (error) {
      for (const { answer } of batch) answer.reject(error);
    }
  }
}
