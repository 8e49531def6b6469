/** What the engine is asked for: a container that can do as little as its task needs. */
import type { JsonObject } from '@weft/contract';

import { strings } from '../process/variables.ts';
import type { ContainerInput } from './container-input.ts';

const MIB = 1024 * 1024;
const NANO = 1e9;

/** Where files lie in a container. */
export const ROOT = '/weft';
export const IN = 'in';
export const OUT = 'out';

/** Of the output the engine keeps so much on its disk, whatever is read of it here. */
const LOG_OPTIONS = { Type: 'json-file', Config: { 'max-size': '16m' } };

export type Labels = { run: string; task: string; attempt: number; tenant: string };

const LABEL = 'weft.task';

/** What finds the containers of a task, those of earlier attempts included. */
export function filterOf(task: string): string {
  return JSON.stringify({ label: [`${LABEL}=${task}`] });
}

export function creation(input: ContainerInput, labels: Labels): JsonObject {
  const { memoryMb, cpus, pids, tmpMb, command, entrypoint, user, workdir, network } = input;
  const env = { WEFT_IN: `${ROOT}/${IN}`, WEFT_OUT: `${ROOT}/${OUT}`, ...strings(input.env) };
  return {
    Image: input.image,
    ...(command && { Cmd: command.map(String) }),
    ...(entrypoint && { Entrypoint: entrypoint }),
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    User: user,
    WorkingDir: workdir ?? `${ROOT}/${OUT}`,
    Labels: {
      [LABEL]: labels.task,
      'weft.run': labels.run,
      'weft.attempt': String(labels.attempt),
      'weft.tenant': labels.tenant,
    },
    NetworkDisabled: !network,
    HostConfig: {
      NetworkMode: network ? 'bridge' : 'none',
      Memory: memoryMb * MIB,
      // Equal to the memory: nothing is swapped out.
      MemorySwap: memoryMb * MIB,
      NanoCpus: Math.round(cpus * NANO),
      PidsLimit: pids,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Tmpfs: { '/tmp': `rw,nosuid,nodev,noexec,size=${tmpMb}m,mode=1777` },
      // Of the container alone, and removed with it.
      Mounts: [{ Type: 'volume', Target: ROOT }],
      LogConfig: LOG_OPTIONS,
      RestartPolicy: { Name: 'no' },
    },
  };
}
