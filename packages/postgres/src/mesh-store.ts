/** What holds for the whole mesh: the MeshStore port on Postgres. */
import type { EmergencyRecord, MeshStore, ScalingEventRecord, ScalingRecord } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';

/** So many events are kept. */
const MOST_EVENTS = 1000;

export function createMeshStore(pool: Pool): MeshStore {
  /** Tells the others in the same statement. */
  const change = async (text: string, values: unknown[]): Promise<void> => {
    await query(pool, {
      text: `with changed as (${text} returning 1)
        update endpoint_version set version = version + 1 where exists (select from changed)`,
      values,
    });
  };
  return {
    emergencies: () => query<EmergencyRecord>(pool, { text: 'select tenant, since, reason from emergency' }),
    setEmergency(tenant, emergency) {
      if (emergency === null) return change('delete from emergency where tenant = $1', [tenant]);
      const text = `insert into emergency (tenant, reason) values ($1, $2)
        on conflict (tenant) do update set reason = excluded.reason`;
      return change(text, [tenant, emergency.reason]);
    },
    async scaling() {
      const [row] = await query<ScalingRecord>(pool, {
        name: 'scaling',
        text: `select sla_ms as "slaMs", memory, decision, decided_at as "decidedAt",
            (extract(epoch from clock_timestamp()) * 1000)::float8 as now from scaling`,
      });
      if (!row) throw new Error('the row of scaling is missing');
      return row;
    },
    async saveScaling(decision, memory) {
      const text = 'update scaling set decision = $1::json, memory = $2::json, decided_at = now()';
      await query(pool, { text, values: [JSON.stringify(decision), JSON.stringify(memory)] });
    },
    async setSla(slaMs) {
      await query(pool, { text: 'update scaling set sla_ms = $1', values: [slaMs] });
    },
    async addScalingEvent(event) {
      await query(pool, {
        text: `with kept as (
            delete from scaling_event where id < (select max(id) from scaling_event) - ${MOST_EVENTS}
          )
          insert into scaling_event (event) values ($1::json)`,
        values: [JSON.stringify(event)],
      });
    },
    async scalingEvents(limit) {
      const rows = await query<{ at: number; event: Omit<ScalingEventRecord, 'at'> }>(pool, {
        text: 'select at, event from scaling_event order by id desc limit $1',
        values: [limit],
      });
      return rows.map(({ at, event }) => ({ ...event, at }));
    },
  };
}
