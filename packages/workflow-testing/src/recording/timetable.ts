/** In which order a recorded run is played again: what its journal told first comes first, as far as it can. */
import type { Json } from '@weft/contract';

import type { Agenda, Due } from '../test-run/agenda.ts';
import type { Replay } from '../test-run/stage.ts';
import { openQuestions } from '../test-run/questions.ts';
import type { OpenQuestion } from '../test-run/questions.ts';
import type { Play } from '../script/play.ts';
import type { RecordedAttempt, RecordedEvent, Recording } from './format.ts';

/** How the run is steered. */
export type Steer = {
  answer(question: OpenQuestion, answer: { value: Json; by: string | null }): Promise<void>;
  event(event: Exclude<RecordedEvent, { type: 'answer' }>): Promise<void>;
};

type Ranked = { step: number; due: Due };

export class Timetable implements Replay {
  readonly runId: string;
  readonly #attempts: Map<string, RecordedAttempt[]>;
  readonly #timers: Map<string, number[]>;
  readonly #events: RecordedEvent[];
  readonly #steer: () => Steer;

  constructor({ run, attempts, timers, events }: Recording, steer: () => Steer) {
    this.runId = run.id;
    this.#attempts = new Map(Object.entries(attempts).map(([key, list]) => [key, [...list]]));
    this.#timers = new Map(Object.entries(timers).map(([key, list]) => [key, [...list]]));
    this.#events = [...events];
    this.#steer = steer;
  }

  readonly recorded = {
    next: (key: string): Play | null => {
      const attempt = this.#attempts.get(key)?.shift();
      if (attempt?.result === 'notTaken') this.#timers.set(key, [attempt.step]);
      return attempt ? playOf(attempt) : null;
    },
  };

  next({ attempts, mesh }: Agenda): Due | null {
    const now = mesh.clock.now();
    const run = mesh.run(this.runId);
    const possible: Ranked[] = attempts.flatMap((attempt) =>
      attempt.step === null || !Number.isFinite(attempt.endsAt)
        ? []
        : [{ step: attempt.step, due: { kind: 'attempt', at: attempt.endsAt, attempt } as const }],
    );
    if (!run.hasEnded) {
      for (const timer of mesh.timers()) {
        const [step] = this.#timers.get(timer.key) ?? [];
        if (step !== undefined) possible.push({ step, due: { kind: 'timer', at: timer.dueAt, timer } });
      }
    }
    const event = this.#nextEvent(openQuestions(mesh), run.hasEnded, now);
    if (event) possible.push(event);
    const [first] = possible.toSorted((a, b) => a.step - b.step);
    if (first?.due.kind === 'timer') this.#timers.get(first.due.timer.key)?.shift();
    return first?.due ?? null;
  }

  /** An answer waits for its question; of an ended run only a retry is heard. What can never be done any more is passed over. */
  #nextEvent(questions: readonly OpenQuestion[], hasEnded: boolean, at: number): Ranked | null {
    if (hasEnded)
      this.#events.splice(
        0,
        Math.max(
          0,
          this.#events.findIndex(({ type }) => type === 'retry'),
        ),
      );
    const [event] = this.#events;
    if (!event || (hasEnded && event.type !== 'retry')) return null;
    const done = (work: () => Promise<void>): Ranked => {
      const run = async () => {
        this.#events.shift();
        await work();
      };
      return { step: event.step, due: { kind: 'action', at, action: { at, run } } };
    };
    if (event.type !== 'answer') return done(() => this.#steer().event(event));
    const question = questions.find(({ key }) => key === event.key);
    return question ? done(() => this.#steer().answer(question, event)) : null;
  }
}

function playOf(attempt: RecordedAttempt): Play {
  const { step } = attempt;
  switch (attempt.result) {
    case 'succeeded': {
      const { output, stateUpdates, goto } = attempt;
      return { kind: 'returns', step, output, ...(stateUpdates && { stateUpdates }), ...(goto && { goto }) };
    }
    case 'failed':
      return { kind: 'fails', step, error: attempt.error };
    case 'crashed':
      return { kind: 'crashes', step };
    case 'notTaken':
      return { kind: 'waits', step };
  }
}
