/** Running a workflow in a test: no server, no database, no waiting. */
import type { Json, JsonObject, WorkflowDocument } from '@weft/contract';
import { viewRun } from '@weft/engine/runtime';

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
import type { WorkflowTestOptions } from './options.ts';
import { openQuestions } from './questions.ts';
import type { AnswerOptions, OpenQuestion } from './questions.ts';
import { toResult } from './result.ts';
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

type Parts = Omit<ConstructorParameters<typeof Driver>[0], 'scripts'>;

export class WorkflowTest {
  readonly document: WorkflowDocument;
  readonly #driver: Driver;
  readonly #scripts: ScriptTable;

  constructor(parts: Parts) {
    this.document = parts.document;
    this.#scripts = new ScriptTable(parts.document, parts.children);
    this.#driver = new Driver({ ...parts, scripts: this.#scripts });
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
    this.#driver.answers.add(this.#scripts.place(node), { value, ...options });
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
    const open = openQuestions(this.#driver.mesh);
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
    return this.#resultOf(this.#driver.runId);
  }

  async #resultOf(runId: string): Promise<RunResult> {
    const { mesh, world, attempts, startedAt } = this.#driver;
    const run = mesh.run(runId);
    const graph = await mesh.graphs.load(run.rows.head.workflow);
    const loadGraph = mesh.graphs.load.bind(mesh.graphs);
    const view = await viewRun({ reader: mesh.stores.reader, loadGraph }, TENANT, runId);
    if (!view) throw new Error(`there is no run ${runId}`);
    const children = await Promise.all(
      run.rows
        .newestTasks()
        .flatMap(({ detail, node }) =>
          detail?.kind === 'child' && mesh.stores.runs.has(detail.runId)
            ? [this.#resultOf(detail.runId).then((child) => ({ node, run: child }))]
            : [],
        ),
    );
    const questions = openQuestions(mesh).filter(
      (question) => question.runId === runId || run.rows.head.parent === null,
    );
    return toResult({
      run,
      graph,
      view,
      calls: attempts.calls,
      questions,
      children,
      startedAt,
      now: world.clock.now(),
    });
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

function noQuestion(name: string, questions: readonly OpenQuestion[], isAmbiguous: boolean): WorkflowTestError {
  const lines = questions.map(({ id, node, message }) => `  ${node} asks (${id}): ${message ?? ''}`);
  if (isAmbiguous)
    return new WorkflowTestError('no_question', `several questions are open at "${name}": name one by its id`, lines);
  const none = lines.length === 0 ? '; nothing is asked' : '; these questions are:';
  return new WorkflowTestError('no_question', `no question of "${name}" is open${none}`, lines);
}
