/** A run's state as others see it: every declared key, ephemeral ones left out. */
import type { Json, JsonObject } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import type { ChannelRecord, ChannelWrite } from '../../domain/run/records.ts';
import { applyWrite, channelValue } from '../../domain/state/reducer.ts';
import { isSeveral } from '../../domain/state/several.ts';

/** Folds the stored channels of a run. */
export function foldState(graph: Graph, channels: ReadonlyMap<string, ChannelRecord>): JsonObject {
  const state: JsonObject = {};
  for (const [name, schema] of graph.state) {
    if (schema.ephemeral) continue;
    state[name] = channelValue(schema, channels.get(name));
  }
  return state;
}

/** Whether there is anything to fold. */
export function keepsState(graph: Graph): boolean {
  for (const schema of graph.state.values()) if (!schema.ephemeral) return true;
  return false;
}

/** The state after one more step; `state` is left as it is. */
export function applyWrites(graph: Graph, state: JsonObject, writes: readonly ChannelWrite[]): JsonObject {
  const next = { ...state };
  for (const { channel, kind, value } of ownWrites(writes)) {
    const schema = graph.state.get(channel);
    if (!schema || schema.ephemeral) continue;
    next[channel] = kind === 'base' ? value : applyWrite(schema.reducer ?? 'last_value', next[channel], value);
  }
  return next;
}

/** What a step wrote, by key: a base is the new value itself, a delta the update; of a superstep that several tasks have written to, the list of theirs. */
export function updatesOf(writes: readonly ChannelWrite[]): JsonObject {
  const updates: [string, Json][] = ownWrites(writes).map(({ channel, value }) => [
    channel,
    isSeveral(value) ? value.__updates : value,
  ]);
  return Object.fromEntries(updates);
}

/** A base beside a delta of the same step is a compaction, which says nothing new. */
function ownWrites(writes: readonly ChannelWrite[]): ChannelWrite[] {
  const deltas = new Set(writes.filter(({ kind }) => kind === 'delta').map(({ channel }) => channel));
  return writes.filter(({ kind, channel }) => kind === 'delta' || !deltas.has(channel));
}
