/**
 * NullBoiler's path language: dotted keys, each with at most one `[N]` or `[-1]`, and an optional `state.` before it. What
 * is missing is null. The same path is written here in the native languages.
 */

/** Keys and positions; -1 is the last. */
export type StatePath = readonly (string | number)[];

const SEGMENT = /^([^[]*)(?:\[(-1|\d{1,9})\])?$/;

/** Reads a path; undefined for one that never leads anywhere. */
export function readStatePath(text: string): StatePath | undefined {
  const path: (string | number)[] = [];
  for (const segment of text.replace(/^state\./, '').split('.')) {
    const match = SEGMENT.exec(segment);
    if (match === null) return undefined;
    path.push(match[1] ?? '');
    if (match[2] !== undefined) path.push(Number(match[2]));
  }
  return path;
}

/** The path as it stands within `${}` and in `outputMapping`; undefined for keys that cannot be written there. */
export function toReference(root: string, path: StatePath): string | undefined {
  return written(root, path, /^(?![ \t\n])[^.[\]{}$"'#:/]+(?<![ \t\n])$/);
}

/** The path as Liquid reads it. */
export function toLiquid(root: string, path: StatePath): string | undefined {
  return written(root, path, /^[A-Za-z_][A-Za-z0-9_]*$/);
}

function written(root: string, path: StatePath, plain: RegExp): string | undefined {
  let text = root;
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else if (plain.test(segment)) text += text === '' ? segment : `.${segment}`;
    else if (/["\\{}%]/.test(segment)) return undefined;
    else text += `["${segment}"]`;
  }
  return text;
}

/** What lies at the path in a value, as CEL; null where anything on the way is missing, which CEL alone takes for a failure. */
export function toCel(value: string, path: StatePath): string {
  let cel = value;
  for (const segment of path) {
    const [guard, found] =
      typeof segment === 'string'
        ? [`type(v) == map && ${JSON.stringify(segment)} in v`, `v[${JSON.stringify(segment)}]`]
        : [`type(v) == list && size(v) > ${Math.max(segment, 0)}`, segment < 0 ? 'v[size(v) - 1]' : `v[${segment}]`];
    cel = `cel.bind(v, ${cel}, ${guard} ? ${found} : null)`;
  }
  return cel;
}

/** A key of a root that is known to exist. */
export function member(root: string, key: string): string {
  return isCelName(key) ? `${root}.${key}` : `${root}[${JSON.stringify(key)}]`;
}

/** Whether an input has the key. */
export function hasInput(key: string): string {
  return isCelName(key) ? `has(input.${key})` : `${JSON.stringify(key)} in input`;
}

const CEL_WORDS = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

function isCelName(key: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) && !CEL_WORDS.has(key);
}
