/** The state of a run as of a step, channel by channel. */
import type { ChannelRecord } from '@weft/engine/domain';
import type { StepRange } from '@weft/engine/ports';

import type { Ask } from '../connection.ts';
import { addChannelRow } from './channel-rows.ts';
import type { ChannelRow } from './channel-rows.ts';

/** As of `atStep`, or now. */
export async function readChannels(
  ask: Ask,
  runId: string,
  atStep: number | null,
): Promise<Map<string, ChannelRecord>> {
  const rows = await ask<ChannelRow>({
    name: 'read-channels',
    text: `with newest as materialized (
        select channel, max(step) as step from channel_write
        where run_id = $1 and kind = 'base' and ($2::int is null or step <= $2) group by channel
      )
      select w.run_id, w.channel, w.step, w.kind, w.value::text as value
      from channel_write w left join newest b on b.channel = w.channel
      where w.run_id = $1 and ($2::int is null or w.step <= $2) and w.step >= coalesce(b.step, 0)
      order by w.channel, w.step, w.kind`,
    values: [runId, atStep],
  });
  return toChannels(rows);
}

/** What was written on other branches is left out. Most runs have a single one. */
export async function readChannelsAlong(
  ask: Ask,
  runId: string,
  path: readonly StepRange[],
): Promise<Map<string, ChannelRecord>> {
  const last = path.at(-1)?.toStep ?? 0;
  if (path.length <= 1) return readChannels(ask, runId, last);
  const rows = await ask<ChannelRow>({
    name: 'read-channels-along',
    text: `with written as materialized (
        select w.* from unnest($2::int[], $3::int[]) as p(from_step, to_step)
        join channel_write w on w.run_id = $1 and w.step between p.from_step and p.to_step
      ), newest as materialized (
        select channel, max(step) as step from written where kind = 'base' group by channel
      )
      select w.run_id, w.channel, w.step, w.kind, w.value::text as value
      from written w left join newest b on b.channel = w.channel
      where w.step >= coalesce(b.step, 0)
      order by w.channel, w.step, w.kind`,
    values: [runId, path.map(({ fromStep }) => fromStep), path.map(({ toStep }) => toStep)],
  });
  return toChannels(rows);
}

function toChannels(rows: readonly ChannelRow[]): Map<string, ChannelRecord> {
  const channels = new Map<string, ChannelRecord>();
  for (const row of rows) addChannelRow(channels, row);
  return channels;
}
