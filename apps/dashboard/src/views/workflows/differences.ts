/** What differs between two JSON values, by path. Pure. */
export type Difference = { path: string; was: unknown; is: unknown };

export function differences(was: unknown, is: unknown, path = ''): Difference[] {
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  if (!isRecord(was) || !isRecord(is)) return [{ path: path === '' ? '/' : path, was, is }];
  const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...keys].flatMap((key) => differences(was[key], is[key], `${path}/${key}`));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
