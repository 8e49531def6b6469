import type { ComparedNode, ComparedRun, Differences, RunComparison } from '@weft/contract';

import { api } from '../../api/session.ts';
import { CliLine } from '../../parts/cli-line.tsx';
import { Empty } from '../../parts/empty.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { Page } from '../../parts/page.tsx';
import { StatusMark } from '../../parts/status-mark.tsx';
import { count, duration, plural, usd } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import { text, useSearch } from '../../router/search.ts';
import { useResource } from '../../store/resource.ts';

const SEARCH = { a: text, b: text };

/** Two runs beside each other: state, cost and latency. */
export function CompareView() {
  const [{ a, b }] = useSearch(SEARCH);
  const key = a && b ? `compare:${a}:${b}` : null;
  const comparison = useResource(key, () => api().runs.compare(a ?? '', b ?? ''));
  return (
    <Page title="Two runs beside each other">
      {key === null ? (
        <Empty title="Name two runs" cli={['npx weft compare A B']}>
          <p>
            A fork links to the comparison with its original. Any other two: <code>/compare?a=ID&b=ID</code>.
          </p>
        </Empty>
      ) : (
        <Loaded of={comparison}>{(both) => <Comparison both={both} />}</Loaded>
      )}
    </Page>
  );
}

function Comparison({ both }: { both: RunComparison }) {
  const { from, to, relation, common, input, state, output, nodes } = both;
  return (
    <>
      <p className="soft">
        {relation === 'none' ? 'They are not related.' : `Relation: ${relation}`}
        {common && `, common up to step ${common.step}`}
      </p>
      <div className="two">
        <RunCard name="First" run={from} />
        <RunCard name="Second" run={to} />
      </div>
      <NodeTable nodes={nodes} />
      <div className="two">
        <DifferenceList title="Input" differences={input} />
        <DifferenceList title="State" differences={state} />
        <DifferenceList title="Output" differences={output} />
      </div>
      <CliLine line={`npx weft compare ${from.id} ${to.id}`} />
    </>
  );
}

function RunCard({
  name,
  run: { id, workflow, status, durationMs, usage, keptUsage },
}: {
  name: string;
  run: ComparedRun;
}) {
  return (
    <section className="card stack" aria-label={name}>
      <div className="row">
        <h2>{name}</h2>
        <StatusMark status={status} />
        <Link href={hrefOf('run', { id })}>
          {workflow.name}@{workflow.version}
        </Link>
      </div>
      <dl className="facts">
        <dt>took</dt>
        <dd>{durationMs === null ? 'not over' : duration(durationMs)}</dd>
        <dt>cost</dt>
        <dd>
          {usd(usage.usd)}
          {keptUsage.usd > 0 && `, of that ${usd(keptUsage.usd)} taken over`}
        </dd>
        <dt>tokens</dt>
        <dd>{count(usage.inputTokens + usage.outputTokens)}</dd>
      </dl>
    </section>
  );
}

function NodeTable({ nodes }: { nodes: readonly ComparedNode[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">First</th>
          <th scope="col">Second</th>
          <th scope="col">Outputs</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map(({ node, from, to, outputs }) => (
          <tr key={node}>
            <td>{node}</td>
            <NodeCell of={from} />
            <NodeCell of={to} />
            <td>
              {outputs.different > 0 ? (
                <strong>{plural(outputs.different, 'differs', 'differ')}</strong>
              ) : outputs.equal > 0 ? (
                'equal'
              ) : (
                '–'
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NodeCell({ of }: { of: ComparedNode['from'] }) {
  if (!of) return <td className="soft">no task</td>;
  const { status, durationMs, attempts, kept, usage } = of;
  return (
    <td>
      <StatusMark status={status} /> {duration(durationMs)}
      {attempts > 1 && `, ${attempts} attempts`}
      {kept > 0 && ', taken over'}
      {usage.usd > 0 && `, ${usd(usage.usd)}`}
    </td>
  );
}

function DifferenceList({ title, differences }: { title: string; differences: Differences | null }) {
  return (
    <section className="card stack" aria-label={title}>
      <h2>{title}</h2>
      {differences === null ? (
        <p className="soft">Too large to be compared here.</p>
      ) : differences.count === 0 ? (
        <p className="soft">The same in both.</p>
      ) : (
        differences.items.map(({ op, path, was, value }) => (
          <div key={path} className={`change change-${op}`}>
            <span>{op === 'add' ? '+' : op === 'remove' ? '−' : '~'}</span>
            <span>{path || '(all)'}</span>
            <span>
              {was !== undefined && <JsonView name="was" value={was} depth={2} />}
              {value !== undefined && <JsonView name="is" value={value} depth={2} />}
            </span>
          </div>
        ))
      )}
    </section>
  );
}
