/** weft scale: worker processes whose number follows the demand. */
import { hostname } from 'node:os';

import { exitCodes, type ExitCode } from '@weft/contract';
import type { ScalingMemory } from '@weft/engine/domain';
import { eventOf, judge } from '@weft/engine/runtime';

import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { healthPort } from '../config.ts';
import { openMesh, type Mesh } from '../stack/open-mesh.ts';
import type { RunningProcess } from '../stack/running-process.ts';
import { scaleWorkers } from '../stack/scale-workers.ts';
import { meshSettings, processLog, serve, WAIT_MS } from './serve.ts';
import type { MeshSettings } from './serve.ts';
import { childCommand, withHealth, type ChildOptions } from './worker.ts';

/** Times in ms. */
export type ScaleCommandOptions = Omit<ChildOptions, 'processes'> & {
  min: number;
  max: number;
  sla?: number | undefined;
  interval: number;
  upAfter: number;
  downAfter: number;
  cooldown: number;
  health: boolean;
};

const LEAST_MS = 100;

export function scaleCommand(context: CommandContext, options: ScaleCommandOptions): Promise<ExitCode> {
  refuseMistakes(options);
  const settings = meshSettings(context);
  const { min, max } = options;
  const port = options.health ? healthPort(context.env) : null;
  return serve(context, {
    start: () => withHealth(port, () => startScaler(settings, options)),
    ready: () => ({ min, max }),
  });
}

function refuseMistakes({ min, max, sla = LEAST_MS, interval }: ScaleCommandOptions): void {
  const refuse = (message: string): never => {
    throw new CliError('usage', message, { exitCode: exitCodes.usage });
  };
  if (min > max) refuse(`--min ${min} is more than --max ${max}`);
  if (interval < LEAST_MS) refuse(`--interval is at least ${LEAST_MS}ms`);
  if (sla < 1) refuse('--sla is at least 1ms');
}

/** It runs no tasks: it holds the mesh to see what there is to do, and to report deaths. */
async function startScaler(settings: MeshSettings, options: ScaleCommandOptions): Promise<RunningProcess> {
  const log = processLog();
  const mesh = await openMesh({ ...settings, waitMs: WAIT_MS, log });
  const by = `scaler ${options.name ?? hostname()}`;
  const children = scaleWorkers({
    min: options.min,
    max: options.max,
    intervalMs: options.interval,
    command: childCommand({ ...options, processes: options.max }),
    report: (id) => mesh.engine.sweeper.endWorker(id),
    decide: decider(mesh, options),
    record: (decision, { from, to }) =>
      mesh.deps.mesh.addScalingEvent(eventOf({ ...decision, workersWanted: to }, { by, workers: from })),
    log,
  });
  return {
    ...children,
    async stop() {
      await children.stop();
      await mesh.engine.stop();
      await mesh.close();
    },
  };
}

function decider({ deps }: Mesh, options: ScaleCommandOptions) {
  const { min, max, upAfter, downAfter, cooldown, lanes = null } = options;
  const rules = { min, max, upAfterMs: upAfter, downAfterMs: downAfter, cooldownMs: cooldown };
  let before: ScalingMemory | null = null;
  return async (workers: number) => {
    const { slaMs, now } = await deps.mesh.scaling();
    const { decision, memory } = await judge(deps, { slaMs: options.sla ?? slaMs, lanes, before, rules, now, workers });
    before = memory;
    return decision;
  };
}
