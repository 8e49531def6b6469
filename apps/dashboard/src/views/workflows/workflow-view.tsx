import type { GraphDrawing, Workflow } from '@weft/contract';
import { useState } from 'react';

import { api } from '../../api/session.ts';
import { GraphCanvas } from '../../graph/graph-canvas.tsx';
import { NodeTree } from '../../graph/node-tree.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { Page } from '../../parts/page.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Link } from '../../router/link.tsx';
import { hrefOf } from '../../router/router.ts';
import { int, oneOf, text, useSearch } from '../../router/search.ts';
import { useResource } from '../../store/resource.ts';
import { RunForm } from './run-form.tsx';
import { VersionDiff } from './version-diff.tsx';

const TABS = [
  { name: 'graph', label: 'Graph' },
  { name: 'run', label: 'Run it' },
  { name: 'document', label: 'Document' },
  { name: 'versions', label: 'Versions' },
] as const;
const SEARCH = { tab: oneOf('graph', 'run', 'document', 'versions'), version: int, from: int, node: text };
const NO_STATES = new Map<string, never>();

/** One workflow: its graph, a form that starts it, its document, and what its versions changed. */
export function WorkflowView({ name }: { name: string }) {
  const [{ tab, version, from, node }, setSearch] = useSearch(SEARCH);
  const present = tab ?? 'graph';
  const which = version === null ? {} : { version };
  const workflow = useResource(`workflow:${name}:${version}`, () => api().workflows.get(name, which));
  const [newest, setNewest] = useState(0);
  const last = Math.max(newest, workflow.data?.version ?? 0, version ?? 0);
  if (last > newest) setNewest(last);
  return (
    <Page title={name} actions={<Link href={hrefOf('runs', {}, { q: `workflow:${name}` })}>Its runs</Link>}>
      <Tabs
        label="Parts of the workflow"
        items={TABS}
        present={present}
        onChange={(next) => setSearch({ tab: next })}
      />
      <Loaded of={workflow}>
        {(loaded) => (
          <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${present}`} className="stack">
            <p className="soft">
              Version {loaded.version}. {loaded.description}
            </p>
            {present === 'graph' && (
              <Drawing
                workflow={loaded}
                node={node}
                onNode={(next) => setSearch({ node: next }, { isReplaced: true })}
              />
            )}
            {present === 'run' && <RunForm workflow={loaded} />}
            {present === 'document' && (
              <section className="card" aria-label="Document">
                <JsonView value={loaded.document} />
              </section>
            )}
            {present === 'versions' && (
              <VersionDiff
                name={name}
                to={loaded}
                from={from ?? Math.max(1, loaded.version - 1)}
                newest={last}
                onChange={setSearch}
              />
            )}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

type DrawingProps = { workflow: Workflow; node: string | null; onNode: (node: string | null) => void };

function Drawing({ workflow: { name, version, document }, node, onNode }: DrawingProps) {
  const load = () => api().workflows.graph(name, { version, format: 'json' });
  const graph = useResource(`graph:${name}:${version}`, load);
  return (
    <Loaded of={graph}>
      {(data) => {
        const props = { drawing: data as unknown as GraphDrawing, states: NO_STATES, selected: node, onSelect: onNode };
        const chosen = node === null ? undefined : document.nodes[node];
        return (
          <div className="run-split">
            <GraphCanvas {...props} />
            <div className="side-panel">
              <NodeTree {...props} />
              {chosen ? (
                <section className="card" aria-label={`Node ${node}`}>
                  <JsonView name={node} value={chosen} />
                </section>
              ) : (
                <p className="card soft">Choose a node to see how it is defined.</p>
              )}
            </div>
          </div>
        );
      }}
    </Loaded>
  );
}
