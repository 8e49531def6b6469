/** What a soak keeps when something is wrong, so that it can be understood afterwards. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openRedis } from '@weft/redis';

import type { LiveDatabase } from './live-database.ts';
import type { World } from './world.ts';

const QUERIES = {
  openRuns: `select r.id, r.workflow, r.status, r.epoch, r.step, r.live, r.asking, r.open_joins, r.kept, r.created_at,
      (select json_agg(t) from (select key, epoch, status, waits, attempt, failures, crashes, offered_at, started_at, deadline,
        worker, lane from task where run_id = r.id order by reads_at, key limit 30) as t) as tasks,
      (select json_agg(s) from (select step, type, key, attempt, worker, at from step where run_id = r.id
        order by step desc limit 10) as s) as steps,
      (select json_agg(m) from (select kind, topic, taken, created_at from inbox where run_id = r.id limit 10) as m) as mail,
      (select json_agg(i) from timer i where run_id = r.id) as timers
    from run r where r.status in ('pending', 'running', 'interrupted') order by r.id limit 60`,
  sessions: `select pid, application_name, state, wait_event_type, wait_event, now() - xact_start as transaction,
      now() - query_start as query_since, left(query, 300) as query from pg_stat_activity where datname = current_database()`,
  locks: 'select * from pg_locks where not granted',
  workers: 'select * from worker order by started_at desc limit 30',
} as const;

export async function keepEvidence(world: World, database: LiveDatabase, folder: string): Promise<string> {
  const asked = Object.entries(QUERIES).map(async ([name, text]) => [name, await database.rows(text).catch(String)]);
  const evidence = {
    ...(Object.fromEntries(await Promise.all(asked)) as Record<string, unknown>),
    redis: await redisState(world).catch(String),
    logs: world.logs.tail(),
  };
  const file = join(folder, 'evidence.json');
  writeFileSync(file, JSON.stringify(evidence, null, 1));
  for (const place of world.places()) writeFileSync(join(folder, `${place.name}.log`), place.log());
  return file;
}

async function redisState({ redis }: World): Promise<object> {
  const connection = await openRedis({ url: redis.url, waitMs: 3000, onError: () => undefined });
  try {
    const { commands } = connection;
    const [clients, keys] = await Promise.all([commands.client('LIST'), commands.keys('weft:*')]);
    const lanes = keys.filter((key) => !key.includes('live'));
    const sizes = await Promise.all(lanes.slice(0, 300).map(async (key) => [key, await commands.type(key)]));
    return { clients: String(clients).split('\n'), keys: keys.length, sizes };
  } finally {
    await connection.close();
  }
}
