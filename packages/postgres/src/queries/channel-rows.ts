/** Rows of the state, and the channels that they add up to. */
import type { ChannelRecord } from '@weft/engine/domain';

export type ChannelRow = { run_id: string; channel: string; step: number; kind: 'base' | 'delta'; value: string };

/** A base stands for all that was written up to its step, a delta of the same step included. */
export function addChannelRow(channels: Map<string, ChannelRecord>, row: ChannelRow): void {
  const known = channels.get(row.channel) ?? { base: undefined, deltas: [], lastStep: 0, deltaBytes: 0, baseBytes: 0 };
  const value = JSON.parse(row.value) as ChannelRecord['deltas'][number];
  if (row.kind === 'base') {
    channels.set(row.channel, { ...known, base: value, lastStep: row.step, baseBytes: row.value.length });
    return;
  }
  if (known.base !== undefined && row.step === known.lastStep && known.deltas.length === 0) return;
  known.deltas.push(value);
  known.lastStep = row.step;
  known.deltaBytes += row.value.length;
  channels.set(row.channel, known);
}
