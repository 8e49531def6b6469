import type { FailureGroup, Overview, RunSummary } from '@weft/contract';
import { useEffect, useState } from 'react';

import { api } from '../../api/session.ts';
import { useLanes, useNewestRuns, useWorkers } from '../../live/fleet.ts';
import { Loaded } from '../../parts/loading.tsx';
import { Page } from '../../parts/page.tsx';
import { StatusMark } from '../../parts/status-mark.tsx';
import { useNow } from '../../parts/use-now.ts';
import { ago, count, duration, plural, shortId, took, usd } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import { useResource } from '../../store/resource.ts';
import { NoRuns } from '../runs/no-runs.tsx';

/** How often what no topic tells is read again, ms. */
const REFRESH_MS = 10_000;
const RUNS_SHOWN = 20;

/** How all is at the moment: each figure leads to what it counts. */
export function NowView() {
  const overview = useResource('overview', () => api().overview());
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && overview.reload(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const [ended, setEnded] = useState<readonly Ended[]>([]);
  const runs = useNewestRuns(({ events }) => {
    const told = events.filter(({ type }) => type === 'run_ended').length;
    if (told > 0)
      setEnded((before) => [...before.filter(({ at }) => at > Date.now() - RATE_MS), { at: Date.now(), many: told }]);
  });
  return (
    <Page title="Now">
      <Loaded of={overview}>
        {(all) => (
          <>
            <Figures all={all} runs={runs ?? []} ended={ended} />
            {all.mesh.emergency && (
              <p className="problem">
                Emergency: everything goes to the cheapest endpoint. End it with npx weft mesh emergency off.
              </p>
            )}
            <Failures groups={all.deadLetters.groups} />
          </>
        )}
      </Loaded>
      <LatestRuns runs={runs} />
    </Page>
  );
}

type Ended = { at: number; many: number };
const RATE_MS = 10_000;

function Figures({ all, runs, ended }: { all: Overview; runs: readonly RunSummary[]; ended: readonly Ended[] }) {
  const workers = useWorkers() ?? [];
  const lanes = useLanes() ?? [];
  const now = useNow();
  const perSecond =
    ended.filter(({ at }) => at > now - RATE_MS).reduce((sum, { many }) => sum + many, 0) / (RATE_MS / 1000);
  const over = runs.filter(({ endedAt }) => endedAt !== null);
  const good = over.filter(({ status }) => status === 'succeeded').length;
  const times = over.flatMap(({ startedAt, endedAt }) =>
    startedAt && endedAt ? [Date.parse(endedAt) - Date.parse(startedAt)] : [],
  );
  const alive = workers.filter(({ status }) => status !== 'dead');
  const slots = alive.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = alive.reduce((sum, worker) => sum + worker.running, 0);
  const depth = lanes.reduce((sum, lane) => sum + lane.depth, 0);
  const { deadLetters, interrupts, today, mesh } = all;
  return (
    <div className="figures">
      <Figure href={hrefOf('runs')} value={`${perSecond.toFixed(1)}/s`} label="runs ended, last 10 s" />
      <Figure
        href={hrefOf('runs', {}, { q: 'status:failed' })}
        value={over.length === 0 ? '–' : `${Math.round((100 * good) / over.length)} %`}
        label={`succeeded of the last ${over.length}`}
      />
      <Figure href={hrefOf('runs')} value={percentiles(times)} label="p50 / p95 of these" />
      <Figure href={hrefOf('lanes')} value={count(depth)} label={`tasks wait on ${lanes.length} lanes`} />
      <Figure
        href={hrefOf('workers')}
        value={`${busy} / ${slots}`}
        label={`slots busy, ${plural(alive.length, 'worker')}`}
      />
      <Figure
        href={hrefOf('lanes', {}, { tab: 'dead' })}
        value={`${deadLetters.count}${deadLetters.more ? '+' : ''}`}
        label={deadLetters.count === 0 ? 'dead letters: none, well done' : 'dead letters'}
      />
      <Figure
        href={hrefOf('approvals')}
        value={`${interrupts.count}${interrupts.more ? '+' : ''}`}
        label="questions wait for people"
      />
      <Figure
        href={hrefOf('cost')}
        value={usd(today.usd)}
        label={`today, ${count(today.inputTokens + today.outputTokens)} tokens`}
      />
      <Figure
        href={hrefOf('endpoints')}
        value={`${mesh.nodesActive} / ${mesh.nodesTotal}`}
        label={mesh.nodesTotal === 0 ? 'no endpoints yet' : `endpoints take work, ${mesh.health}`}
      />
    </div>
  );
}

function Figure({ href, value, label }: { href: string; value: string; label: string }) {
  return (
    <Link className="figure" href={href}>
      <strong>{value}</strong>
      <span>{label}</span>
    </Link>
  );
}

function percentiles(times: readonly number[]): string {
  if (times.length === 0) return '–';
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => duration(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return `${at(0.5)} / ${at(0.95)}`;
}

function Failures({ groups }: { groups: readonly FailureGroup[] }) {
  const now = useNow(10_000);
  if (groups.length === 0) return null;
  return (
    <section className="stack" aria-label="Failures by where and how">
      <h2>What fails</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Dead letters</th>
            <th scope="col">Workflow and node</th>
            <th scope="col">Error</th>
            <th scope="col">Last</th>
          </tr>
        </thead>
        <tbody>
          {groups.slice(0, 8).map(({ workflow, node, code, message, count: many, runId, at }) => (
            <tr key={workflow + node + code}>
              <td>
                <Link href={hrefOf('lanes', {}, { tab: 'dead', workflow, node, code })}>{many}</Link>
              </td>
              <td>
                {workflow} / {node}
              </td>
              <td>
                <strong>{code}</strong> {message}
              </td>
              <td>
                <Link href={hrefOf('run', { id: runId })}>{at === null ? 'the run' : ago(at, now)}</Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function LatestRuns({ runs }: { runs: readonly RunSummary[] | null }) {
  const isLive = runs?.some(({ endedAt }) => endedAt === null) ?? false;
  const now = useNow(isLive ? 1000 : 10_000);
  if (runs === null) return <p className="soft loading">Loading…</p>;
  if (runs.length === 0) return <NoRuns isFiltered={false} clear={() => undefined} />;
  return (
    <section className="stack" aria-label="Latest runs">
      <h2>Latest runs</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Status</th>
            <th scope="col">Workflow</th>
            <th scope="col">Run</th>
            <th scope="col">Began</th>
            <th scope="col">Took</th>
            <th scope="col">Error</th>
          </tr>
        </thead>
        <tbody>
          {runs.slice(0, RUNS_SHOWN).map(({ id, status, workflow, createdAt, startedAt, endedAt, error }) => (
            <tr key={id}>
              <td>
                <StatusMark status={status} />
              </td>
              <td>
                <Link href={hrefOf('run', { id })}>
                  {workflow.name}@{workflow.version}
                </Link>
              </td>
              <td className="mono">{shortId(id)}</td>
              <td>{ago(createdAt, now)}</td>
              <td>{took(startedAt, endedAt, now)}</td>
              <td className="status-failed">{error?.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
