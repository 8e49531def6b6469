/** What a listener of a run was told. */
import type { Event, Json, JsonObject } from '@weft/contract';
import { systemClock } from '@weft/embedded';
import { createRunStreams } from '@weft/engine/runtime';
import type { Rig } from '@weft/testkit';

import type { Listening } from '../case.ts';

type Listener = { mode: Listening; toStep: number; hasInput: boolean };

/** All events of the mode up to this step. What is told before the input is written has no counterpart. */
export async function listen(rig: Rig, runId: string, { mode, toStep, hasInput }: Listener) {
  const stop = new AbortController();
  const { graphs } = rig.engine;
  const deps = {
    reader: rig.store.reader,
    loadGraph: graphs.load.bind(graphs),
    bus: rig.bus,
    live: rig.live,
    clock: systemClock,
  };
  const stream = createRunStreams(deps);
  const request = { tenant: 'default', runId, after: { step: 0, n: 0 }, signal: stop.signal };
  const modes = new Set([mode, 'debug'] as const);
  const told: Event[] = [];
  for await (const item of stream({ ...request, modes })) {
    const events = item.kind === 'events' ? item.events : [];
    told.push(...events);
    if (item.kind === 'end' || events.some(({ step }) => step >= toStep)) break;
  }
  stop.abort();
  return mode === 'values' ? valuesIn(told).slice(hasInput ? 1 : 0) : updatesIn(told).slice(hasInput ? 1 : 0);
}

function valuesIn(told: readonly Event[]): Json[] {
  const texts = told.filter(({ mode }) => mode === 'values').map(({ data }) => JSON.stringify(data));
  return texts.filter((text, n) => text !== texts[n - 1]).map((text) => JSON.parse(text) as Json);
}

/** A superstep tells those of each of its tasks. */
function updatesIn(told: readonly Event[]): Json[] {
  const updates = told.filter(({ mode }) => mode === 'updates').map(({ data }) => data as JsonObject);
  return updates.flatMap((data) => {
    const tasks = Array.isArray(data['tasks']) ? (data['tasks'] as JsonObject[]) : [data];
    return tasks.map(({ node, updates: written }) => ({ [node as string]: written ?? null }));
  });
}
