/** A control group with a limit on memory, for tests that may make one: as root, with a system that lets root do so. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const V1 = '/sys/fs/cgroup/memory';
const V2 = '/sys/fs/cgroup';

export type MemoryGroup = {
  /** The command that puts what follows it into the group, and runs it. */
  through: string[];
  /** How often the kernel has ended a process in it for want of memory. */
  kills(): number;
  remove(): void;
};

/** Null where none can be made. Remove it once all its processes have ended. */
export function memoryGroup(limitBytes: number): MemoryGroup | null {
  const isV1 = existsSync(join(V1, 'memory.limit_in_bytes'));
  const folder = join(isV1 ? V1 : V2, `weft-test-${process.pid}-${Date.now()}`);
  try {
    mkdirSync(folder);
    writeFileSync(join(folder, isV1 ? 'memory.limit_in_bytes' : 'memory.max'), String(limitBytes));
  } catch {
    return null;
  }
  const events = join(folder, isV1 ? 'memory.oom_control' : 'memory.events');
  return {
    through: ['sh', '-c', `echo $$ > ${folder}/cgroup.procs && exec "$@"`, 'sh'],
    kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(events, 'utf8'))?.[1] ?? 0),
    remove: () => rmdirSync(folder),
  };
}
