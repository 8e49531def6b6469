/** Drives the runs of a test through virtual time. */
import type { Json } from '@weft/contract';

import { toMs } from '../duration.ts';
import { TENANT } from '../mesh/mesh.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { StoredRun } from '../mesh/stored-run.ts';
import { verifyRows } from '../rows/verify-rows.ts';
import { WorkflowTestError } from '../test-error.ts';
import { nextDue, nextOfAll } from './agenda.ts';
import type { Agenda, Due } from './agenda.ts';
import type { Attempts } from './attempts.ts';
import { CrashPoints } from './crash-points.ts';
import { openQuestions } from './questions.ts';
import { setStage } from './stage.ts';
import type { DriverParts, Stage } from './stage.ts';
import type { World } from './world.ts';

/** A test that takes more events than this goes round in a circle. */
const MAX_EVENTS = 1_000_000;

export class Driver {
  readonly stage: Stage;
  readonly crashPoints: CrashPoints;
  /** After which steps of the run all processes died. */
  readonly crashes: number[] = [];
  /** Of the run that is driven; empty until it is started. */
  runId: string;
  readonly #parts: DriverParts;

  /** `fork`: a run that stands on the stage of another driver already. */
  constructor(parts: DriverParts, fork?: { stage: Stage; runId: string }) {
    this.#parts = parts;
    this.stage = fork?.stage ?? setStage(parts);
    this.runId = fork?.runId ?? '';
    this.crashPoints = new CrashPoints(fork ? [] : (parts.options.crashAt ?? []));
  }

  /** Drives another run of the test. */
  driving(runId: string): Driver {
    return new Driver(this.#parts, { stage: this.stage, runId });
  }

  get world(): World {
    return this.stage.world;
  }

  get attempts(): Attempts {
    return this.stage.attempts;
  }

  get mesh(): Mesh {
    return this.world.mesh;
  }

  get root(): StoredRun {
    return this.mesh.run(this.runId);
  }

  /** Starts the run, once. Throws AppError `invalid_input`. */
  async start(): Promise<void> {
    if (this.runId !== '') return;
    const { document, children, options } = this.#parts;
    for (const child of children) await this.mesh.save(child);
    const ref = await this.mesh.save(document);
    const { input = {}, config = {} } = options;
    this.runId = await this.mesh.start(ref, { input, config, id: this.#parts.replay?.runId ?? null });
  }

  /** Goes on until the run has ended, or only somebody outside can move it. */
  async run({ letExpire }: { letExpire: boolean }): Promise<void> {
    await this.start();
    for (;;) {
      await this.#settleDown();
      const due = this.#nextDue(letExpire);
      if (!due) break;
      await this.#happen(due);
    }
    await this.attempts.reportLate();
  }

  /** Lets so much time pass, and everything that is due in it. */
  async advance(ms: number): Promise<void> {
    await this.start();
    const until = this.world.clock.now() + ms;
    for (;;) {
      await this.#settleDown();
      const due = nextOfAll(this.#agenda());
      if (!due || due.at > until) break;
      await this.#happen(due);
    }
    this.world.clock.moveTo(until);
  }

  /** Has something done in so much time. */
  later(ms: number, run: () => Promise<void>): void {
    this.stage.actions.push({ at: this.world.clock.now() + ms, run });
  }

  /** All processes die; others find what a database would have kept, and do what sweepers do. */
  async crash(): Promise<void> {
    await this.start();
    this.crashes.push(this.root.rows.head.step);
    const lost = this.attempts.lose();
    await this.mesh.crash();
    for (const { rows } of this.mesh.stores.runs.values())
      verifyRows(await this.mesh.versionsOf(rows.head.workflow), rows);
    await this.mesh.recover();
    for (const { runId, ref } of lost) await this.mesh.settle(runId, { type: 'released', reason: 'crash', ...ref });
  }

  async answer(
    { runId, id }: { runId: string; id: string },
    { value, by }: { value: Json; by: string | null },
  ): Promise<void> {
    const answers = { [id]: value };
    await this.mesh.steering.resumeRun({ tenant: TENANT, runId, answers, stateUpdates: null, by });
  }

  /** Everything that needs no time: attempts begin, questions that have an answer ready get it, processes die. */
  async #settleDown(): Promise<void> {
    for (;;) {
      const goesOn = (await this.attempts.begin()) || (await this.#answerReady());
      const dies = this.crashPoints.isDue(this.root.rows);
      if (dies) await this.crash();
      if (!goesOn && !dies) return;
    }
  }

  #nextDue(letExpire: boolean): Due | null {
    const agenda = this.#agenda();
    const recorded = this.#parts.replay?.next(agenda);
    if (recorded) return recorded;
    return this.root.hasEnded ? null : nextDue(agenda, { letExpire });
  }

  #agenda(): Agenda {
    return { attempts: this.attempts.underWay, actions: this.stage.actions, mesh: this.mesh };
  }

  async #happen(due: Due): Promise<void> {
    this.stage.events += 1;
    if (this.stage.events > MAX_EVENTS)
      throw new WorkflowTestError('endless', `the test does not end: ${MAX_EVENTS} things have happened`);
    this.world.clock.moveTo(due.at);
    switch (due.kind) {
      case 'attempt':
        await this.attempts.end(due.attempt);
        break;
      case 'action':
        this.stage.actions = this.stage.actions.filter((action) => action !== due.action);
        await due.action.run();
        break;
      case 'timer':
        await this.#fire(due);
        break;
      default:
        due satisfies never;
    }
    this.attempts.dropAborted();
  }

  async #fire({ timer: { runId, key, kind, attempt } }: Extract<Due, { kind: 'timer' }>): Promise<void> {
    await this.mesh.settle(runId, { type: 'timer', key, kind, attempt });
    const left = this.mesh.run(runId).rows.timers.get(`${kind} ${key}`);
    if (left && left.attempt === attempt && left.dueAt <= this.world.clock.now())
      throw new WorkflowTestError('endless', `the timer (${kind}) of task ${key} is due and wakes nothing`);
  }

  async #answerReady(): Promise<boolean> {
    const { answers } = this.stage;
    if (answers.isEmpty) return false;
    for (const question of openQuestions(this.mesh)) {
      const ready = answers.take(question);
      if (!ready) continue;
      const { value, after = 0, by = null } = ready;
      const answer = () => this.answer(question, { value: typeof value === 'function' ? value(question) : value, by });
      if (toMs(after) > 0) this.later(toMs(after), answer);
      else await answer();
      return true;
    }
    return false;
  }
}
