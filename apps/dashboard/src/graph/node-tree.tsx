import type { KeyboardEvent } from 'react';
import { useRef } from 'react';

import { StatusMark } from '../parts/status-mark.tsx';
import { secondLine } from './draw.ts';
import type { GraphProps } from './graph-canvas.tsx';

/** So many nodes are listed; of more the graph alone shows the rest. */
const SHOWN = 500;

/** The nodes of a graph as a list, with the same selection as the drawing. */
export function NodeTree({ drawing, states, selected, onSelect }: GraphProps) {
  const ref = useRef<HTMLUListElement>(null);
  const nodes = drawing.nodes.slice(0, SHOWN);
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const index = nodes.findIndex(({ name }) => name === selected);
    const next = nodes[Math.min(nodes.length - 1, Math.max(0, index + step))];
    if (!next) return;
    onSelect(next.name);
    ref.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(next.name)}"]`)?.focus();
  };
  const entry = selected ?? nodes[0]?.name;
  return (
    <ul ref={ref} className="node-tree" role="tree" aria-label="Nodes" onKeyDown={move}>
      {nodes.map(({ name, type, uses }) => {
        const state = states.get(name);
        return (
          <li
            key={name}
            role="treeitem"
            data-node={name}
            aria-selected={name === selected}
            tabIndex={name === entry ? 0 : -1}
            onClick={() => onSelect(name)}
            onKeyDown={(event) => event.key === 'Enter' && onSelect(name)}
          >
            <span className="node-name">{name}</span>
            {state ? <StatusMark status={state.status} isShort /> : null}
            <span className="soft">{secondLine(state, uses ?? type)}</span>
          </li>
        );
      })}
    </ul>
  );
}
