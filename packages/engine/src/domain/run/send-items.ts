/** The items of a send: armed a window at a time, counted as they end (rule B7). */
import type { Json } from '@weft/contract';

import { readsEphemeral } from '../graph/graph.ts';
import type { GraphNode } from '../graph/graph.ts';
import { itemTaskKey } from '../task-key.ts';
import { conditionFate } from './flow.ts';
import { chunkKey, itemsKey, noReads } from './reads.ts';
import type { TaskRecord } from './records.ts';
import type { WorkingRun } from './working-run.ts';

/** Items that wait to be armed are stored in pieces of so many. */
export const CHUNK_ITEMS = 200;

/** Arms the first items of a send that has begun to wait in the open step, and stores the others. */
export function sendOut(run: WorkingRun, task: TaskRecord, items: readonly Json[]): void {
  const { target, concurrency } = sendOf(run, task);
  const first = items.slice(0, concurrency);
  if (first.length < items.length) storeFrom(run, task.key, { items, from: first.length });
  run.setJoin({ key: itemsKey(task.key), ended: 0, taken: first.length, failed: 0, fired: false });
  for (const [index, item] of first.entries()) armItem(run, { send: task, node: target, index, item });
}

/** Stores the pieces that hold items from this index on. */
function storeFrom(run: WorkingRun, key: string, { items, from }: { items: readonly Json[]; from: number }): void {
  for (let chunk = Math.floor(from / CHUNK_ITEMS); chunk * CHUNK_ITEMS < items.length; chunk++) {
    run.chunks.push({ key, chunk, items: items.slice(chunk * CHUNK_ITEMS, (chunk + 1) * CHUNK_ITEMS) });
  }
}

/**
 * Counts an item that has settled: for a send that has failed, too, since a retry goes on from there. An item of a send that
 * waits for nothing any more changes nothing.
 */
export function itemEnded(run: WorkingRun, send: string, { status, fate }: TaskRecord): void {
  run.expect({ ...noReads(), tasks: new Set([send]), joins: new Set([itemsKey(send)]) });
  const task = run.task(send);
  const count = run.join(itemsKey(send));
  if (!task || !count || (task.waits !== 'items' && (task.status !== 'failed' || run.isStale(send)))) return;
  const failed = Number(status === 'failed' || (fate?.kind === 'skip' && fate.failed));
  run.setJoin({ ...count, ended: count.ended + 1, failed: count.failed + failed });
  if (task.waits === 'items') run.dueSends.add(send);
}

/** Arms as many of the next items as there is room for. */
export function refill(run: WorkingRun, task: TaskRecord): void {
  const { target, concurrency } = sendOf(run, task);
  const count = run.join(itemsKey(task.key));
  if (!count || task.detail?.kind !== 'items') return;
  const until = Math.min(task.detail.total, count.ended + concurrency);
  if (count.taken >= until) return;
  expectChunks(run, task.key, { from: count.taken, until });
  if (run.graph.superstep && readsEphemeral(run.graph, target)) recallFirst(run, task, target);
  run.setJoin({ ...count, taken: until });
  for (let index = count.taken; index < until; index++) {
    armItem(run, { send: task, node: target, index, item: itemAt(run, task.key, index) });
  }
}

/** In superstep mode all items see the same ephemeral updates: those that the first of them has seen. */
function recallFirst(run: WorkingRun, { key }: TaskRecord, target: GraphNode): void {
  const first = itemTaskKey(key, 0, target.name);
  run.expect({ ...noReads(), tasks: new Set([first]) });
  run.state.recallEphemeral(run.task(first)?.captured ?? {});
}

function sendOf(run: WorkingRun, { node }: TaskRecord): { target: GraphNode; concurrency: number } {
  const { send } = run.node(node);
  if (!send) throw new Error(`${node} is not a send`);
  return { target: run.node(send.target), concurrency: send.concurrency };
}

type Item = { send: TaskRecord; node: GraphNode; index: number; item: Json };

function armItem(run: WorkingRun, { send, node, index, item }: Item): void {
  const key = itemTaskKey(send.key, index, node.name);
  run.arm(node, { key, fate: conditionFate(run, node, { key, item }), item });
}

function expectChunks(run: WorkingRun, send: string, { from, until }: { from: number; until: number }): void {
  const chunks = new Set<string>();
  for (let chunk = Math.floor(from / CHUNK_ITEMS); chunk * CHUNK_ITEMS < until; chunk++) {
    const known = run.chunks.some((written) => written.key === send && written.chunk === chunk);
    if (!known) chunks.add(chunkKey(send, chunk));
  }
  run.expect({ ...noReads(), chunks });
}

function itemAt(run: WorkingRun, send: string, index: number): Json {
  const chunk = Math.floor(index / CHUNK_ITEMS);
  const written = run.chunks.find((one) => one.key === send && one.chunk === chunk)?.items;
  const items = written ?? run.snapshot.chunks.get(chunkKey(send, chunk));
  const item = items?.[index - chunk * CHUNK_ITEMS];
  if (item === undefined) throw new Error(`item ${index} of ${send} is not stored`);
  return item;
}
