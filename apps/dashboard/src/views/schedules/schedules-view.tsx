import type { Schedule, ScheduleFire } from '@weft/contract';

import { api } from '../../api/session.ts';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { Page } from '../../parts/page.tsx';
import { useNow } from '../../parts/use-now.ts';
import { ago, plural } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import { text, useSearch } from '../../router/search.ts';
import { useResource } from '../../store/resource.ts';
import { scheduleWords } from './schedule-words.ts';
import { ScheduleActions } from './schedule-actions.tsx';

const SEARCH = { name: text };
const NEXT_SHOWN = 5;

/** When workflows are started by themselves: the next instants, and what became of the last ones. */
export function SchedulesView() {
  const schedules = useResource('schedules', () => api().schedules.list({ limit: 200 }));
  const [{ name }, setSearch] = useSearch(SEARCH);
  return (
    <Page title="Schedules">
      <Loaded of={schedules}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              title="No schedules yet"
              cli={[
                `curl -X POST ${location.origin}/v1/schedules -H 'content-type: application/json' -d '{"name":"nightly","workflow":"hello","input":{"name":"Ada"},"spec":{"cron":"0 3 * * *","timeZone":"Europe/Berlin"}}'`,
              ]}
            >
              <p>
                A schedule starts a workflow by the clock, exactly once for each instant, in the time zone that it
                names.
              </p>
            </Empty>
          ) : (
            <div className="grid">
              {items.map((schedule) => (
                <ScheduleCard
                  key={schedule.name}
                  schedule={schedule}
                  isOpen={schedule.name === name}
                  onOpen={(isOpen) => setSearch({ name: isOpen ? schedule.name : null }, { isReplaced: true })}
                />
              ))}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

type CardProps = { schedule: Schedule; isOpen: boolean; onOpen: (isOpen: boolean) => void };

function ScheduleCard({ schedule, isOpen, onOpen }: CardProps) {
  const { name, workflow, spec, state, note, nextAt, lastFire, waiting, running, failures } = schedule;
  const started = typeof workflow === 'string' ? workflow : workflow.name;
  return (
    <article className="card stack" aria-label={`Schedule ${name}`}>
      <div className="row">
        <h2>{name}</h2>
        <span className={state === 'paused' ? 'tag status-waiting' : 'tag'}>{state}</span>
      </div>
      {note !== null && <p className="soft">{note}</p>}
      <p>
        Starts <Link href={hrefOf('workflow', { name: started })}>{started}</Link>
      </p>
      <code>{scheduleWords(spec)}</code>
      <p>{nextAt === null ? 'No instant comes.' : `Next: ${new Date(nextAt).toLocaleString()}`}</p>
      {lastFire && <Fire fire={lastFire} />}
      <p className="soft">
        {plural(running, 'run')} under way, {waiting} waiting{failures > 0 && `, ${failures} failed in a row`}
      </p>
      <ScheduleActions name={name} state={state} />
      <button type="button" aria-expanded={isOpen} onClick={() => onOpen(!isOpen)}>
        {isOpen ? 'Less' : 'Next and last instants'}
      </button>
      {isOpen && <Instants name={name} />}
    </article>
  );
}

function Fire({ fire: { scheduledFor, outcome, reason, runId, runStatus } }: { fire: ScheduleFire }) {
  const now = useNow(10_000);
  return (
    <p className={outcome === 'failed' || runStatus === 'failed' ? 'status-failed' : undefined}>
      {ago(scheduledFor, now)}: {outcome}{' '}
      {runId !== null && <Link href={hrefOf('run', { id: runId })}>{runStatus ?? 'its run'}</Link>} {reason?.message}
    </p>
  );
}

function Instants({ name }: { name: string }) {
  const next = useResource(`schedule-next:${name}`, () => api().schedules.next(name, { count: NEXT_SHOWN }));
  const fires = useResource(`schedule-fires:${name}`, () => api().schedules.fires(name, { limit: 10 }));
  return (
    <>
      <Loaded of={next}>
        {({ items }) => (
          <ol>
            {items.map(({ scheduledFor, local }) => (
              <li key={scheduledFor}>
                {new Date(scheduledFor).toLocaleString()} <span className="soft">({local})</span>
              </li>
            ))}
          </ol>
        )}
      </Loaded>
      <Loaded of={fires}>
        {({ items }) => (
          <div>
            {items.map((fire) => (
              <Fire key={`${fire.scheduledFor} ${fire.kind}`} fire={fire} />
            ))}
          </div>
        )}
      </Loaded>
    </>
  );
}
