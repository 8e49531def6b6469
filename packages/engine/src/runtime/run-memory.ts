/**
 * What this process remembers of runs: as its last settle left them, or as a message says that their start did. A settle
 * that decides on it needs no lock and no read; the store writes it only if the run still is at that step. So it may be
 * wrong at any time, and costs nothing but that attempt.
 */
import type { Json } from '@weft/contract';

import { closureOf } from '../domain/graph/graph.ts';
import type { Graph } from '../domain/graph/graph.ts';
import { emptyParts, freshHead, freshTask } from '../domain/run/fresh.ts';
import { isStale, keyOfNode } from '../domain/run/iterations.ts';
import { chunkKey, mergeReads, noReads } from '../domain/run/reads.ts';
import { TERMINAL_RUN } from '../domain/run/records.ts';
import type { ChannelRecord, Decision, Jumps, Reads, RunHead, RunSnapshot, TaskRecord } from '../domain/run/records.ts';
import { CHUNK_ITEMS } from '../domain/run/send-items.ts';
import { startedJumps } from '../domain/run/superstep/release.ts';
import { ownerOf, rootOf } from '../domain/task-key.ts';
import type { SettledRun, TaskMessage } from '../ports/index.ts';

/** Runs that are remembered; the one settled longest ago is forgotten first. */
const MOST_RUNS = 2000;
/** Tasks and joins of one run; a run with more is read each time. */
const MOST_RECORDS = 20_000;
/** A channel that is larger is read each time it is needed. */
const MOST_CHANNEL_BYTES = 32 * 1024;
const NOTHING_WRITTEN: ChannelRecord = { base: undefined, deltas: [], lastStep: 0, deltaBytes: 0, baseBytes: 0 };
/** Results and inputs that are larger, in characters and values, are read when they are needed. */
const SMALL = 4096;

type Memory = {
  /** Null while others settle the run as well: then remembering it is in vain. */
  snapshot: RunSnapshot | null;
  epoch: number;
  step: number;
};

export class RunMemory {
  readonly #runs = new Map<string, Memory>();

  /** The run as it is believed to be; null if nothing is known, or others change it as well. */
  recall(graph: Graph, runId: string, message: TaskMessage | undefined): RunSnapshot | null {
    const known = this.#runs.get(runId);
    if (known) return known.snapshot;
    return message ? asStarted(graph, message) : null;
  }

