import { writeFileSync } from 'node:fs';

/** A command that runs: the head of its group of processes, and what ends it where it has grown too large. */
export type RunningGroup = { pid: number; outgrew(bytes: number): void };

/** Groups that run now: a worker that exits takes them along. Process ids belong to the whole process, hence one map. */
const running = new Map<number, RunningGroup>();

let watching = false;

/** Where memory is out, the kernel ends what a task has started before the worker that holds many. */
const FIRST_TO_DIE = '500';

/** Remembers a group, so that it ends with this process at the latest (save by SIGKILL, which nobody sees coming). */
export function trackGroup(group: RunningGroup): void {
  running.set(group.pid, group);
  yieldMemory(group.pid);
  if (watching) return;
  watching = true;
  process.once('exit', () => running.forEach(({ pid }) => signalGroup(pid, 'SIGKILL')));
}

/** The commands that run now. */
export function runningGroups(): RunningGroup[] {
  return Array.from(running.values());
}

/** Kills what is left of a group and forgets it. */
export function endGroup(groupId: number): void {
  signalGroup(groupId, 'SIGKILL');
  running.delete(groupId);
}

/** Signals a command and all its descendants that have not left its group. A group without members is left alone. */
export function signalGroup(groupId: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-groupId, signal);
  } catch {
    // ESRCH: nobody is left. EPERM: what is left runs as somebody else, and is out of reach.
  }
}

function yieldMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, FIRST_TO_DIE);
  } catch {
    // Only Linux has it, and a command may have ended already.
  }
}
