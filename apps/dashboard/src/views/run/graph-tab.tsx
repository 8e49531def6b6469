import type { RunOverview } from '@weft/contract';

import { GraphCanvas } from '../../graph/graph-canvas.tsx';
import type { NodeState } from '../../graph/node-states.ts';
import { NodeTree } from '../../graph/node-tree.tsx';
import { nodeOf } from '../../live/merge.ts';
import type { RunModel } from './run-model.ts';
import type { Selection } from './selection.ts';
import { TaskPanel } from './task-panel.tsx';

type Props = {
  model: RunModel;
  overview: RunOverview;
  states: ReadonlyMap<string, NodeState>;
  selection: Selection;
};

/** The graph of the run, its nodes as a list, and the task that is looked at. */
export function GraphTab({ model, overview, states, selection: { selected, select } }: Props) {
  const node = selected === null ? null : nodeOf(selected);
  const choose = (name: string | null) => {
    const last = name === null ? null : model.tasks.findLast((task) => task.node === name);
    select(last?.key ?? name);
  };
  const graph = { drawing: overview.graph, states, selected: node, onSelect: choose };
  return (
    <div className="run-split">
      <GraphCanvas {...graph} />
      <div className="side-panel">
        <NodeTree {...graph} />
        <TaskPanel model={model} selected={selected} select={select} />
      </div>
    </div>
  );
}
