/** What a decision does with mail: it sends some, keeps some for later, and is done with some (rule A10). */
import { makeUuidV7 } from '@weft/engine/domain';

import type { Client } from '../connection.ts';
import { sendRows } from './planned-run.ts';
import type { Decision, PlannedRun, Tagged } from './planned-run.ts';

type Sent = { mail: Decision['sentMail'][number]; id: string };

/** Mail of a run to itself: at most one of a kind is under way. Mail to another run: one under its dedupe key. */
export function insertMail(client: Client, runs: readonly PlannedRun[]): Promise<unknown>[] {
  const rows = runs.flatMap((run) =>
    run.plan.decision.sentMail.map((mail, index) => ({ run, row: { mail, id: mailId(run, index) } })),
  );
  return sendRows<Sent>(client, rows, {
    name: 'insert-mail',
    text: `insert into inbox (run_id, id, dedupe_key, kind, payload)
      select coalesce(u.receiver, u.run_id), u.id, u.dedupe_key, u.kind, u.payload
      from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::json[])
        as u (run_id, receiver, id, dedupe_key, kind, payload) on conflict do nothing`,
    columns: [
      ({ mail }) => mail.to,
      ({ id }) => id,
      ({ mail, id }) => (mail.to === null ? `own:${mail.kind}` : (mail.dedupeKey ?? id)),
      ({ mail }) => mail.kind,
      ({ mail }) => JSON.stringify(mail.payload),
    ],
  });
}

/** Mail is read in the order of its ids: that of time, and for one sender within a millisecond that of its steps. */
function mailId({ plan, now }: PlannedRun, index: number): string {
  const { step } = plan.decision.head;
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  bytes.set([step >> 14, step >> 6, step, index]);
  return makeUuidV7(now, bytes);
}

export function keepMail(client: Client, rows: Tagged<Decision['keptMail'][number]>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'keep-mail',
    text: `update inbox i set topic = u.topic from unnest($1::uuid[], $2::uuid[], $3::text[]) as u (run_id, id, topic)
      where i.run_id = u.run_id and i.id = u.id`,
    columns: [(mail) => mail.id, (mail) => mail.topic],
  });
}

export function deleteMail(client: Client, rows: Tagged<string>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'delete-mail',
    text: `delete from inbox i using unnest($1::uuid[], $2::uuid[]) as u (run_id, id)
      where i.run_id = u.run_id and i.id = u.id`,
    columns: [(id) => id],
  });
}

/** It stays for whoever goes back to before it was taken. */
export function takeMail(client: Client, rows: Tagged<string>[]): Promise<unknown>[] {
  return sendRows(client, rows, {
    name: 'take-mail',
    text: `update inbox i set taken = true from unnest($1::uuid[], $2::uuid[]) as u (run_id, id)
      where i.run_id = u.run_id and i.id = u.id`,
    columns: [(id) => id],
  });
}
