/** The text of the filter bar, such as `status:failed workflow:etl tag:nightly since:2h`. Pure. */
import type { RunStatus } from '@weft/contract';

export type RunFilter = { status?: RunStatus; workflow?: string; tag?: string; createdAfter?: string };

export const RUN_STATUSES: readonly RunStatus[] = [
  'pending',
  'running',
  'interrupted',
  'succeeded',
  'failed',
  'cancelled',
];

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `problem` says which word means nothing, and what would. */
export function parseFilter(text: string, now: number): { filter: RunFilter; problem: string | null } {
  const filter: RunFilter = {};
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const colon = word.indexOf(':');
    const problem = colon < 0 ? unknownWord(word) : apply(filter, word.slice(0, colon), word.slice(colon + 1), now);
    if (problem !== null) return { filter, problem };
  }
  return { filter, problem: null };
}

function apply(filter: RunFilter, name: string, value: string, now: number): string | null {
  switch (name) {
    case 'status': {
      const status = RUN_STATUSES.find((one) => one === value);
      if (!status) return `There is no status "${value}": ${RUN_STATUSES.join(', ')}.`;
      filter.status = status;
      return null;
    }
    case 'workflow':
    case 'tag':
      if (value === '') return `Say which ${name}, such as ${name}:nightly.`;
      filter[name] = value;
      return null;
    case 'since': {
      const [, many, unit] = /^(\d{1,6})([smhd])$/.exec(value) ?? [];
      if (many === undefined || unit === undefined) return 'Say since when, such as since:30m, since:2h or since:7d.';
      filter.createdAfter = new Date(now - Number(many) * (UNITS[unit] ?? 0)).toISOString();
      return null;
    }
    default:
      return unknownWord(name);
  }
}

function unknownWord(word: string): string {
  return `"${word}" filters nothing: use status:, workflow:, tag: or since:.`;
}

/** The same list from a terminal. */
export function listCommand({ status, workflow, tag }: RunFilter): string {
  const flags = [status && `--status ${status}`, workflow && `--workflow ${workflow}`, tag && `--tag ${tag}`];
  return ['npx weft list', ...flags.filter(Boolean)].join(' ');
}
