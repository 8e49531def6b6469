/** Groups that run now: a worker that exits takes them along. Process ids belong to the whole process, hence one set. */
const running = new Set<number>();

let watching = false;

/** Remembers a group, so that it ends with this process at the latest (save by SIGKILL, which nobody sees coming). */
export function trackGroup(groupId: number): void {
  running.add(groupId);
  if (watching) return;
  watching = true;
  process.once('exit', () => running.forEach((id) => signalGroup(id, 'SIGKILL')));
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
