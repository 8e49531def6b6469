/** Running a workflow in a test: no server, no database, no waiting. */
import type { Json, JsonObject, RunMigration, WorkflowDocument } from '@weft/contract';

import { toMs } from '../duration.ts';
import type { Duration } from '../duration.ts';
import { loadWorkflow } from '../load-workflow.ts';
import type { WorkflowSource } from '../load-workflow.ts';
import { TENANT } from '../mesh/mesh.ts';
import type { Steer } from '../recording/timetable.ts';
import type { NodeScript } from '../script/node-script.ts';
import { ScriptTable } from '../script/script-table.ts';
import { WorkflowTestError } from '../test-error.ts';
import { Driver } from './driver.ts';
import type { LateReport } from './attempts.ts';
import { unscriptedPlays } from './executors.ts';
import type { DriverParts } from './stage.ts';
import type { WorkflowTestOptions } from './options.ts';
import { noQuestion, questionsOf } from './questions.ts';
import type { AnswerOptions, OpenQuestion } from './questions.ts';
import { readResult } from './read-result.ts';
import type { RunResult } from './result.ts';

/**
 * Makes a test of a workflow. Nothing runs before `run()` or what else moves it.
 *
 * Throws WorkflowTestError `invalid_workflow`, HandlersFileError for a handlers file that cannot be used.
 */
export async function testWorkflow(source: WorkflowSource, options: WorkflowTestOptions = {}): Promise<WorkflowTest> {
  const document = await loadWorkflow(source);
  const children = await Promise.all((options.workflows ?? []).map((child) => loadWorkflow(child)));
  return new WorkflowTest({ document, children, unscripted: await unscriptedPlays(options), options });
}

type Parts = Omit<DriverParts, 'scripts'>;

/** What a run that goes on from a step of the past has other than then. */
export type ForkOptions = {
  stateOverrides?: JsonObject | null;
  stateUpdates?: JsonObject | null;
  /** Another version of the workflow. */
  workflow?: WorkflowSource | null;
};

export class WorkflowTest {
  readonly document: WorkflowDocument;
  readonly #parts: Parts;
  readonly #driver: Driver;
  readonly #scripts: ScriptTable;

  constructor(parts: Parts, fork?: { driver: Driver; scripts: ScriptTable }) {
    this.document = parts.document;
    this.#parts = parts;
    this.#scripts = fork?.scripts ?? new ScriptTable(parts.document, parts.children);
    this.#driver = fork?.driver ?? new Driver({ ...parts, scripts: this.#scripts });
  }

  /**
   * The script of a node; of a node of a child workflow `workflow/node`. Throws WorkflowTestError `unknown_node`, `not_a_task`.
   */
  node(name: string): NodeScript {
    return this.#scripts.script(name);
  }

  /** Which node a name means. Throws WorkflowTestError `unknown_node`. */
  place(name: string): { workflow: string; node: string } {
    return this.#scripts.place(name);
  }

  /** Answers the node whenever it asks, this one and no other: said several times, one after the other, and the last from then on. */
  whenAsked(node: string, value: Json | ((question: OpenQuestion) => Json), options: AnswerOptions = {}): this {
    this.#driver.stage.answers.add(this.#scripts.place(node), { value, ...options });
    return this;
  }

  /**
   * Runs until the run has ended, or until only somebody outside can move it: a question is open, a signal is waited for. Time is
   * skipped, but not over what such waiting takes, unless `letExpire` says so. May be called again.
   *
   * Throws WorkflowTestError `unscripted_task`, `missing_workflow`, `handler_slow`; AppError `invalid_input`; and what an assertion in
   * a function of the script has thrown.
   */
  async run({ letExpire = false }: { letExpire?: boolean } = {}): Promise<RunResult> {
    await this.#driver.run({ letExpire });
    return this.result();
  }

  /** Lets so much time pass, whatever is waited for. */
  async advance(duration: Duration): Promise<RunResult> {
    await this.#driver.advance(toMs(duration));
    return this.result();
  }

  /** Has something done when so much virtual time has passed from now. */
  after(duration: Duration, action: (test: this) => Promise<unknown>): this {
    this.#driver.later(toMs(duration), async () => void (await action(this)));
    return this;
  }

