import type { RunSummary, WorkflowSummary } from '@weft/contract';

import { api } from '../../api/session.ts';
import { useNewestRuns } from '../../live/fleet.ts';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { Page } from '../../parts/page.tsx';
import { SHAPES } from '../../parts/status-mark.tsx';
import { useNow } from '../../parts/use-now.ts';
import { ago } from '../../parts/words.ts';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import { useResource } from '../../store/resource.ts';

/** All workflows in their newest versions. */
export function WorkflowsView() {
  const workflows = useResource('workflows', () => api().workflows.list({ limit: 200 }));
  const runs = useNewestRuns() ?? [];
  return (
    <Page title="Workflows">
      <Loaded of={workflows}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              title="No workflows yet"
              cli={[
                'npx weft run examples/hello',
                `curl -X POST ${location.origin}/v1/workflows --data-binary @workflow.yaml -H 'content-type: application/yaml'`,
              ]}
            >
              <p>
                A workflow is a document with nodes and edges, in YAML, JSON or TypeScript. Each change of it is a
                version that stays.
              </p>
            </Empty>
          ) : (
            <WorkflowTable items={items} runs={runs} />
          )
        }
      </Loaded>
    </Page>
  );
}

function WorkflowTable({ items, runs }: { items: readonly WorkflowSummary[]; runs: readonly RunSummary[] }) {
  const now = useNow(60_000);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Workflow</th>
          <th scope="col">What it does</th>
          <th scope="col">Version</th>
          <th scope="col">Latest runs</th>
          <th scope="col">Saved</th>
        </tr>
      </thead>
      <tbody>
        {items.map(({ name, version, description, createdAt }) => (
          <tr key={name}>
            <td>
              <Link href={hrefOf('workflow', { name })}>{name}</Link>
            </td>
            <td>{description}</td>
            <td>{version}</td>
            <td>
              <Latest runs={runs.filter(({ workflow }) => workflow.name === name).slice(0, 15)} />
            </td>
            <td className="when">{ago(createdAt, now)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Latest({ runs }: { runs: readonly RunSummary[] }) {
  return (
    <span className="latest">
      {runs.map(({ id, status }) => (
        <Link key={id} href={hrefOf('run', { id })} className={`status-${status}`} aria-label={`Run ${id}: ${status}`}>
          {SHAPES[status]}
        </Link>
      ))}
    </span>
  );
}
