/** Scripts of `subgraph` nodes: they stand in for the child run, which is then not started. */
import type { JsonObject } from '@weft/contract';
import { makeUuidV7, nodeOf } from '@weft/engine/domain';
import type { Outcome } from '@weft/engine/ports';

import { toMs } from '../duration.ts';
import type { ChildRequest } from '../mesh/mesh.ts';
import type { StoredRun } from '../mesh/stored-run.ts';
import type { Play } from '../script/play.ts';
import { WorkflowTestError } from '../test-error.ts';
import { hear, newAttempt, placeOfCall, toMessage } from './attempt.ts';
import type { Attempt } from './attempt.ts';
import type { World } from './world.ts';

type StandIn = { attempt: Attempt; work: () => Promise<void> };

export class StandIns {
  readonly #world: World;
  #waiting: StandIn[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Whether a script stands in for the child. Throws WorkflowTestError `missing_workflow` where there is neither. */
  replaces(request: ChildRequest): boolean {
    const { mesh, recorded, scripts, clock } = this.#world;
    const parent = mesh.run(request.parent.runId);
    const known = recorded?.next(request.parent.key);
    const script = scripts.find(parent.rows.head.workflow.name, nodeOf(request.parent.key));
    const said = known ? { play: known, timing: {}, call: 0 } : script?.next();
    const task = parent.rows.taskOfKey(request.parent.key);
    if (!said?.play || !task) {
      this.#mustHave(request);
      return false;
    }
    const { play, timing, call } = said;
    const attempt = newAttempt(this.#world, parent, { task, input: request.input, order: 0 });
    attempt.child = request;
    attempt.step = play.step ?? null;
    const endsAt = clock.now() + toMs(play.takes ?? timing.takes ?? 0);
    attempt.endsAt = play.kind === 'waits' ? Number.POSITIVE_INFINITY : endsAt;
    this.#waiting.push({ attempt, work: () => this.#perform(attempt, { play, parent, call }) });
    return true;
  }

  /** Those that were asked for since the last time. */
  take(): StandIn[] {
    return this.#waiting.splice(0);
  }

  /** The parent is told as by the child itself. */
  async end({ runId, parent }: ChildRequest, outcome: Outcome | null): Promise<void> {
    const { mesh, clock } = this.#world;
    const lost = { code: 'worker_lost', message: 'the script lets the child be lost', retryable: false };
    const result =
      outcome?.kind === 'succeeded'
        ? { status: 'succeeded', output: outcome.output, error: null }
        : {
            status: 'failed',
            output: null,
            error: { ...(outcome?.kind === 'failed' ? outcome.error : lost) } as JsonObject,
          };
    const id = makeUuidV7(clock.now(), clock.randomBytes(10));
    const payload = { key: parent.key, epoch: parent.epoch, runId, step: 0, ...result };
    await mesh.send(parent.runId, { id, kind: 'child_ended', payload, dedupeKey: `child_ended ${runId} 0` });
  }

  async #perform(
    attempt: Attempt,
    { play, parent, call }: { play: Play; parent: StoredRun; call: number },
  ): Promise<void> {
    if (play.kind === 'waits' || play.kind === 'crashes') return;
    const { mesh, performer, clock } = this.#world;
    const graph = await mesh.graphs.load(parent.rows.head.workflow);
    const node = graph.nodes.get(attempt.call.node);
    const task = parent.rows.taskOfKey(attempt.ref.key);
    if (!node || !task) return;
    const place = placeOfCall(attempt.call, { call, now: clock.now() });
    const work = { play, node, message: toMessage(parent, task), input: structuredClone(attempt.call.input), place };
    hear(attempt, await performer.perform(work, { ms: 0, cut: null }));
  }

  #mustHave({ workflow, parent }: ChildRequest): void {
    if (this.#world.documents.some(({ name }) => name === workflow.name)) return;
    const node = nodeOf(parent.key);
    const message = `the node "${node}" starts the workflow "${workflow.name}", which the test does not have`;
    throw new WorkflowTestError('missing_workflow', message, [
      `  give it in the option "workflows", or let a script stand in for it: node(${JSON.stringify(node)}).returns(...)`,
    ]);
  }
}
