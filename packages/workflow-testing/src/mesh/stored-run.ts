/** One run as a database would hold it: its rows, and what stands beside them. */
import type { Json } from '@weft/contract';
import { channelValue, pastFailure, TERMINAL_RUN } from '@weft/engine/domain';
import type { ChannelRecord, Graph, NodeResult, TaskRecord } from '@weft/engine/domain';
import type { InputMaterial, Mail, Plan, RunRecord, TaskView } from '@weft/engine/ports';

import { dumpRows, restoreRows } from '../rows/dump.ts';
import type { RowsDump } from '../rows/dump.ts';
import { copy } from '../rows/values.ts';
import { firstVersion, foldTo } from '../rows/past-rows.ts';
import type { RunRows } from '../rows/run-rows.ts';

export type StoredRunDump = {
  rows: RowsDump;
  tags: string[];
  createdAt: number;
  endedAt: number | null;
  /** Ids and dedupe keys of the mail that is held. */
  mailKeys: [string, string][];
  /** When tasks were offered, by epoch and key. */
  offers: [string, number][];
  forkedFrom: RunRecord['forkedFrom'];
};

const NO_USAGE = { inputTokens: 0, outputTokens: 0, usd: 0 };

export class StoredRun {
  readonly rows: RunRows;
  readonly tags: string[];
  readonly createdAt: number;
  endedAt: number | null;
  readonly forkedFrom: RunRecord['forkedFrom'];
  /** Of mail that is held, by its id: the dedupe key, and when it came. */
  readonly #mailKeys: Map<string, string>;
  readonly #arrivals = new Map<string, number>();
  /** By epoch and key. */
  readonly #offers: Map<string, number>;
  readonly #deadlines = new Map<string, number>();

  constructor(
    rows: RunRows,
    {
      tags,
      createdAt,
      endedAt = null,
      mailKeys = [],
      offers = [],
      forkedFrom = null,
    }: Omit<Partial<StoredRunDump>, 'rows'> & { tags: string[]; createdAt: number },
  ) {
    this.rows = rows;
    this.tags = tags;
    this.createdAt = createdAt;
    this.endedAt = endedAt;
    this.forkedFrom = forkedFrom;
    this.#mailKeys = new Map(mailKeys);
    this.#offers = new Map(offers);
  }

