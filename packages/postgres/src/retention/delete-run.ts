/** Deleting one run that has ended, with its children. */
import type { DeleteResult } from '@weft/engine/ports';

import { deleteRuns } from './delete-runs.ts';
import type { Session } from './session.ts';
import { columnsOf } from './weeks.ts';

type Head = { id: string; epoch: number; step: number; ended: boolean; parent: string | null };

export async function deleteOneRun(session: Session, tenant: string, runId: string): Promise<DeleteResult> {
  const family = await session.rows<Head>(
    `with recursive family as (
        select * from run where tenant = $1 and id = $2
        union all
        select c.* from family f join run c on c.parent_run = f.id
      )
      select f.id, f.epoch, f.step, f.ended_at is not null as ended,
        (select p.id from run p where p.id = f.parent_run) as parent
      from family f order by f.depth`,
    [tenant, runId],
  );
  const [top] = family;
  if (!top) return { kind: 'missing' };
  if (top.parent !== null) return { kind: 'child', parent: top.parent };
  if (!family.every(({ ended }) => ended)) return { kind: 'live' };
  const deleted = await deleteRuns(session, await columnsOf(session), family, { together: true });
  return deleted.runs === 0 ? { kind: 'busy' } : { kind: 'deleted', ...deleted };
}
