/** What is said first of a node that has several tasks. */
const ORDER = ['running', 'ready', 'waiting', 'pending', 'failed', 'succeeded', 'cancelled', 'skipped'];

/** Per node the most telling status of its tasks: what goes on, then what went wrong, then what came of it. */
export function tellingStatuses(tasks: Iterable<{ node: string; status: string }>): Map<string, string> {
  const statuses = new Map<string, string>();
  for (const { node, status } of tasks) {
    const known = statuses.get(node);
    if (known === undefined || ORDER.indexOf(status) < ORDER.indexOf(known)) statuses.set(node, status);
  }
  return statuses;
}
