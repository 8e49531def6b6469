import type { Checkpoint } from '@weft/contract';
import { useMemo } from 'react';

import { api } from '../../api/session.ts';
import { nodeStates } from '../../graph/node-states.ts';
import { useShortcuts } from '../../keyboard/shortcuts.ts';
import { Page } from '../../parts/page.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { int, oneOf, text, useSearch } from '../../router/search.ts';
import { useResource } from '../../store/resource.ts';
import { CallsTab } from './calls-tab.tsx';
import { EventsTab } from './events-tab.tsx';
import { GraphTab } from './graph-tab.tsx';
import { IoTab } from './io-tab.tsx';
import { RunActions } from './run-actions.tsx';
import { RunFacts } from './run-facts.tsx';
import { useRunModel } from './run-model.ts';
import type { RunModel } from './run-model.ts';
import type { Selection } from './selection.ts';
import { StateTab } from './state-tab.tsx';
import { StepBar } from './step-bar.tsx';
import { TimelineTab } from './timeline-tab.tsx';
import { WhyFailed } from './why-failed.tsx';

const TABS = [
  { name: 'graph', label: 'Graph' },
  { name: 'timeline', label: 'Timeline' },
  { name: 'state', label: 'State' },
  { name: 'io', label: 'Input & output' },
  { name: 'calls', label: 'Calls' },
  { name: 'events', label: 'Events' },
] as const;
type TabName = (typeof TABS)[number]['name'];

const SEARCH = { tab: oneOf('graph', 'timeline', 'state', 'io', 'calls', 'events'), step: int, from: int, task: text };

/** One run: what happens in it, what has happened, and what can be done about it. */
export function RunView({ id }: { id: string }) {
  const model = useRunModel(id);
  const { overview, error } = model;
  if (!overview)
    return (
      <Page title="Run">
        {error === null ? <p className="soft loading">Loading…</p> : <ProblemNote error={error} retry={model.reload} />}
      </Page>
    );
  const { run } = overview;
  return (
    <Page title={`${run.workflow.name}@${run.workflow.version}`} actions={<RunActions run={run} />}>
      <RunFacts run={run} />
      {error !== null && <ProblemNote error={error} retry={model.reload} />}
      <RunTabs model={model} overview={overview} />
    </Page>
  );
}

function RunTabs({ model, overview }: { model: RunModel; overview: NonNullable<RunModel['overview']> }) {
  const [{ tab, step, from, task }, setSearch] = useSearch(SEARCH);
  const present: TabName = tab ?? 'graph';
  const { run } = overview;
  const checkpoint = useCheckpoint(run.id, step);
  const states = useNodeStates(checkpoint.data, model);
  // What failed is what people look for.
  const failed = model.tasks.find(({ status }) => status === 'failed')?.key ?? null;
  const selection: Selection = {
    selected: task ?? failed,
    select: (key) => setSearch({ task: key }, { isReplaced: true }),
  };
  const goTo = (next: number | null) =>
    setSearch({ step: next === null ? null : Math.min(model.step, Math.max(1, next)) }, { isReplaced: true });
  const at = step ?? model.step;
  useShortcuts([
    ...TABS.map(({ name, label }, index) => ({
      keys: String(index + 1),
      label: `Show ${label}`,
      act: () => setSearch({ tab: name }),
    })),
    { keys: 'ArrowLeft', label: 'One step back', act: () => goTo(at - 1) },
    { keys: 'ArrowRight', label: 'One step on', act: () => goTo(at + 1 >= model.step ? null : at + 1) },
    { keys: 'f', label: 'Fit the graph', act: () => document.querySelector<HTMLElement>('[data-key="f"]')?.click() },
    { keys: 'Escape', label: 'Look at no task', act: () => selection.select(null) },
  ]);
  const isTimed = present === 'graph' || present === 'state';
  return (
    <>
      <WhyFailed run={run} tasks={model.tasks} select={selection.select} />
      <Tabs label="Parts of the run" items={TABS} present={present} onChange={(name) => setSearch({ tab: name })} />
      {isTimed && <StepBar run={run} last={model.step} step={step} checkpoint={checkpoint.data} onChange={goTo} />}
      {isTimed && checkpoint.error !== null && <ProblemNote error={checkpoint.error} />}
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${present}`} className="stack tab-panel">
        {present === 'graph' && <GraphTab model={model} overview={overview} states={states} selection={selection} />}
        {present === 'timeline' && <TimelineTab model={model} selection={selection} />}
        {present === 'state' && (
          <StateTab
            run={run}
            at={at}
            from={from}
            checkpoint={checkpoint.data}
            onFrom={(next) => setSearch({ from: next })}
          />
        )}
        {present === 'io' && <IoTab run={run} tasks={model.tasks} />}
        {present === 'calls' && <CallsTab model={model} runId={run.id} />}
        {present === 'events' && (
          <EventsTab model={model} runId={run.id} onStep={(next) => setSearch({ tab: 'state', step: next })} />
        )}
      </div>
    </>
  );
}

/** How the nodes are: after the step that is looked at, else now. */
function useNodeStates(checkpoint: Checkpoint | null, { tasks }: RunModel) {
  return useMemo(
    () => nodeStates(checkpoint?.tasks ?? tasks.map((one) => ({ ...one, failures: one.task?.failures ?? 0 }))),
    [checkpoint, tasks],
  );
}

/** The run after a step; null for the present. */
function useCheckpoint(id: string, step: number | null) {
  const key = step === null ? null : `checkpoint:${id}:${step}`;
  return useResource<Checkpoint>(key, () => api().runs.checkpoints.get(id, step ?? 1));
}
