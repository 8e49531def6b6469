/** Which workers there are: the FleetStore port on Postgres. */
import type { DesiredState, FleetStore, WorkerRecord } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';

type WorkerRow = Omit<WorkerRecord, 'rssBytes' | 'startedAt' | 'beatAt' | 'endedAt'> & {
  rss_bytes: number;
  started_at: number;
  beat_at: number;
  ended_at: number | null;
};

const COLUMNS = `id, name, lanes, slots, running, counter, version, pid, host, rss_bytes, health, desired, started_at,
  beat_at, ended_at`;

export function createFleetStore(pool: Pool): FleetStore {
  return {
    async register({ id, name, lanes, slots, running, counter, version, pid, host, rssBytes, health, desired }) {
      const healthText = health && JSON.stringify(health);
      await query(pool, {
        text: `insert into worker
            (id, name, lanes, slots, running, counter, version, pid, host, rss_bytes, health, desired)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json, $12) on conflict do nothing`,
        values: [id, name, lanes, slots, running, counter, version, pid, host, rssBytes, healthText, desired],
      });
    },
    // A beat need not reach the disk: the next one says the same.
    async beat({ id, counter, running, rssBytes, lanes, slots, health }) {
      const [row] = await query<{ desired: DesiredState }>(pool, {
        name: 'beat',
        text: `with lazily as (select set_config('synchronous_commit', 'off', true))
          update worker set counter = $2, running = $3, rss_bytes = $4, lanes = $5, slots = $6, health = $7::json,
            beat_at = now()
          from lazily where id = $1 and ended_at is null returning desired`,
        values: [id, counter, running, rssBytes, lanes, slots, health && JSON.stringify(health)],
      });
      return row?.desired ?? null;
    },
    async list() {
      const rows = await query<WorkerRow>(pool, {
        name: 'list-workers',
        text: `select ${COLUMNS}
          from worker where ended_at is null or ended_at > now() - interval '1 hour' order by started_at, id`,
      });
      return rows.map(toWorker);
    },
    async want(id, desired) {
      const [row] = await query<WorkerRow>(pool, {
        text: `update worker set desired = case when ended_at is null then $2 else desired end
          where id = $1 returning ${COLUMNS}`,
        values: [id, desired],
      });
      return row ? toWorker(row) : null;
    },
    async end(ids) {
      const text = 'update worker set ended_at = now(), running = 0 where id = any($1) and ended_at is null';
      await query(pool, { text, values: [ids] });
    },
  };
}

function toWorker({ rss_bytes, started_at, beat_at, ended_at, ...rest }: WorkerRow): WorkerRecord {
  return { ...rest, rssBytes: rss_bytes, startedAt: started_at, beatAt: beat_at, endedAt: ended_at };
}
