/** The workers: those that are dead and not ended, those of other releases. */
import type { Check } from './examination.ts';
import { unless } from './examination.ts';

/** The sweepers look every second; after this much more nobody sweeps. */
const SWEPT_AFTER_MS = 15_000;

type WorkerRow = { id: string; version: string; silentMs: number; running: number };

const LIVE = `select id, version, running, (extract(epoch from now() - beat_at) * 1000)::float8 as "silentMs"
  from worker where ended_at is null order by started_at limit 10000`;

export const workers: Check = {
  name: 'workers',
  async look({ ask, deadAfterMs }) {
    const rows = await ask<WorkerRow>(LIVE);
    const silent = rows.filter(({ silentMs }) => silentMs > deadAfterMs + SWEPT_AFTER_MS);
    const dead = silent.map(({ id, silentMs }) => `${id}: silent for ${Math.round(silentMs / 1000)} s`);
    if (rows.length === 0) {
      const advice = 'start a worker: tasks wait until there is one';
      return { check: 'workers', level: 'warn', what: 'there is no worker', advice };
    }
    return unless(dead, {
      check: 'workers',
      level: 'error',
      fine: `${rows.length} workers are alive`,
      what: 'workers are dead and nobody has ended them: what they ran does not go on',
      advice: 'start any process of the mesh: every one of them sweeps',
    });
  },
};

export const versions: Check = {
  name: 'versions',
  async look({ ask, version }) {
    const rows = await ask<WorkerRow>(LIVE);
    const others = rows.filter((row) => row.version !== version).map((row) => `${row.id}: ${row.version}`);
    return unless(others, {
      check: 'versions',
      level: 'warn',
      fine: `all workers are of release ${version}`,
      what: `workers are of another release than this program (${version})`,
      advice: 'let an upgrade end; producers first, then workers',
    });
  },
};
