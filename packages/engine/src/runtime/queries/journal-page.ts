/** Some steps of a run, read once, and what they look like to those who watch. */
import type { Event, EventMode, JsonObject } from '@weft/contract';

import type { RunStatus } from '../../domain/run/records.ts';
import type { RunReader, TaskResult } from '../../ports/index.ts';
import { statusAt } from './checkpoints/list-checkpoints.ts';
import { pathTo } from './checkpoints/step-path.ts';
import type { QueryDeps } from './query-deps.ts';
import type { StepWithWrites } from './read-steps.ts';
import { applyWrites, foldState } from './run-state.ts';
import { endedKeys, stepEvents } from './step-events.ts';

type PageDeps = Pick<QueryDeps, 'reader' | 'loadGraph'> & { tenant: string; runId: string };

/** What is known of the run after a step, as far as the modes need it. */
export type Known = { step: number; state: JsonObject | null; status: RunStatus | null };

export type StepEvents = { step: number; events: Event[] };

/** Results that are larger are left out of events, bytes of JSON text. */
const MOST_RESULT_BYTES = 64 * 1024;

export class JournalPage {
  readonly afterStep: number;
  readonly steps: readonly StepWithWrites[];
  readonly more: boolean;
  readonly #deps: PageDeps;
  readonly #told = new Map<string, Promise<{ told: StepEvents[]; known: Known }>>();

  constructor(
    deps: PageDeps,
    { afterStep, steps, more }: { afterStep: number; steps: readonly StepWithWrites[]; more: boolean },
  ) {
    this.#deps = deps;
    this.afterStep = afterStep;
    this.steps = steps;
    this.more = more;
  }

  get lastStep(): number {
    return this.steps.at(-1)?.record.step ?? this.afterStep;
  }

  /** Whether one of the steps changed the run itself. */
  get runChanged(): boolean {
    return this.steps.some(({ record }) => record.facts.run !== undefined);
  }

  /** The steps as events of these modes, and what is known after them; `before`: what was known, if that is known. */
  tell(modes: ReadonlySet<EventMode>, before: Known | null): Promise<{ told: StepEvents[]; known: Known }> {
    const name = Array.from(modes).toSorted().join();
    const known = this.#told.get(name);
    if (known) return known;
    const told = this.#tell(modes, before);
    this.#told.set(name, told);
    // What could not be read may be readable the next time.
    told.catch(() => this.#told.delete(name));
    return told;
  }

  async #tell(modes: ReadonlySet<EventMode>, before: Known | null) {
    const needs = { state: modes.has('values'), status: modes.has('checkpoints') || modes.has('debug') };
    const follow = await this.#follow(before, needs);
    const wantsResults = modes.has('tasks') || modes.has('debug');
    const results = Map.groupBy(wantsResults ? await this.#readResults() : [], ({ settledStep }) => settledStep);
    const told: StepEvents[] = [];
    for (const step of this.steps) {
      const { state, status } = await follow.next(step);
      const { runId } = this.#deps;
      const number = step.record.step;
      const moment = { runId, step, state, status: status ?? 'running', results: results.get(number) ?? [] };
      told.push({ step: number, events: stepEvents(moment, modes) });
    }
    return { told, known: follow.known };
  }

  async #readResults(): Promise<TaskResult[]> {
    const { reader, runId } = this.#deps;
    const keys = this.steps.flatMap(({ record }) => endedKeys(record));
    return keys.length === 0 ? [] : reader.results(runId, keys, MOST_RESULT_BYTES);
  }

  /** A step mostly follows the one before it; after a replay, or at the beginning of a fork, it follows another. */
  async #follow(before: Known | null, needs: { state: boolean; status: boolean }) {
    const { reader, loadGraph, runId, tenant } = this.#deps;
    const run = needs.state ? await reader.run(tenant, runId) : null;
    const graph = run && (await loadGraph(run.head.workflow));
    const follow = {
      known: before ?? (await this.#knownAt(this.afterStep, needs)),
      next: async ({ record, writes }: StepWithWrites): Promise<Known> => {
        const { known } = follow;
        const { state, status } = record.parent === known.step ? known : await this.#knownAt(record.parent, needs);
        follow.known = {
          step: record.step,
          state: graph && state && applyWrites(graph, state, writes),
          status: record.facts.run?.status ?? status,
        };
        return follow.known;
      },
    };
    return follow;
  }

  async #knownAt(step: number, needs: { state: boolean; status: boolean }): Promise<Known> {
    const { reader, runId } = this.#deps;
    return {
      step,
      state: needs.state ? await this.#stateAt(step) : null,
      status: needs.status ? await statusAfter(reader, runId, step) : null,
    };
  }

  async #stateAt(step: number): Promise<JsonObject> {
    const { reader, loadGraph, runId, tenant } = this.#deps;
    const run = await reader.run(tenant, runId);
    if (!run) return {};
    const path = step === 0 ? [] : await pathTo(reader, runId, step);
    const channels = path.length === 0 ? new Map<string, never>() : await reader.channelsAlong(runId, path);
    return foldState(await loadGraph(run.head.workflow), channels);
  }
}

async function statusAfter(reader: RunReader, runId: string, step: number): Promise<RunStatus> {
  return step === 0 ? 'pending' : statusAt(reader, runId, step);
}
