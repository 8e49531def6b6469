/**
 * What executors wrote to the state within supersteps. The journal tells the updates of a superstep together, in the order of its
 * tasks, and which nodes have written (rule B9). What the document itself makes of the outputs is known, so the rest is what
 * executors wrote. Which of the items of a send did cannot always be told, but the state becomes the same.
 */
import type { Json, JsonObject, Step } from '@weft/contract';
import { canonicalJson, nodeOf } from '@weft/engine/domain';
import type { Facts } from '@weft/engine/domain';

import type { RecordedAttempt } from './format.ts';

/** A task that has succeeded since the last barrier; `derived`: its updates as far as the document says them. */
export type Member = { key: string; derived: ReadonlyMap<string, Json>; attempt: RecordedAttempt | null };

/** Adds to the attempts of a superstep what they have written by themselves. */
export function addOwnUpdates(
  members: readonly Member[],
  { updates = {}, facts }: { updates?: Step['updates']; facts: Facts },
): void {
  const left = valuesOf(updates, facts.writers ?? []);
  let rest = members.toSorted((a, b) => compareKeys(a.key, b.key));
  for (const [node, channels, count] of facts.writers ?? []) {
    for (let i = 0; i < count; i++) {
      const at = rest.findIndex(({ key, derived }) => nodeOf(key) === node && isWithin(derived, channels));
      const written = channels.map((channel) => [channel, left.get(channel)?.shift() ?? null] as const);
      const writer = rest[at];
      if (writer) note(writer, written);
      rest = rest.slice(at + 1);
    }
  }
}

/** Of a channel that several tasks have written to, the list of their updates is shown. */
function valuesOf(updates: JsonObject, writers: NonNullable<Facts['writers']>): Map<string, Json[]> {
  const values = Object.entries(updates).map(([channel, update]): [string, Json[]] => {
    const counts = writers.map(([, channels, count]) => (channels.includes(channel) ? count : 0));
    const isSeveral = counts.reduce((sum, count) => sum + count, 0) > 1;
    return [channel, isSeveral && Array.isArray(update) ? [...update] : [update]];
  });
  return new Map(values);
}

function isWithin(derived: ReadonlyMap<string, Json>, channels: readonly string[]): boolean {
  return Array.from(derived.keys()).every((channel) => channels.includes(channel));
}

function note({ attempt, derived }: Member, written: readonly (readonly [string, Json])[]): void {
  if (attempt?.result !== 'succeeded') return;
  const own = written.filter(([channel, value]) => !isSame(derived.get(channel), value));
  if (own.length > 0)
    attempt.stateUpdates = { ...attempt.stateUpdates, ...Object.fromEntries(own) } satisfies JsonObject;
}

function isSame(derived: Json | undefined, written: Json): boolean {
  return derived !== undefined && canonicalJson(derived) === canonicalJson(written);
}

/** Nodes by name, then the items of sends by their path. */
function compareKeys(a: string, b: string): number {
  const [one, other] = [a.split('/'), b.split('/')];
  if ((one.length === 1) !== (other.length === 1)) return one.length - other.length;
  for (const [index, part] of one.entries()) {
    const order = comparePlaces(part, other[index] ?? '');
    if (order !== 0) return order;
  }
  return one.length - other.length;
}

function comparePlaces(a: string, b: string): number {
  const [one, other] = [placeOf(a), placeOf(b)];
  return one.node === other.node ? one.item - other.item : one.node < other.node ? -1 : 1;
}

function placeOf(part: string): { node: string; item: number } {
  const [, node = part, item = '0'] = /^(.*)#\d+(?:\[(\d+)\])?$/.exec(part) ?? [];
  return { node, item: Number(item) };
}
