/** Whether a run fits another version, as far as can be seen outside its lock. Nothing is changed, and no lock is taken. */
import type { RunMigration } from '@weft/contract';

import type { Graph } from '../../domain/graph/graph.ts';
import type { WrittenKey } from '../../domain/migrate/misfit.ts';
import { misfits } from '../../domain/migrate/misfits.ts';
import type { TaskProgress } from '../../domain/run/journal.ts';
import { TERMINAL_RUN } from '../../domain/run/records.ts';
import type { ChannelRecord } from '../../domain/run/records.ts';
import { channelValue } from '../../domain/state/reducer.ts';
import type { InputChecker, RunReader, RunRecord } from '../../ports/index.ts';
import type { GraphCache } from '../graph-cache.ts';
import { foldTo } from '../queries/checkpoints/read-checkpoint.ts';
import { pathTo } from '../queries/checkpoints/step-path.ts';

export type CheckDeps = { reader: RunReader; graphs: GraphCache; inputs: InputChecker };

type Problem = RunMigration['problems'][number];

const PAGE = 1000;
/** Nobody reads more of them. */
const MOST_PROBLEMS = 100;

/** Everything that keeps the run from following the version; nothing where it fits, or follows it already. */
export async function checkRun(deps: CheckDeps, run: RunRecord, to: Graph): Promise<Problem[]> {
  const { head } = run;
  const from = await deps.graphs.load(head.workflow);
  if (from.ref.version === to.ref.version) return [];
  const path = await pathTo(deps.reader, head.id, head.step);
  const [{ progress }, channels, running, ofInput] = await Promise.all([
    foldTo(deps.reader, { run, path }),
    deps.reader.channelsAlong(head.id, path),
    TERMINAL_RUN.has(head.status) ? [] : runningKeys(deps.reader, head.id),
    inputProblems(deps.inputs, run, to),
  ]);
  const tasks = new Map<string, TaskProgress>(progress.tasks);
  for (const key of running) {
    const task = tasks.get(key);
    if (task?.status === 'ready') tasks.set(key, { ...task, status: 'running' });
  }
  const written = writtenKeys(from, channels);
  return [...misfits({ from, to, progress: { ...progress, tasks }, written }), ...ofInput].slice(0, MOST_PROBLEMS);
}

async function inputProblems(inputs: InputChecker, { input }: RunRecord, { document }: Graph): Promise<Problem[]> {
  const errors = await inputs.check(document.input, input);
  return errors.map(({ pointer, message }) => {
    return { code: 'input_misfit', pointer, message: `the input of the run does not match the new schema: ${message}` };
  });
}

/** The journal does not tell which of the ready tasks run (rule C1). */
async function runningKeys(reader: RunReader, runId: string): Promise<string[]> {
  const keys: string[] = [];
  for (let after: { readsAt: number; key: string } | null = null; ;) {
    const tasks: { readsAt: number; key: string }[] = await reader.tasks(runId, {
      limit: PAGE,
      after,
      statuses: ['running'],
    });
    keys.push(...tasks.map(({ key }) => key));
    const last = tasks.at(-1);
    if (!last || tasks.length < PAGE) return keys;
    after = { readsAt: last.readsAt, key: last.key };
  }
}

/** The state keys that were written, with their values. */
export function writtenKeys(graph: Graph, channels: ReadonlyMap<string, ChannelRecord>): Map<string, WrittenKey> {
  const written = new Map<string, WrittenKey>();
  for (const [name, channel] of channels) {
    const schema = graph.state.get(name);
    if (schema) written.set(name, { value: channelValue(schema, channel), onDefault: channel.base === undefined });
  }
  return written;
}