  /** Takes note of how a settle left the run. */
  learn(graph: Graph, { plan: { decision }, snapshot, asRemembered }: SettledRun): void {
    const { id, status, epoch, step } = decision.head;
    const known = this.#runs.get(id);
    this.#runs.delete(id);
    if (TERMINAL_RUN.has(status)) return;
    // Seen at another step than it was left at, it is changed by others, too.
    const isOurs = !known || (known.epoch === snapshot.head.epoch && known.step === snapshot.head.step);
    const before = known?.snapshot && isOurs && !asRemembered ? merge(known.snapshot, snapshot) : snapshot;
    const isMoved = snapshot.head.workflow.version !== decision.head.workflow.version;
    const isPlain = !decision.goesOn && decision.takenBack.length === 0 && !isMoved;
    const after = isOurs && isPlain ? advanced(graph, before, decision) : null;
    this.#runs.set(id, { snapshot: after, epoch, step });
    for (const oldest of this.#runs.keys()) {
      if (this.#runs.size <= MOST_RUNS) break;
      this.#runs.delete(oldest);
    }
  }

  /** After a failed commit nothing is certain. */
  forget(runIds: Iterable<string>): void {
    for (const runId of runIds) this.#runs.delete(runId);
  }
}

/** A run that has just begun, seen from one of its first tasks. */
function asStarted(graph: Graph, message: TaskMessage): RunSnapshot | null {
  const { seed, key, taskEpoch, taskId, node, lane, priority, readyAt, runId, workflow, runEpoch } = message;
  if (!seed) return null;
  const readsAt = seed.step;
  const task = freshTask({ key, epoch: taskEpoch, id: taskId, node, readsAt, readyAt, lane, priority });
  return {
    ...emptyParts({ ...noReads(), tasks: new Set([key]), allJoins: true }),
    head: freshHead({
      id: runId,
      workflow,
      status: 'running',
      epoch: runEpoch,
      ...seed,
      jumps: graph.superstep ? startedJumps(graph) : null,
      payer: message.payer ?? null,
    }),
    tasks: new Map([[key, task]]),
  };
}

/** Adds to what is known what was seen of the run at the same step. */
function merge(known: RunSnapshot, seen: RunSnapshot): RunSnapshot {
  for (const [key, task] of seen.tasks) known.tasks.set(key, task);
  for (const [key, join] of seen.joins) known.joins.set(key, join);
  for (const [name, channel] of seen.channels) known.channels.set(name, channel);
  for (const [name, items] of seen.chunks) known.chunks.set(name, items);
  mergeReads(known.reads, seen.reads);
  return { ...known, body: seen.body ?? known.body };
}

/**
 * The view after the decision, made of the one before it, which nobody else needs any more. Null if it has grown too
 * large.
 */
function advanced(graph: Graph, before: RunSnapshot, decision: Decision): RunSnapshot | null {
  const { head, tasks, joins, writes } = decision;
  const { reads } = before;
  for (const task of tasks) keepTask(graph, before, task);
  for (const join of joins) before.joins.set(join.key, join);
  for (const { key } of joins) reads.joins.add(key);
  if (head.generations > before.head.generations) {
    knowFresh(graph, before, head);
    forgetPast(graph, before, head);
  }
  keepItems(before, decision);
  keepChannels(before, writes);
  if (before.tasks.size + before.joins.size > MOST_RECORDS) return null;
  const body = before.body && isSmall(before.body.input) && isSmall(before.body.config) ? before.body : null;
  const nothing = { mail: [], inline: [], kept: new Map(), items: new Map() };
  return { ...before, ...nothing, head, body, reads: remembered(reads, body !== null) };
}

function remembered(reads: Reads, body: boolean): Reads {
  const { everything } = reads;
  const whole = { allJoins: reads.allJoins || everything, waiting: reads.waiting || everything };
  return { ...reads, ...whole, body, inline: false, everything: false, kept: new Set(), items: new Set() };
}

/** Channels that were read are carried along as long as they are small; one that was only written is not known. */
function keepChannels({ head, channels, reads }: RunSnapshot, writes: Decision['writes']): void {
  // A compaction stands for what was there before, so it comes first, whatever its place among the writes.
  const inOrder = writes.toSorted((a, b) => Number(a.step > head.step) - Number(b.step > head.step));
  for (const { channel, step, kind, value } of inOrder) {
    const known = channels.get(channel) ?? (reads.channels.has(channel) ? NOTHING_WRITTEN : null);
    const fits = isSmall(value);
    const after = fits && (kind === 'base' ? asBase(step, value) : known && withDelta(known, step, value));
    if (after && after.baseBytes + after.deltaBytes <= MOST_CHANNEL_BYTES) {
      channels.set(channel, after);
      reads.channels.add(channel);
    } else {
      channels.delete(channel);
      reads.channels.delete(channel);
    }
  }
}

function asBase(step: number, base: Json): ChannelRecord {
  return { base, deltas: [], lastStep: step, deltaBytes: 0, baseBytes: JSON.stringify(base).length };
}

function withDelta({ base, deltas, deltaBytes, baseBytes }: ChannelRecord, step: number, value: Json): ChannelRecord {
  const bytes = deltaBytes + JSON.stringify(value).length;
  // The list is this memory's own: it is not copied for each step.
  const all = deltas === NOTHING_WRITTEN.deltas ? [value] : deltas;
  if (all === deltas) all.push(value);
  return { base, deltas: all, lastStep: step, deltaBytes: bytes, baseBytes };
}

/** Of the iterations that the decision has begun no join has counted an edge but those that it has written. */
function knowFresh(graph: Graph, { head: before, reads }: RunSnapshot, { jumps }: RunHead): void {
  for (const [name, count] of Object.entries(jumps?.heads ?? {})) {
    if (count === (before.jumps?.heads[name] ?? 0)) continue;
    for (const member of closureOf(graph, name)) reads.joins.add(keyOfNode(graph, jumps, member));
  }
}

/** What a loop has gone back over, or a superstep has left behind, is read when it is needed, which is hardly ever. */
function forgetPast(graph: Graph, { tasks, joins, reads }: RunSnapshot, { jumps }: RunHead): void {
  const current = new Set(jumps?.superstep?.nodes);
  for (const [key, { settledStep, node }] of tasks) {
    if (settledStep === null || isOfUse({ key, node })) continue;
    tasks.delete(key);
    reads.tasks.delete(key);
  }
  for (const key of joins.keys()) if (isStale(graph, jumps, key)) joins.delete(key);
  for (const key of reads.joins) if (isStale(graph, jumps, key)) reads.joins.delete(key);

  /** In superstep mode: those of the superstep that is under way, and results that may be read later. */
  function isOfUse({ key, node }: Pick<TaskRecord, 'key' | 'node'>): boolean {
    if (!isStale(graph, jumps, key) && (!graph.superstep || current.has(rootOf(key).node))) return true;
    return isLatest(jumps, key) && (!graph.superstep || graph.settleReads.has(node));
  }
}

function isLatest(jumps: Jumps | null, key: string): boolean {
  const { node, iteration } = rootOf(key);
  return (jumps?.latest[node] ?? 0) === iteration;
}

/** Of the items that wait to be armed those are kept that come next. */
function keepItems({ chunks, reads }: RunSnapshot, decision: Decision): void {
  for (const { key, taken } of decision.joins) {
    if (!key.endsWith('[]')) continue;
    const send = key.slice(0, -2);
    const next = Math.floor(taken / CHUNK_ITEMS);
    for (const { key: of, chunk, items } of decision.chunks)
      if (of === send && chunk === next) chunks.set(chunkKey(send, chunk), items);
    for (const name of chunks.keys()) if (isPast(name, send, next)) chunks.delete(name);
  }
  reads.chunks = new Set(chunks.keys());
}

function isPast(name: string, send: string, next: number): boolean {
  return name.startsWith(`${send} `) && Number(name.slice(send.length + 1)) < next;
}

/** A task that has ended is kept for those who read its result, and no longer known otherwise. */
function keepTask(graph: Graph, { tasks, reads }: RunSnapshot, task: TaskRecord): void {
  const { key } = task;
  if (task.status === 'cancelled' || (task.settledStep !== null && !isWanted(graph, task))) {
    tasks.delete(key);
    reads.tasks.delete(key);
    return;
  }
  // What the task itself reads of the state stands in its row; a settle has no use for it.
  const keepsState = task.captured === null || task.lane === null || (graph.superstep && ownerOf(key) !== null);
  tasks.set(key, keepsState ? task : { ...task, captured: null });
  reads.tasks.add(key);
}

/** A result that a settle may read; in superstep mode the barrier reads those of its whole superstep. */
function isWanted(graph: Graph, { node, output, detail }: TaskRecord): boolean {
  if (!graph.superstep) return graph.settleReads.has(node) && isSmall(output);
  return isSmall(output) && (detail?.kind !== 'pending' || isSmall(detail.stateUpdates));
}

/** Whether a value is worth keeping: it is walked as far as that, and no farther. */
function isSmall(value: Json): boolean {
  let left = SMALL;
  const open: Json[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    left -= typeof next === 'string' ? next.length + 1 : 1;
    if (typeof next === 'object' && next !== null) {
      const entries = Object.entries(next);
      left -= entries.length;
      if (left > 0) for (const [key, inner] of entries) open.push(key, inner);
    }
    if (left <= 0) return false;
  }
  return true;
}
