import type { Worker } from '@weft/contract';

import { ActionButton } from '../../actions/action-button.tsx';
import { api } from '../../api/session.ts';
import { useWorkers } from '../../live/fleet.ts';
import { Empty } from '../../parts/empty.tsx';
import { Meter } from '../../parts/meter.tsx';
import { Page } from '../../parts/page.tsx';
import { useNow } from '../../parts/use-now.ts';
import { ago, bytes } from '../../parts/words.ts';
import { text, useSearch } from '../../router/search.ts';

const SEARCH = { can: text };
/** Without a heartbeat for so long a worker is late, ms. */
const LATE_MS = 10_000;

/** Who works: slots, memory against the limit, health, and what they can do. */
export function WorkersView() {
  const workers = useWorkers();
  const [{ can }, setSearch] = useSearch(SEARCH);
  const shown = workers?.filter(
    ({ executors, lanes }) => !can || [...(executors ?? []), ...lanes].some((name) => name.includes(can)),
  );
  return (
    <Page title="Workers">
      <label className="row">
        Which could run
        <input
          value={can ?? ''}
          placeholder="an executor, handler or lane"
          onChange={(event) => setSearch({ can: event.target.value }, { isReplaced: true })}
        />
      </label>
      {shown === undefined && <p className="soft loading">Loading…</p>}
      {workers?.length === 0 && (
        <Empty title="No worker lives" cli={['npx weft worker', 'npx weft worker --lanes gpu --handlers handlers.ts']}>
          <p>
            Tasks wait until a worker takes them. npx weft dev has one of its own; beside a producer start any number,
            on any machine.
          </p>
        </Empty>
      )}
      {shown?.length === 0 && workers?.length !== 0 && (
        <Empty title={`No worker offers "${can}"`}>
          <p>Tasks that need it wait. Start a worker that has it, or mend the name.</p>
        </Empty>
      )}
      <div className="grid">
        {shown?.map((worker) => (
          <WorkerCard key={worker.id} worker={worker} />
        ))}
      </div>
    </Page>
  );
}

function WorkerCard({ worker }: { worker: Worker }) {
  const { id, name, host, pid, version, status, lanes, slots, running, slotsEffective, seenAt, zone } = worker;
  const now = useNow(2000);
  const isLate = status !== 'dead' && now - Date.parse(seenAt) > LATE_MS;
  return (
    <article className="card stack" aria-label={`Worker ${name}`}>
      <div className="row">
        <h2>{name}</h2>
        <span className="tag">{status}</span>
        {zone && zone !== 'green' && <span className="tag status-failed">{zone}</span>}
      </div>
      <p className="soft">
        {host}, pid {pid}, {version},{' '}
        <span className={isLate ? 'status-failed' : undefined}>seen {ago(seenAt, now)}</span>
      </p>
      <Meter
        label="Slots"
        value={running}
        max={slots}
        text={`${running} of ${slots}${slotsEffective === undefined || slotsEffective === slots ? '' : `, ${slotsEffective} now`}`}
      />
      <Health worker={worker} />
      <p className="soft">Lanes: {lanes.join(', ')}</p>
      <Offers names={worker.executors ?? []} />
      {status !== 'dead' && <WorkerActions id={id} name={name} status={status} />}
    </article>
  );
}

function Health({
  worker: { memoryBytes, rssBytes, memoryLimitBytes, healthScore, eventLoopLagMs },
}: {
  worker: Worker;
}) {
  const used = memoryBytes ?? rssBytes;
  return (
    <>
      {memoryLimitBytes === undefined ? (
        <p className="soft">Memory {bytes(used)}, no limit</p>
      ) : (
        <Meter
          label="Memory"
          value={used}
          max={memoryLimitBytes}
          text={`${bytes(used)} of ${bytes(memoryLimitBytes)}`}
        />
      )}
      <p className="soft">
        {healthScore !== undefined && `Health ${Math.round(healthScore * 100)} %, `}
        {eventLoopLagMs !== undefined && `event loop ${eventLoopLagMs.toFixed(0)} ms late`}
      </p>
    </>
  );
}

function Offers({ names }: { names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <details>
      <summary>Offers {names.length} executors and handlers</summary>
      <p className="mono">{names.join(', ')}</p>
    </details>
  );
}

function WorkerActions({ id, name, status }: { id: string; name: string; status: Worker['status'] }) {
  const action = (verb: 'drain' | 'cordon' | 'uncordon', label: string, said: string, question?: string) => ({
    label,
    cli: `npx weft workers ${verb} ${id}`,
    ...(question !== undefined && { question }),
    perform: async () => {
      await api().workers[verb](id);
      return said;
    },
  });
  return (
    <div className="row">
      {status === 'active' ? (
        <ActionButton action={action('cordon', 'Cordon', `${name} claims nothing more`)} />
      ) : (
        <ActionButton action={action('uncordon', 'Uncordon', `${name} claims again`)} />
      )}
      {status !== 'draining' && (
        <ActionButton
          action={action(
            'drain',
            'Drain',
            `${name} finishes and leaves`,
            `${name} finishes what it runs, takes nothing more and ends its process.`,
          )}
        />
      )}
    </div>
  );
}