  /**
   * Answers an open question, named by its id or by the node that asks. Throws WorkflowTestError `no_question`, AppError
   * `invalid_input` if the answer does not match the schema.
   */
  async answer(question: string, value: Json, { by = null }: { by?: string | null } = {}): Promise<void> {
    await this.#driver.start();
    const open = questionsOf(this.#driver.mesh, this.#driver.runId);
    const meant = open.filter(({ id, node, workflow }) => [id, node, `${workflow}/${node}`].includes(question));
    const [only] = meant;
    if (only && meant.length === 1) return this.#driver.answer(only, { value, by });
    throw noQuestion(question, meant.length > 1 ? meant : open, meant.length > 1);
  }

  /** Passes all breakpoints of the run and its children. */
  async resume({
    stateUpdates = null,
    by = null,
  }: { stateUpdates?: JsonObject | null; by?: string | null } = {}): Promise<void> {
    await this.#steer((run) => this.#driver.mesh.steering.resumeRun({ ...run, answers: null, stateUpdates, by }));
  }

  /** Gives a signal to the run; one that nothing waits for yet is kept. */
  async signal(name: string, payload: Json = null): Promise<void> {
    await this.#steer((run) => this.#driver.mesh.steering.signalRun({ ...run, name, payload }));
  }

  /** Updates the state through the reducers, at once or right after a node settles. */
  async inject(updates: JsonObject, { afterNode = null }: { afterNode?: string | null } = {}): Promise<void> {
    await this.#steer((run) => this.#driver.mesh.steering.injectState({ ...run, updates, afterNode }));
  }

  async cancel(reason = 'cancelled by the test'): Promise<void> {
    await this.#steer((run) => this.#driver.mesh.steering.cancelRun({ ...run, reason }));
  }

  /** Arms what failed in a failed run again; `run()` goes on with it. */
  async retry(): Promise<void> {
    await this.#steer((run) => this.#driver.mesh.steering.retryRun(run));
  }

  /**
   * Has the run go on from one of its steps, also once it has ended; `run()` does the rest. What came after that step is
   * superseded: scripts and calls go on where they are.
   */
  async replay(
    step: number,
    {
      stateOverrides = null,
      stateUpdates = null,
    }: { stateOverrides?: JsonObject | null; stateUpdates?: JsonObject | null } = {},
  ): Promise<void> {
    await this.#steer((run) => this.#driver.mesh.steering.replayRun({ ...run, step, stateOverrides, stateUpdates }));
  }

  /**
   * Another run goes on from one of the steps of this one (null: the last), in the same mesh and at the same time; the test of it is
   * returned, and `run()` of that does the rest. Scripts and times are those of this test: scripts go on where they are. Throws
   * AppError as the API does.
   */
  async fork(
    step: number | null = null,
    { stateOverrides = null, stateUpdates = null, workflow = null }: ForkOptions = {},
  ): Promise<WorkflowTest> {
    await this.#driver.start();
    const { mesh, runId } = this.#driver;
    const document = workflow === null ? null : await this.#versionFrom(workflow);
    const changes = { stateOverrides, stateUpdates, workflow: document && (await mesh.save(document)), edited: [] };
    const forked = await mesh.steering.forkRun({ tenant: TENANT, runId, step, ...changes, tags: null });
    const driver = this.#driver.driving(forked.runId);
    return new WorkflowTest(
      { ...this.#parts, document: document ?? this.document },
      { driver, scripts: this.#scripts },
    );
  }

  /**
   * Moves the run to another version of its workflow, if it fits; what does not is told. `dryRun` only asks. Throws AppError
   * `version_misfit`, `conflict`, WorkflowTestError `invalid_workflow`.
   */
  async migrate(workflow: WorkflowSource, { dryRun = false }: { dryRun?: boolean } = {}): Promise<RunMigration> {
    await this.#driver.start();
    const { mesh, runId } = this.#driver;
    const { version } = await mesh.save(await this.#versionFrom(workflow));
    return mesh.steering.migrateRun({ tenant: TENANT, runId, version, dryRun, ifStep: null });
  }

  async #versionFrom(source: WorkflowSource): Promise<WorkflowDocument> {
    const document = await loadWorkflow(source);
    if (document.name !== this.document.name) {
      const message = `"${document.name}" is no version of the workflow "${this.document.name}"`;
      throw new WorkflowTestError('invalid_workflow', message);
    }
    this.#scripts.add(document);
    return document;
  }

  /** All processes die now, and others go on with what a database would have kept. */
  async crash(): Promise<void> {
    await this.#driver.crash();
  }

  /** The same, once these nodes have settled. */
  crashAfter(...nodes: string[]): this {
    for (const node of nodes) this.#driver.crashPoints.addNode(this.#scripts.place(node).node);
    return this;
  }

  /** Steps after which all processes died, and the reports of attempts that were lost with them, all of which were refused. */
  get crashes(): { steps: readonly number[]; late: readonly LateReport[] } {
    return { steps: this.#driver.crashes, late: this.#driver.attempts.late };
  }

  /** The virtual time, epoch ms. */
  get now(): number {
    return this.#driver.world.clock.now();
  }

  /** How the run stands now. */
  async result(): Promise<RunResult> {
    await this.#driver.start();
    return readResult(this.#driver.stage, this.#driver.runId);
  }

  /** For the machinery: how a recorded run is steered. */
  steering(): Steer {
    return {
      answer: (question, answer) => this.#driver.answer(question, answer),
      event: async (event) => {
        switch (event.type) {
          case 'signal':
            return this.signal(event.name, event.payload);
          case 'inject':
            return this.inject(event.updates, event);
          case 'cancel':
            return this.cancel(event.reason);
          case 'retry':
            return this.retry();
        }
      },
    };
  }

  async #steer(work: (run: { tenant: string; runId: string }) => Promise<unknown>): Promise<void> {
    await this.#driver.start();
    await work({ tenant: TENANT, runId: this.#driver.runId });
  }
}
