/** The callbacks that come with new runs. */
import type { NewRun } from '@weft/engine/ports';

import { secretColumns } from '../callback-row.ts';
import type { Client } from '../connection.ts';
import type { TokenBox } from '../token-box.ts';

/** Most runs have none. */
export function insertCallbacks(client: Client, runs: readonly NewRun[], box: TokenBox): Promise<unknown>[] {
  const rows = runs.flatMap(({ head, callbacks = [] }) =>
    callbacks.map((callback) => {
      const { id, url, events, secret } = callback;
      const owner = { id, tenant: head.workflow.tenant };
      const [key, nonce, sealed] = secretColumns(secret, owner, box);
      const text = { nonce: nonce?.toString('hex') ?? null, sealed: sealed?.toString('hex') ?? null };
      return { ...owner, run_id: head.id, url, events, key, ...text };
    }),
  );
  if (rows.length === 0) return [];
  const insert = client.query({
    name: 'insert-callbacks',
    text: `with c as (
        select * from json_to_recordset($1::json)
          as r (id uuid, tenant text, run_id uuid, url text, events text[], key text, nonce text, sealed text)
      ), flagged as (
        update run set has_callbacks = true where id in (select run_id from c)
      )
      insert into callback (id, tenant, run_id, url, events, active, secret_key, secret_nonce, secret_sealed)
        select id, tenant, run_id, url, events, true, key, decode(nonce, 'hex'), decode(sealed, 'hex') from c`,
    values: [JSON.stringify(rows)],
  });
  return [insert];
}
