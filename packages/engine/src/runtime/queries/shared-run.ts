/**
 * What all who watch a run in this process read of it, once for all of them. A listener at the end of the journal asks what
 * every other one there asks; so an answer is shared while it is on its way, and after that until a notice says that there is
 * something new, or until it is old. What never changes, a page of the journal that holds something, is kept for a while.
 */
import { AppError } from '@weft/contract';

import type { LivePage, LiveRead, RunNotice } from '../../ports/index.ts';
import { placeText } from '../../domain/place.ts';
import type { RunStatus } from '../../domain/run/records.ts';
import type { StreamDeps } from './run-stream.ts';
import { JournalPage } from './journal-page.ts';
import { readSteps } from './read-steps.ts';

/** How long an answer that says "nothing new" is believed where no notice contradicts it. */
const FRESH_MS = 1000;
/** Answers that are kept of a run. */
const MOST_ANSWERS = 8;
const PAGE = 100;

type Answer = { promise: Promise<unknown>; version: number; askedAt: number; lasts: boolean };
type Question<T> = { version: number; load: () => Promise<T>; lasts?: (answer: T) => boolean };

export type RunHeadline = { step: number; status: RunStatus };

export class SharedRun {
  readonly #deps: StreamDeps;
  readonly #run: { tenant: string; runId: string };
  readonly #answers = new Map<string, Answer>();
  readonly #close: () => void;
  #steps = 0;
  #live = 0;
  listeners = 0;

  constructor(deps: StreamDeps, run: { tenant: string; runId: string }) {
    this.#deps = deps;
    this.#run = run;
    // Before any listener of its own, so that it is the first to know that an answer is out of date.
    this.#close = deps.bus.subscribe(run.runId, (notice) => this.#hear(notice));
  }

  /** The steps after this one. */
  page(afterStep: number): Promise<JournalPage> {
    const { reader, loadGraph } = this.#deps;
    const { tenant, runId } = this.#run;
    return this.#ask(`page ${afterStep}`, {
      version: this.#steps,
      load: async () => {
        const steps = await readSteps(reader, runId, { afterStep, limit: PAGE });
        return new JournalPage({ reader, loadGraph, tenant, runId }, { afterStep, steps, more: steps.length === PAGE });
      },
      lasts: ({ steps }) => steps.length > 0,
    });
  }

  /** How far the run has come. */
  headline(): Promise<RunHeadline> {
    const { tenant, runId } = this.#run;
    return this.#ask('headline', {
      version: this.#steps,
      load: async () => {
        const head = (await this.#deps.reader.run(tenant, runId))?.head;
        if (!head) throw new AppError('not_found', `run ${runId} was deleted meanwhile`);
        return { step: head.step, status: head.status };
      },
    });
  }

  live(read: Omit<LiveRead, 'runId'>): Promise<LivePage> {
    const { runId } = this.#run;
    return this.#ask(`live ${placeText(read.after)} ${read.step}`, {
      version: this.#live,
      load: () => this.#deps.live.read({ ...read, runId }),
    });
  }

  close(): void {
    this.#close();
  }

  #hear({ kind }: RunNotice): void {
    if (kind !== 'live') this.#steps += 1;
    if (kind !== 'step') this.#live += 1;
  }

  #ask<T>(question: string, { version, load, lasts }: Question<T>): Promise<T> {
    const now = this.#deps.clock.monotonicMs();
    const known = this.#answers.get(question);
    if (known && (known.lasts || (known.version === version && now - known.askedAt < FRESH_MS)))
      return known.promise as Promise<T>;
    const promise = load();
    const answer: Answer = { promise, version, askedAt: now, lasts: false };
    this.#keep(question, answer);
    promise.then(
      (given) => (answer.lasts = this.listeners > 1 && (lasts?.(given) ?? false)),
      () => this.#forget(question, answer),
    );
    return promise;
  }

  /** The newest answers stay. */
  #keep(question: string, answer: Answer): void {
    this.#answers.delete(question);
    this.#answers.set(question, answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= MOST_ANSWERS) return;
      this.#answers.delete(oldest);
    }
  }

  #forget(question: string, answer: Answer): void {
    if (this.#answers.get(question) === answer) this.#answers.delete(question);
  }
}

/** The runs that somebody watches. */
export class SharedRuns {
  readonly #deps: StreamDeps;
  readonly #runs = new Map<string, SharedRun>();

  constructor(deps: StreamDeps) {
    this.#deps = deps;
  }

  /** To be given back by the function beside it. */
  take(run: { tenant: string; runId: string }): { shared: SharedRun; leave: () => void } {
    const name = `${run.tenant} ${run.runId}`;
    const shared = this.#runs.get(name) ?? new SharedRun(this.#deps, run);
    this.#runs.set(name, shared);
    shared.listeners += 1;
    return {
      shared,
      leave: () => {
        shared.listeners -= 1;
        if (shared.listeners > 0) return;
        this.#runs.delete(name);
        shared.close();
      },
    };
  }
}
