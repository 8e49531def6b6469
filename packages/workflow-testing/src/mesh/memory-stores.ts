/** What a database holds, in memory: runs, their mail, and workflow versions. Every change is whole at once. */
import { makeUuidV7 } from '@weft/engine/domain';
import type { RunHead, SentMail, WorkflowRef } from '@weft/engine/domain';
import type {
  Clock,
  Mail,
  NewRun,
  Plan,
  RunChange,
  RunReader,
  RunStore,
  Settlement,
  StoredWorkflow,
  Submission,
  WorkflowStore,
} from '@weft/engine/ports';

import { RunRows } from '../rows/run-rows.ts';
import { copy } from '../rows/values.ts';
import { MailOfComingRuns } from './mail-of-coming-runs.ts';
import { createMemoryReader } from './memory-reader.ts';
import { createMemoryWorkflows } from './memory-workflows.ts';
import { StoredRun } from './stored-run.ts';
import type { StoredRunDump } from './stored-run.ts';

export type StoresDump = { runs: StoredRunDump[]; inbox: [string, Mail[]][]; workflows: StoredWorkflow[] };

/** A plan that was made on a head as it is remembered. */
export type RememberedPlan = { head: RunHead; plan: Plan; now: number };

/** A decision that asks more often than this is looping. */
const MAX_ROUNDS = 100;

export class MemoryStores {
  readonly runs = new Map<string, StoredRun>();
  readonly reader: RunReader = createMemoryReader(() => this.runs);
  readonly workflows: WorkflowStore;
  readonly inbox: MailOfComingRuns;
  readonly #clock: Clock;
  readonly #versions: StoredWorkflow[] = [];
  /** What callers' keys were used for. */
  readonly #keys = new Map<string, { payloadHash: string; runId: string }>();

  constructor(clock: Clock, dump?: StoresDump) {
    this.#clock = clock;
    this.inbox = new MailOfComingRuns(dump?.inbox, () => clock.now());
    this.#versions.push(...(dump?.workflows ?? []));
    this.workflows = createMemoryWorkflows(clock, this.#versions);
    for (const run of dump?.runs ?? []) this.runs.set(run.rows.head.id, StoredRun.restore(run));
  }

  dump(): StoresDump {
    const runs = Array.from(this.runs.values(), (run) => run.dump());
    return { runs, inbox: this.inbox.dump(), workflows: this.#versions };
  }

  readonly store: RunStore = {
    submit: async (runs) => runs.map((run) => this.#submit(run)),
    settle: async (changes) => this.#settle(changes),
    sendMail: async (runId, mail, key) => {
      if (key && this.#keys.has(keyName(key.tenant, key.key))) return false;
      if (key) this.#keys.set(keyName(key.tenant, key.key), { payloadHash: key.payloadHash, runId });
      this.#receive(runId, mail);
      return true;
    },
    dropMail: async (runId, mailId) => {
      this.inbox.drop(runId, mailId);
      this.runs.get(runId)?.drop(mailId);
    },
    usedKey: async (tenant, key) => this.#keys.get(keyName(tenant, key)) ?? null,
  };

  /** All versions of the workflow, the first one first. */
  versionsOf({ tenant, name }: Pick<WorkflowRef, 'tenant' | 'name'>): StoredWorkflow[] {
    return this.#versions.filter(({ ref }) => ref.tenant === tenant && ref.name === name);
  }

  /** Writes those of the plans whose runs are still as they were remembered; gives the ids of these. */
  settleRemembered(plans: readonly RememberedPlan[]): Set<string> {
    const held = plans.filter(({ head }) => {
      const now = this.runs.get(head.id)?.rows.head;
      return now?.step === head.step && now.epoch === head.epoch;
    });
    for (const { head, plan, now } of held) this.#write(this.#run(head.id), withFixed(this.#run(head.id), plan), now);
    return new Set(held.map(({ head }) => head.id));
  }

  #submit(newRun: NewRun): Submission {
    const { head, input, config, tags, forkedFrom } = newRun;
    const taken = this.#takeKey(newRun);
    if (taken) return taken;
    const now = this.#clock.now();
    const plan = newRun.plan(now);
    // It is this very submission, sent again because the answer to the first was lost.
    if (this.runs.has(head.id)) return { kind: 'created' };
    const run = new StoredRun(new RunRows(head, copy({ input, config })), {
      tags,
      createdAt: now,
      forkedFrom,
    });
    for (const mail of this.inbox.take(head.id)) run.receive(mail, now);
    const past = forkedFrom ? (this.runs.get(forkedFrom.runId)?.rows ?? null) : null;
    this.runs.set(head.id, run);
    this.#write(run, plan, now, past);
    return { kind: 'created' };
  }

  /** Null: the run may be written. */
  #takeKey({ head, idempotency }: NewRun): Submission | null {
    if (!idempotency) return null;
    const name = keyName(head.workflow.tenant, idempotency.key);
    const holder = this.#keys.get(name);
    if (!holder) this.#keys.set(name, { payloadHash: idempotency.payloadHash, runId: head.id });
    if (!holder || holder.runId === head.id) return null;
    return { kind: holder.payloadHash === idempotency.payloadHash ? 'existing' : 'conflict', runId: holder.runId };
  }

  /** All runs are decided on before the first is written. */
  #settle(changes: readonly RunChange[]): Settlement[] {
    const now = this.#clock.now();
    const settlements = changes.map((change) => this.#decide(change, now));
    for (const settlement of settlements)
      if (settlement.kind === 'settled') this.#write(this.#run(settlement.runId), settlement.plan, now);
    return settlements;
  }

  #decide(change: RunChange, now: number): Settlement {
    const { runId, reads } = change;
    const run = this.runs.get(runId);
    if (!run) return { runId, kind: 'missing' };
    let snapshot = run.rows.load(reads);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const verdict = change.decide({ snapshot, now });
      if (verdict.kind === 'planned')
        return { runId, kind: 'settled', plan: verdict.plan, snapshot, asRemembered: false };
      if (verdict.kind === 'lacks') return { runId, ...verdict };
      snapshot = run.rows.loadMore(snapshot, verdict.reads);
    }
    throw new Error(`a decision on run ${runId} keeps asking for more`);
  }

  #write(run: StoredRun, plan: Plan, now: number, past: RunRows | null = null): void {
    run.apply(plan, now, past);
    for (const mail of plan.decision.sentMail) this.#post(mail, now);
  }

  /** What a run sends to itself stands in its rows already. */
  #post({ to, kind, payload, dedupeKey }: SentMail, now: number): void {
    if (to === null) return;
    const id = makeUuidV7(now, this.#clock.randomBytes(10));
    this.#receive(to, { id, kind, payload, dedupeKey: dedupeKey ?? id });
  }

  #receive(runId: string, mail: Mail): void {
    const run = this.runs.get(runId);
    if (run) run.receive(mail, this.#clock.now());
    else this.inbox.receive(runId, mail);
  }

  #run(runId: string): StoredRun {
    const run = this.runs.get(runId);
    if (!run) throw new Error(`there is no run ${runId}`);
    return run;
  }
}

function keyName(tenant: string, key: string): string {
  return JSON.stringify([tenant, key]);
}

/** Who remembers a task need not remember what never changes of it: that is not written again. */
function withFixed({ rows }: StoredRun, { decision, offered }: Plan): Plan {
  const tasks = decision.tasks.map((task) => {
    const row = decision.armed.has(task.key) ? undefined : rows.find(task.key, task.epoch);
    return row ? { ...task, captured: row.captured } : task;
  });
  return { decision: { ...decision, tasks }, offered };
}
