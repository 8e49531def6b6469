/**
 * What executors wrote to the state within supersteps. The journal tells the updates of a superstep together, in the order of its
 * tasks (rule B9). What the document itself makes of the outputs is known, so the rest is what executors wrote. Which of several
 * did cannot always be told, but the state becomes the same.
 */
import type { Json, JsonObject, Step } from '@weft/contract';
import { separate } from '@weft/engine/domain';

import type { RecordedAttempt } from './format.ts';

/** A task that has succeeded since the last barrier; `derived`: its updates as far as the document says them. */
export type Member = { key: string; derived: ReadonlyMap<string, Json>; attempt: RecordedAttempt | null };

/** Adds to the attempts of a superstep what they have written by themselves. */
export function addOwnUpdates(members: readonly Member[], { updates = {} }: Pick<Step, 'updates'>): void {
  const inOrder = members.toSorted((a, b) => compareKeys(a.key, b.key));
  for (const [channel, update] of Object.entries(updates)) share(inOrder, channel, separate([update]));
}

function share(members: readonly Member[], channel: string, values: readonly Json[]): void {
  const left = [...values];
  let derived = members.filter((member) => member.derived.has(channel)).length;
  for (const member of members) {
    const isDerived = member.derived.has(channel);
    if (isDerived) derived -= 1;
    else if (left.length <= derived || !member.attempt) continue;
    const value = left.shift();
    const isOwn = !isDerived || JSON.stringify(value) !== JSON.stringify(member.derived.get(channel));
    if (value !== undefined && isOwn && member.attempt?.result === 'succeeded') addTo(member.attempt, channel, value);
  }
}

function addTo(attempt: Extract<RecordedAttempt, { result: 'succeeded' }>, channel: string, value: Json): void {
  const own: JsonObject = { ...attempt.stateUpdates, [channel]: value };
  attempt.stateUpdates = own;
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
