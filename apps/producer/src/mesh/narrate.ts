/** A mesh execution as the text of server-sent events, from any place on. */
import { AppError } from '@weft/contract';
import type { EventMode, MeshEvent, MeshEvents } from '@weft/contract';
import { isBefore, placeText, START } from '@weft/engine/domain';
import type { Place } from '@weft/engine/domain';
import type { QueryDeps, RunStreams, StreamItem } from '@weft/engine/runtime';

import { messageText } from '../stream/event-text.ts';
import { finalEvents } from './final-events.ts';
import { Narrator } from './narrator.ts';
import { planOf } from './plan.ts';

const MAIN: ReadonlySet<string> = new Set<MeshEvent['event']>([
  'step-started',
  'step-completed',
  'step-failed',
  'budget-exceeded',
  'workflow-completed',
]);

export type NarrateDeps = { queries: Pick<QueryDeps, 'reader' | 'loadGraph'>; streams: RunStreams };

export type NarrateRequest = {
  tenant: string;
  runId: string;
  wants: MeshEvents;
  /** What is known already. */
  after: Place;
  signal: AbortSignal;
};

/**
 * What came before is gone through again, since what is told depends on it, and not told. What one step of the journal gives
 * is one text, with the id on its last event: who is cut off within it gets all of it again.
 */
export async function* narrate({ queries, streams }: NarrateDeps, request: NarrateRequest): AsyncGenerator<string> {
  const { tenant, runId, wants, after, signal } = request;
  const { reader } = queries;
  const { workflow } = (await runOf(queries, request)).head;
  const plan = planOf((await queries.loadGraph(workflow)).document);
  const narrator = new Narrator(reader, runId, plan);
  const modes = new Set<EventMode>(wants === 'all' ? ['tasks', 'custom', 'messages'] : ['tasks', 'custom']);
  for await (const item of streams({ tenant, runId, after: START, modes, signal })) {
    const place = placeOf(item);
    const isNew = item.kind === 'events' ? isBefore(after, place) : !isBefore(place, after);
    const told: MeshEvent[] = [];
    if (item.kind === 'events') for (const event of item.events) told.push(...(await narrator.tell(event, isNew)));
    if (item.kind === 'gap') told.push({ event: 'gap', data: { runId, after: placeText(item.after) } });
    if (item.kind === 'end') {
      const run = await runOf(queries, request);
      told.push(...(await finalEvents({ reader, run, plan, status: item.status })));
    }
    const text = isNew ? textOf(told, { wants, id: item.kind === 'gap' ? null : placeText(place) }) : '';
    if (text !== '') yield text;
  }
}

async function runOf({ reader }: NarrateDeps['queries'], { tenant, runId }: NarrateRequest) {
  const run = await reader.run(tenant, runId);
  if (!run) throw new AppError('not_found', `run ${runId} was deleted meanwhile`);
  return run;
}

function placeOf(item: StreamItem): Place {
  if (item.kind === 'gap') return item.after;
  if (item.kind === 'end') return { step: item.step, n: 0 };
  const [first] = item.events;
  return { step: first?.step ?? 0, n: first?.n ?? 0 };
}

function textOf(told: readonly MeshEvent[], { wants, id }: { wants: MeshEvents; id: string | null }): string {
  const shown = told.filter(({ event }) => wants === 'all' || MAIN.has(event));
  return shown
    .map(({ event, data }, index) =>
      messageText({ id: index === shown.length - 1 ? id : null, event, data: JSON.stringify(data) }),
    )
    .join('');
}
