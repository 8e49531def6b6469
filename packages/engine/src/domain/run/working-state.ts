/** The state of a run while a decision is made: its channels as stored, and what the decision writes (rule C2). */
import type { Json, JsonObject, StateKey } from '@weft/contract';

import type { Graph } from '../graph/graph.ts';
import { writeKind } from '../state/check-update.ts';
import { applyWrite, channelValue, defaultOf, foldChannel } from '../state/reducer.ts';
import type { WrittenKey } from '../migrate/misfit.ts';
import { NeedsMore } from './reads.ts';
import type { ChannelRecord, ChannelWrite, RunSnapshot } from './records.ts';

const MAX_DELTAS = 1000;
const MIN_COMPACTED_BYTES = 64 * 1024;

/** Deltas are folded into a new base when there are 1,000, or more bytes of them than of base, from 64 KiB on. */
function isLong({ deltas, deltaBytes, baseBytes }: ChannelRecord): boolean {
  return deltas.length >= MAX_DELTAS || deltaBytes > Math.max(baseBytes, MIN_COMPACTED_BYTES);
}

export class WorkingState {
  readonly writes: ChannelWrite[] = [];
  /** New bases in place of long rows of deltas; they say nothing new. */
  readonly compactions: ChannelWrite[] = [];
  #graph: Graph;
  readonly #snapshot: RunSnapshot;
  readonly #values = new Map<string, Json>();
  readonly #ephemeral = new Map<string, Json>();

  constructor(graph: Graph, snapshot: RunSnapshot) {
    this.#graph = graph;
    this.#snapshot = snapshot;
    this.recallEphemeral(snapshot.head.jumps?.superstep?.ephemeral ?? {});
  }

  /** What has been written to ephemeral keys and is not forgotten; null if nothing. */
  ephemeralValues(): JsonObject | null {
    return this.#ephemeral.size > 0 ? Object.fromEntries(this.#ephemeral) : null;
  }

  /** Takes these values for those that were written to ephemeral keys; other keys are passed over. */
  recallEphemeral(values: JsonObject): void {
    for (const [channel, value] of Object.entries(values))
      if (this.#graph.state.get(channel)?.ephemeral) this.#ephemeral.set(channel, value);
  }

  /** From here on the state is that of another version, in which what was written means the same. */
  moveTo(graph: Graph): void {
    this.#graph = graph;
    // What was never written has the default of the new version.
    for (const name of this.#values.keys()) if (!this.#isWritten(name)) this.#values.delete(name);
  }

  /** The keys that were ever written, their values, and whether those still build on the default. The store was asked for all keys. */
  written(): Map<string, WrittenKey> {
    const names = new Set([...this.#snapshot.channels.keys(), ...this.writes.map(({ channel }) => channel)]);
    return new Map(
      Array.from(names, (name) => [name, { value: this.value(name), onDefault: this.#isOnDefault(name) }]),
    );
  }

  /** Forgets the ephemeral updates of the step before. */
  forgetEphemeral(): void {
    this.#ephemeral.clear();
  }

  /** The current value of a state key, with the ephemeral updates of the open step. */
  value(channel: string): Json {
    const schema = this.#schema(channel);
    const known = (schema.ephemeral ? this.#ephemeral : this.#values).get(channel);
    if (known !== undefined) return known;
    if (schema.ephemeral) return defaultOf(schema);
    const value = this.#foldedValue(channel, schema);
    this.#values.set(channel, value);
    return value;
  }

  /** The values of these keys; null if there are none to look at. */
  capture(channels: readonly string[]): JsonObject | null {
    if (channels.length === 0) return null;
    return Object.fromEntries(channels.map((channel) => [channel, this.value(channel)]));
  }

  /** Writes a state key in `step`, unread where its reducer allows. The update was checked before. Says if it is stored. */
  write(channel: string, step: number, update: Json): boolean {
    const schema = this.#schema(channel);
    const reducer = schema.reducer ?? 'last_value';
    if (schema.ephemeral) {
      this.#ephemeral.set(channel, applyWrite(reducer, this.value(channel), update));
      return false;
    }
    const kind = writeKind(reducer, update);
    const value = kind === 'base' ? applyWrite(reducer, undefined, update) : update;
    this.writes.push({ channel, step, kind, value });
    const known = this.#values.get(channel);
    if (kind === 'base') this.#values.set(channel, value);
    else if (known !== undefined) this.#values.set(channel, applyWrite(reducer, known, update));
    return true;
  }

  #isWritten(channel: string): boolean {
    return this.#snapshot.channels.has(channel) || this.writes.some((write) => write.channel === channel);
  }

  #isOnDefault(channel: string): boolean {
    const isBase = this.writes.some((write) => write.channel === channel && write.kind === 'base');
    return !isBase && this.#snapshot.channels.get(channel)?.base === undefined;
  }

  #schema(channel: string): StateKey {
    const schema = this.#graph.state.get(channel);
    if (!schema) throw new Error(`the workflow declares no state key ${channel}`);
    return schema;
  }

  #foldedValue(channel: string, schema: StateKey): Json {
    const { head, reads, channels } = this.#snapshot;
    if (head.step > 0 && !reads.channels.has(channel)) throw new NeedsMore({ channels: new Set([channel]) });
    const stored = channels.get(channel);
    const value = channelValue(schema, stored);
    if (stored && isLong(stored)) this.compactions.push({ channel, step: stored.lastStep, kind: 'base', value });
    const ours = this.writes.filter((write) => write.channel === channel).map((write) => write.value);
    return foldChannel(schema.reducer ?? 'last_value', value, ours);
  }
}
