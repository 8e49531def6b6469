import type { RunSummary } from '@weft/contract';
import { useEffect, useRef, useState } from 'react';

import { api } from '../../api/session.ts';
import { cardOf } from './squad-cards.ts';
import type { SquadCard } from './squad-cards.ts';

/** Of so many of the newest runs the tasks are shown. */
const RUNS = 24;
const AT_ONCE = 6;
const REFRESH_MS = 1000;

/** The tasks of the newest runs as cards; a run is read again when it has got on, at most once a second. */
export function useSquadTasks(runs: readonly RunSummary[]): readonly SquadCard[] {
  const [cards, setCards] = useState<readonly SquadCard[]>([]);
  const known = useRef(new Map<string, { step: number; cards: SquadCard[] }>());
  const latest = useRef(runs);
  latest.current = runs;
  const isThere = runs.length > 0;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let isLeft = false;
    const look = async () => {
      const shown = latest.current.slice(0, RUNS);
      const changed = shown.filter(({ id, step, endedAt }) => endedAt === null || known.current.get(id)?.step !== step);
      if (document.visibilityState === 'visible') await readAll(changed.slice(0, RUNS), known.current);
      if (isLeft) return;
      setCards(shown.flatMap(({ id }) => known.current.get(id)?.cards ?? []));
      timer = setTimeout(() => void look(), REFRESH_MS);
    };
    void look();
    return () => {
      isLeft = true;
      clearTimeout(timer);
    };
  }, [isThere]);
  return cards;
}

async function readAll(
  runs: readonly RunSummary[],
  known: Map<string, { step: number; cards: SquadCard[] }>,
): Promise<void> {
  const left = [...runs];
  const work = async (): Promise<void> => {
    for (let run = left.shift(); run; run = left.shift()) {
      // One that cannot be read now is tried again at the next look.
      const overview = await api()
        .runs.overview(run.id)
        .catch(() => null);
      if (!overview) continue;
      const { title } = (overview.run.input ?? {}) as { title?: unknown };
      const cards = overview.tasks.flatMap((task) => cardOf(task, typeof title === 'string' ? title : null) ?? []);
      known.set(run.id, { step: overview.run.step, cards });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
