import type { RunSummary } from '@weft/contract';

import { useNewestRuns, useWorkers } from '../../live/fleet.ts';
import { isHighTraffic } from '../../live/feed.ts';
import { Empty } from '../../parts/empty.tsx';
import { Meter } from '../../parts/meter.tsx';
import { Page } from '../../parts/page.tsx';
import { useNow } from '../../parts/use-now.ts';
import { bytes, shortId } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import { useStore } from '../../store/store.ts';
import { columnsOf, WORKFLOW } from './squad-cards.ts';
import type { Agent, SquadCard } from './squad-cards.ts';
import { useSquadTasks } from './use-squad-tasks.ts';

const SHOWN = { pending: 20, active: 20, history: 15 } as const;
const TITLES = { pending: 'Pending', active: 'Active', history: 'History' } as const;
const AGENTS: readonly Agent[] = ['architect', 'developer', 'qa'];

/** The command center of the software squad: what each agent has before it, does, and has done. */
export function SquadView() {
  const runs = useNewestRuns()?.filter(({ workflow }) => workflow.name === WORKFLOW) ?? null;
  return (
    <Page title="Squad">
      <Health />
      {runs?.length === 0 ? (
        <Empty
          title="The squad has nothing to do"
          cli={[
            'npm start -- --handlers examples/software-squad/handlers.ts',
            'node examples/software-squad/generate.mjs --rate 20 --seconds 30',
          ]}
        >
          <p>
            An architect plans, a developer writes, QA tries it. Start the stack with the squad&apos;s handlers, then
            let the generator feed it; the cards move here while it works.
          </p>
        </Empty>
      ) : (
        <Board runs={runs ?? []} />
      )}
    </Page>
  );
}

function Board({ runs }: { runs: readonly RunSummary[] }) {
  const cards = useSquadTasks(runs);
  const now = useNow();
  const isMuch = useStore(isHighTraffic);
  return (
    <div className="stack">
      {isMuch && <p className="badge badge-much">HIGH TRAFFIC</p>}
      <p className="legend">
        {AGENTS.map((agent) => (
          <span key={agent} className={`agent-${agent}`}>
            <i style={{ background: 'var(--agent)' }} />
            {agent}
          </span>
        ))}
      </p>
      <div className="squad">
        {(['pending', 'active', 'history'] as const).map((name) => {
          const all = columnsOf(cards)[name];
          return (
            <section key={name} className="squad-column" aria-label={TITLES[name]}>
              <h2>
                {TITLES[name]} <span className="soft">{all.length}</span>
              </h2>
              {all.slice(0, SHOWN[name]).map((card) => (
                <Card key={card.key} card={card} now={now} />
              ))}
              {all.length > SHOWN[name] && <p className="soft">+{all.length - SHOWN[name]} more</p>}
            </section>
          );
        })}
      </div>
    </div>
  );
}

function Card({
  card: { runId, agent, title, status, priority, since, tookMs },
  now,
}: {
  card: SquadCard;
  now: number;
}) {
  return (
    <Link className={`squad-card agent-${agent}`} href={hrefOf('run', { id: runId })}>
      <span className="row">
        <strong>{agent}</strong>
        <span className="tag">{priority}</span>
        <span className={`status-${status}`}>{status}</span>
        <span className="soft">
          {tookMs === null ? `${Math.max(0, Math.round((now - since) / 1000))} s` : `${Math.round(tookMs)} ms`}
        </span>
      </span>
      <span>{title ?? shortId(runId)}</span>
    </Link>
  );
}

function Health() {
  const workers = useWorkers() ?? [];
  return (
    <section className="grid" aria-label="Health of the workers">
      {workers
        .filter(({ status }) => status !== 'dead')
        .map(({ id, name, slots, running, rssBytes, memoryLimitBytes }) => (
          <div key={id} className="card stack">
            <strong>{name}</strong>
            <Meter label="Slots" value={running} max={slots} text={`${running} of ${slots}`} />
            <Meter label="Memory" value={rssBytes} max={memoryLimitBytes ?? 512 * 1024 * 1024} text={bytes(rssBytes)} />
          </div>
        ))}
    </section>
  );
}
