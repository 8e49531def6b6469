/** What a settle reads of a run that waits: its mail, the tasks that wait, and the items of its sends. */
import type { Json } from '@weft/contract';
import type { Mail } from '@weft/engine/domain';

import type { Client } from '../connection.ts';
import { TASK_COLUMNS } from '../rows.ts';
import type { TaskRow } from '../rows.ts';
import { addTask, pairs } from './snapshot-parts.ts';
import type { LoadRequest, PartOf } from './snapshot-parts.ts';

/** Mail that is kept has been read already. */
export async function loadMail(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const { rows } = await client.query<Mail & { run_id: string }>({
    name: 'load-mail',
    text: `select run_id, id, kind, payload from inbox where run_id = any($1::uuid[]) and topic is null
      order by run_id, id`,
    values: [requests.map(({ runId }) => runId)],
  });
  for (const { run_id, ...mail } of rows) part(run_id).mail.push(mail);
}

export async function loadKept(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const { runIds, keys } = pairs(requests, (reads) => reads.kept);
  if (keys.length === 0) return;
  const { rows } = await client.query<Mail & { run_id: string; topic: string }>({
    name: 'load-kept',
    text: `select i.run_id, i.topic, i.id, i.kind, i.payload from unnest($1::uuid[], $2::text[]) as q (run_id, topic)
      join inbox i on i.run_id = q.run_id and i.topic = q.topic and not i.taken order by i.run_id, i.id`,
    values: [runIds, keys],
  });
  for (const { run_id, topic, ...mail } of rows) {
    const { kept } = part(run_id);
    const known = kept.get(topic);
    if (known) known.push(mail);
    else kept.set(topic, [mail]);
  }
}

export async function loadWaiting(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const runIds = requests.filter(({ reads }) => reads.waiting && !reads.everything).map(({ runId }) => runId);
  if (runIds.length === 0) return;
  const { rows } = await client.query<TaskRow>({
    name: 'load-waiting',
    text: `select ${TASK_COLUMNS} from task t where t.run_id = any($1::uuid[]) and t.status = 'waiting'`,
    values: [runIds],
  });
  for (const row of rows) addTask(part(row.run_id), row);
}

/** A piece of a send's items is named by the send's key and its number; keys may contain spaces, numbers do not. */
export async function loadChunks(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const { runIds, keys } = pairs(requests, (reads) => reads.chunks);
  if (keys.length === 0) return;
  const cuts = keys.map((name) => name.lastIndexOf(' '));
  const { rows } = await client.query<{ run_id: string; name: string; items: Json[] }>({
    name: 'load-chunks',
    text: `select c.run_id, c.key || ' ' || c.chunk as name, c.items
      from unnest($1::uuid[], $2::text[], $3::int[]) as q (run_id, key, chunk)
      join send_chunk c on c.run_id = q.run_id and c.key = q.key and c.chunk = q.chunk`,
    values: [
      runIds,
      keys.map((name, index) => name.slice(0, cuts[index])),
      keys.map((name, index) => Number(name.slice((cuts[index] ?? 0) + 1))),
    ],
  });
  for (const { run_id, name, items } of rows) part(run_id).chunks.set(name, items);
}

export async function loadItems(client: Client, requests: readonly LoadRequest[], part: PartOf): Promise<void> {
  const { runIds, keys } = pairs(requests, (reads) => reads.items);
  if (keys.length === 0) return;
  const { rows } = await client.query<{ run_id: string; key: string; outputs: Json[] }>({
    name: 'load-items',
    text: `select q.run_id, q.key, items_output(q.run_id, q.key) as outputs
      from unnest($1::uuid[], $2::text[]) as q (run_id, key)`,
    values: [runIds, keys],
  });
  for (const { run_id, key, outputs } of rows) part(run_id).items.set(key, outputs);
}
