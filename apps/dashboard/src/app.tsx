import { Component } from 'react';
import type { ReactNode } from 'react';

import { identity, isRefused } from './api/session.ts';
import { Empty } from './parts/empty.tsx';
import { ProblemNote } from './parts/problem.tsx';
import { Link } from './router/link.tsx';
import type { ViewName } from './router/paths.ts';
import { usePlace } from './router/router.ts';
import { Shell } from './shell.tsx';
import { SignIn } from './sign-in.tsx';
import { useStore } from './store/store.ts';
import { ApprovalsView } from './views/approvals/approvals-view.tsx';
import { CompareView } from './views/compare/compare-view.tsx';
import { CostView } from './views/cost/cost-view.tsx';
import { EndpointsView } from './views/endpoints/endpoints-view.tsx';
import { LanesView } from './views/lanes/lanes-view.tsx';
import { NowView } from './views/now/now-view.tsx';
import { RunView } from './views/run/run-view.tsx';
import { RunsView } from './views/runs/runs-view.tsx';
import { SchedulesView } from './views/schedules/schedules-view.tsx';
import { SquadView } from './views/squad/squad-view.tsx';
import { WorkersView } from './views/workers/workers-view.tsx';
import { WorkflowView } from './views/workflows/workflow-view.tsx';
import { WorkflowsView } from './views/workflows/workflows-view.tsx';

export function App() {
  const who = useStore(identity);
  const refused = useStore(isRefused);
  return (
    <Shell>
      {refused ? (
        <SignIn />
      ) : (
        <Guarded key={JSON.stringify(who)}>
          <View />
        </Guarded>
      )}
    </Shell>
  );
}

function View() {
  const { view, params, path } = usePlace();
  if (view === null)
    return (
      <div className="page">
        <Empty title="There is no such view">
          <p>
            <code>{path}</code> leads nowhere. <Link href="/">Go to what happens now</Link>.
          </p>
        </Empty>
      </div>
    );
  return VIEWS[view](params);
}

const VIEWS: Record<ViewName, (params: Readonly<Record<string, string>>) => ReactNode> = {
  now: () => <NowView />,
  runs: () => <RunsView />,
  run: ({ id = '' }) => <RunView key={id} id={id} />,
  compare: () => <CompareView />,
  workflows: () => <WorkflowsView />,
  workflow: ({ name = '' }) => <WorkflowView key={name} name={name} />,
  workers: () => <WorkersView />,
  lanes: () => <LanesView />,
  endpoints: () => <EndpointsView />,
  schedules: () => <SchedulesView />,
  approvals: () => <ApprovalsView />,
  cost: () => <CostView />,
  squad: () => <SquadView />,
};

/** A view that breaks says so, and does not take the rest with it. */
class Guarded extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div className="page">
        <ProblemNote error={error} retry={() => this.setState({ error: null })} />
      </div>
    );
  }
}