  dump(): StoredRunDump {
    const { rows, tags, createdAt, endedAt } = this;
    return {
      rows: dumpRows(rows),
      tags,
      createdAt,
      endedAt,
      mailKeys: Array.from(this.#mailKeys),
      offers: Array.from(this.#offers),
      forkedFrom: this.forkedFrom,
    };
  }

  static restore({ rows, ...rest }: StoredRunDump): StoredRun {
    return new StoredRun(restoreRows(rows), rest);
  }

  get id(): string {
    return this.rows.head.id;
  }

  get hasEnded(): boolean {
    return TERMINAL_RUN.has(this.rows.head.status);
  }

  /** `past`: the rows of the run that this one is forked from. */
  apply({ decision, offered }: Plan, now: number, past: RunRows | null = null): void {
    this.rows.apply(decision, past);
    this.endedAt = this.hasEnded ? (this.endedAt ?? now) : null;
    for (const task of decision.tasks) {
      const name = nameOf(task);
      if (task.status !== 'running') this.#deadlines.delete(name);
      if (offered.has(task.key)) this.#offers.set(name, now);
      else if (task.status === 'ready') this.#offers.delete(name);
    }
    this.#tidyMail(now);
  }

  /** When the task was offered, epoch ms; null while it waits. */
  offeredAt(task: TaskRecord): number | null {
    return this.#offers.get(nameOf(task)) ?? null;
  }

  offer(task: TaskRecord, now: number): void {
    this.#offers.set(nameOf(task), now);
  }

  deadline(task: TaskRecord): number | null {
    return this.#deadlines.get(nameOf(task)) ?? null;
  }

  setDeadline(task: TaskRecord, instant: number): void {
    if (Number.isFinite(instant)) this.#deadlines.set(nameOf(task), instant);
  }

  /** The same dedupe key twice is one message, as long as the first is held. */
  receive({ id, kind, payload, dedupeKey }: Mail, now: number): void {
    if (Array.from(this.#mailKeys.values()).includes(dedupeKey)) return;
    this.#mailKeys.set(id, dedupeKey);
    this.#arrivals.set(id, now);
    this.rows.mail.push({ id, kind, payload });
  }

  drop(mailId: string): void {
    this.rows.mail = this.rows.mail.filter(({ id }) => id !== mailId);
    this.#mailKeys.delete(mailId);
  }

  /** Whether mail lies unread that came at this instant, or before. */
  hasUnread(until: number): boolean {
    return this.rows.mail.some(({ id }) => (this.#arrivals.get(id) ?? 0) <= until);
  }

  #tidyMail(now: number): void {
    const unread = new Set(this.rows.mail.map(({ id }) => id));
    const kept = new Set(this.rows.kept.map(({ id }) => id));
    for (const id of this.#mailKeys.keys()) if (!unread.has(id) && !kept.has(id)) this.#mailKeys.delete(id);
    for (const id of this.#arrivals.keys()) if (!unread.has(id)) this.#arrivals.delete(id);
    for (const id of unread) if (!this.#arrivals.has(id)) this.#arrivals.set(id, now);
  }

  record(): RunRecord {
    const { rows, tags, createdAt, endedAt, forkedFrom } = this;
    const usage = sumUsage(Array.from(rows.usage.values(), (spent) => spent.usage));
    const { input, config } = rows.body;
    const { output = null, error = null } = rows.ending ?? {};
    const head = copy(rows.head);
    const ended = { output, error, createdAt, startedAt: createdAt, endedAt };
    return { head, input, config, tags, ...ended, usage, budget: null, trigger: null, forkedFrom };
  }

  /** Every activation, in the order in which they became ready. */
  tasks(): TaskView[] {
    const order = (a: TaskRecord, b: TaskRecord): number => a.readsAt - b.readsAt || (a.key < b.key ? -1 : 1);
    return this.rows.tasks.toSorted((a, b) => order(a, b) || a.epoch - b.epoch).map((task) => this.view(task));
  }

  view(task: TaskRecord): TaskView {
    const { rows } = this;
    const own = Array.from(rows.usage.values()).filter(({ key, epoch }) => key === task.key && epoch === task.epoch);
    const step = task.settledStep === null ? undefined : rows.stepAt(task.settledStep);
    const cached = step?.facts.tasks?.[0]?.cached ?? false;
    const read = rows.taskOfKey(task.key);
    const output = read?.epoch === task.epoch ? read.output : task.output;
    const usage = sumUsage(own.map((spent) => spent.usage));
    const [offeredAt, deadline] = [this.offeredAt(task), this.deadline(task)];
    const placed = own.toSorted((a, b) => a.attempt - b.attempt).findLast((spent) => spent.placed)?.placed ?? null;
    return { ...task, output, runId: this.id, offeredAt, deadline, usage, cached, placed };
  }

  /** From what a worker renders the input of the task (rule A7). */
  material(
    { captured, item, readsAt, iterations, letter, detail }: TaskRecord,
    resultReads: readonly string[],
  ): InputMaterial {
    const nodes: Record<string, NodeResult> = {};
    for (const name of resultReads) {
      const task = this.rows.taskOfKey(`${name}#${iterations?.[name] ?? 0}`);
      if (!task) continue;
      if (task.settledStep === null || task.settledStep > readsAt) {
        const failure = pastFailure(task, readsAt);
        if (failure) nodes[name] = failure;
        continue;
      }
      nodes[name] = task.error ? { output: task.output, error: task.error } : { output: task.output };
    }
    const memo = detail?.kind === 'memo' ? detail.memo : null;
    return { ...this.rows.body, captured: captured ?? {}, item, nodes, edit: letter?.edit ?? null, memo };
  }

  /** The steps that led to this one, from the first on. */
  pathTo(step: number): Set<number> {
    const path = new Set<number>();
    for (let at = this.rows.stepAt(step); at; at = this.rows.stepAt(at.parent)) path.add(at.step);
    return path;
  }

  channelsOf(isMeant: (step: number) => boolean): Map<string, ChannelRecord> {
    const names = new Set(this.rows.writes.map(({ channel }) => channel));
    const found = Array.from(names, (name) => [name, this.rows.channel(name, isMeant)] as const);
    return new Map(found.flatMap(([name, channel]) => (channel ? [[name, copy(channel)] as const] : [])));
  }

  /** Every key that the version of then declares, as the step has left it; ephemeral ones are not kept. */
  stateAt(versions: ReadonlyMap<number, Graph>, step: number): Record<string, Json> {
    const { version } = foldTo(this.rows.steps, step).progress;
    const graph = versions.get(version ?? firstVersion(this.rows));
    const path = this.pathTo(step);
    const channels = this.channelsOf((one) => path.has(one));
    const state: Record<string, Json> = {};
    for (const [name, schema] of graph?.state ?? []) {
      if (schema.ephemeral) continue;
      state[name] = channelValue(schema, channels.get(name));
    }
    return state;
  }
}

function nameOf({ epoch, key }: TaskRecord): string {
  return `${epoch} ${key}`;
}

function sumUsage(parts: readonly (typeof NO_USAGE)[]): typeof NO_USAGE {
  return parts.reduce(
    (sum, { inputTokens, outputTokens, usd }) => ({
      inputTokens: sum.inputTokens + inputTokens,
      outputTokens: sum.outputTokens + outputTokens,
      usd: sum.usd + usd,
    }),
    NO_USAGE,
  );
}
