/** What a database holds, in memory: runs, their mail, and workflow versions. Every change is whole at once. */
import type {
  Clock,
  Mail,
  NewRun,
  RunChange,
  RunReader,
  RunStore,
  Settlement,
  StoredWorkflow,
  Submission,
  WorkflowStore,
} from '@weft/engine/ports';

import { RunRows } from '../rows/run-rows.ts';
import { createMemoryReader } from './memory-reader.ts';
import { StoredRun } from './stored-run.ts';
import type { StoredRunDump } from './stored-run.ts';

export type StoresDump = { runs: StoredRunDump[]; inbox: [string, Mail[]][]; workflows: StoredWorkflow[] };

/** A decision that asks more often than this is looping. */
const MAX_ROUNDS = 100;

export class MemoryStores {
  readonly runs = new Map<string, StoredRun>();
  readonly reader: RunReader = createMemoryReader(() => this.runs);
  readonly #clock: Clock;
  /** Mail to runs that do not exist yet. */
  readonly #inbox = new Map<string, Mail[]>();
  readonly #workflows: StoredWorkflow[] = [];
  readonly #keys = new Map<string, { payloadHash: string; runId: string }>();

  constructor(clock: Clock, dump?: StoresDump) {
    this.#clock = clock;
    if (!dump) return;
    for (const run of dump.runs) this.runs.set(run.rows.head.id, StoredRun.restore(run));
    for (const [runId, mail] of dump.inbox) this.#inbox.set(runId, mail);
    this.#workflows.push(...dump.workflows);
  }

  dump(): StoresDump {
    const runs = Array.from(this.runs.values(), (run) => run.dump());
    return { runs, inbox: Array.from(this.#inbox), workflows: this.#workflows };
  }

  /** Runs that do not exist yet, and are asked for by mail. */
  asked(): string[] {
    return Array.from(this.#inbox.keys());
  }

  startMail(runId: string): Mail | null {
    return this.#inbox.get(runId)?.find(({ kind }) => kind === 'start') ?? null;
  }

  readonly store: RunStore = {
    submit: async (runs) => runs.map((run) => this.#submit(run)),
    settle: async (changes) => changes.map((change) => this.#settle(change)),
    sendMail: async (runId, mail, key) => {
      if (key && this.#keys.has(key.key)) return false;
      if (key) this.#keys.set(key.key, { payloadHash: key.payloadHash, runId });
      this.#receive(runId, mail);
      return true;
    },
    dropMail: async (runId, mailId) => this.#drop(runId, mailId),
    usedKey: async (_tenant, key) => this.#keys.get(key) ?? null,
  };

  readonly workflows: WorkflowStore = {
    save: async ({ tenant, hash, document }) => {
      const versions = this.#versions(tenant, document.name);
      const known = versions.find((one) => one.hash === hash);
      if (known) return { ...known, created: false };
      const ref = { tenant, name: document.name, version: versions.length + 1 };
      const saved = { ref, hash, document, createdAt: this.#clock.now() };
      this.#workflows.push(saved);
      return { ...saved, created: true };
    },
    load: async ({ tenant, name, version }) => {
      const versions = this.#versions(tenant, name);
      return (version === undefined ? versions.at(-1) : versions[version - 1]) ?? null;
    },
    list: async ({ tenant, limit, afterName }) => {
      const newest = new Map(
        this.#workflows.filter(({ ref }) => ref.tenant === tenant).map((one) => [one.ref.name, one]),
      );
      const later = Array.from(newest.values()).filter(({ ref }) => afterName === null || ref.name > afterName);
      return later.toSorted((a, b) => (a.ref.name < b.ref.name ? -1 : 1)).slice(0, limit);
    },
    tenants: async () => Array.from(new Set(this.#workflows.map(({ ref }) => ref.tenant))),
  };

  #versions(tenant: string, name: string): StoredWorkflow[] {
    return this.#workflows.filter(({ ref }) => ref.tenant === tenant && ref.name === name);
  }

  #submit(newRun: NewRun): Submission {
    const { head, input, config, tags, forkedFrom } = newRun;
    if (this.runs.has(head.id)) return { kind: 'existing', runId: head.id };
    const now = this.#clock.now();
    const run = new StoredRun(new RunRows(head, structuredClone({ input, config })), {
      tags,
      createdAt: now,
      forkedFrom,
    });
    for (const mail of this.#inbox.get(head.id) ?? []) run.receive(mail);
    const past = forkedFrom ? (this.runs.get(forkedFrom.runId)?.rows ?? null) : null;
    run.apply(newRun.plan(now).decision, now, past);
    this.#inbox.delete(head.id);
    this.runs.set(head.id, run);
    return { kind: 'created' };
  }

  #settle(change: RunChange): Settlement {
    const { runId, reads } = change;
    const run = this.runs.get(runId);
    if (!run) return { runId, kind: 'missing' };
    const now = this.#clock.now();
    let snapshot = run.rows.load(reads);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const verdict = change.decide({ snapshot, now });
      if (verdict.kind === 'planned') {
        run.apply(verdict.plan.decision, now);
        return { runId, kind: 'settled', plan: verdict.plan, snapshot, asRemembered: false };
      }
      if (verdict.kind === 'lacks') return { runId, ...verdict };
      snapshot = run.rows.loadMore(snapshot, verdict.reads);
    }
    throw new Error(`a decision on run ${runId} keeps asking for more`);
  }

  #receive(runId: string, mail: Mail): void {
    const run = this.runs.get(runId);
    if (run) {
      run.receive(mail);
      return;
    }
    const waiting = this.#inbox.get(runId) ?? [];
    if (!waiting.some(({ dedupeKey }) => dedupeKey === mail.dedupeKey)) this.#inbox.set(runId, [...waiting, mail]);
  }

  #drop(runId: string, mailId: string): void {
    const left = (this.#inbox.get(runId) ?? []).filter(({ id }) => id !== mailId);
    if (left.length > 0) this.#inbox.set(runId, left);
    else this.#inbox.delete(runId);
    const run = this.runs.get(runId);
    if (run) run.rows.mail = run.rows.mail.filter(({ id }) => id !== mailId);
  }
}
