/** Which nodes follow from what has settled: edges and gotos trigger them, barriers wait for all that they need (rule B9). */
import { END } from '@weft/contract';

import type { Edge } from '../../graph/edges.ts';
import type { EdgeEnd } from '../../graph/join.ts';
import { edgeEnd } from '../edge-ends.ts';
import type { TaskRecord } from '../records.ts';
import type { WorkingRun } from '../working-run.ts';
import { emptyBarrier, fillBarrier } from './barrier-rows.ts';
import { placeOfRun } from './place.ts';
import type { Member } from './members.ts';

/** Nodes that were triggered, and for barriers what of their needs has fired. */
export class Triggers {
  readonly names = new Set<string>();
  readonly #fired = new Map<string, Set<string>>();
  readonly #run: WorkingRun;

  constructor(run: WorkingRun) {
    this.#run = run;
  }

  /** Adds what follows along the edges of a settled node. */
  follow(source: string, endOf: (edge: Edge) => EdgeEnd | null): void {
    for (const edge of this.#run.node(source).out) {
      const { join } = this.#run.node(edge.to);
      const end = endOf(edge);
      if (end === 'taken' || (join === 'allDone' && end !== null)) this.#fire(source, edge.to);
    }
  }

  #fire(source: string, target: string): void {
    const needs = this.#run.graph.superstep?.barriers.get(target);
    if (!needs?.has(source)) {
      this.names.add(target);
      return;
    }
    const fired = this.#fired.get(target) ?? new Set();
    this.#fired.set(target, fired.add(source));
  }

  /** Opens the barriers of which all needs have fired, and notes in the open step how far the others have come. */
  closeBarriers(): void {
    const { nodes, held } = placeOfRun(this.#run);
    const triggered = new Set([...nodes, ...held]);
    for (const [target, fired] of this.#fired) {
      if (triggered.has(target)) continue;
      if (fillBarrier(this.#run, target, fired)) this.names.add(target);
    }
    // What runs has no barrier that is half full.
    for (const target of this.names)
      if (this.#run.graph.superstep?.barriers.has(target)) emptyBarrier(this.#run, target);
  }
}

/** A task and its items: its own edges, those of what it sends to, once, and gotos. */
export function followMember(triggers: Triggers, run: WorkingRun, { task, pushed }: Member): void {
  for (const each of [task, ...pushed]) {
    triggers.follow(each.node, (edge) => edgeEnd(run.node(each.node), edge, each));
    for (const name of gotosOf(each)) if (name !== END) triggers.names.add(name);
  }
}

export function gotosOf({ status, detail }: TaskRecord): readonly string[] {
  return status === 'succeeded' && detail?.kind === 'pending' ? (detail.goto ?? []) : [];
}
