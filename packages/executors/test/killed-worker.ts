import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs the source in a worker of its own, which is killed once the task has told the id of its process; gives that id. */
export async function pidUnderKilledWorker(type: 'python' | 'script', source: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-killed-'));
  const file = join(folder, 'pid');
  const module = new URL(`../src/builtin/${type}.ts`, import.meta.url).href;
  const worker = `
    import { writeFileSync } from 'node:fs';
    const { default: executor } = await import(${JSON.stringify(module)});
    const emit = (pid) => { writeFileSync(${JSON.stringify(file)}, String(pid)); process.kill(process.pid, 'SIGKILL'); };
    const call = { input: ${JSON.stringify({ source })}, signal: new AbortController().signal, runId: 'r', taskId: 't', attempt: 1, idempotencyKey: 'k', emit };
    await executor.run(call);`;
  await once(spawn(process.execPath, ['--input-type=module', '-e', worker]), 'exit');
  const pid = Number(await readFile(file, 'utf8'));
  await rm(folder, { recursive: true });
  return pid;
}

/** Dead, too, are orphans that the init process has not reaped yet. */
export async function isGone(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z ');
  return status.includes(') Z ');
}
