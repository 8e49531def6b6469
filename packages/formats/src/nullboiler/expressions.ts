/** What NullBoiler's templates and paths refer to, in the native languages. */
import { type ImportLog, type ImportPath, quote } from '../foreign/import-log.ts';
import { rewriteTemplate, TemplateFault } from './rewrite-template.ts';
import { readStatePath, type StatePath, toLiquid, toReference } from './state-path.ts';
import type { StateTable } from './state-table.ts';

/** What the expressions of one document are read with. */
export type Scope = {
  log: ImportLog;
  state: StateTable;
  /** The texts that a condition takes for false. */
  falsy: readonly string[];
  /** Of a list of steps: the text that prints the output of one. */
  stepOutput?: (id: string, path: ImportPath) => string | null;
};

/** The text as a native template; what cannot be said is told at `path`. */
export function mapTemplate(source: string, path: ImportPath, scope: Scope): string {
  const known = new Map<string, string | null>();
  const reader = {
    falsy: scope.falsy,
    resolve: (expression: string) => {
      const text = known.get(expression) ?? resolve(expression, path, scope);
      known.set(expression, text);
      return text;
    },
    literalTag: (tag: string) =>
      scope.log.remark('literal_tag', path, `NullBoiler prints ${quote(tag)} as it stands, and so it is here`),
  };
  try {
    return rewriteTemplate(source, reader);
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error;
    scope.log.error('bad_template', path, error.message);
    return '';
  }
}

/** The root and the path that a state path means here; undefined (and told) for what has no equal. */
export function mapStatePath(
  text: string,
  path: ImportPath,
  { log, state }: Scope,
): { root: 'state' | 'config'; path: StatePath } | undefined {
  const segments = readStatePath(text);
  const [key, ...rest] = segments ?? [];
  if (key === '__config' && rest.length > 0) return { root: 'config', path: rest };
  const native = typeof key === 'string' && key !== '' ? state.read(key, path) : undefined;
  if (native !== undefined) return { root: 'state', path: [native, ...rest] };
  if (segments === undefined || key === '') log.remark('bad_path', path, `the path ${quote(text)} leads nowhere`);
  return undefined;
}

function resolve(expression: string, path: ImportPath, scope: Scope): string | null {
  const [, root = expression, rest = ''] = /^(\w+)\.(.*)$/s.exec(expression) ?? [];
  switch (root) {
    case 'state': {
      const found = rest === '' ? undefined : mapStatePath(expression, path, scope);
      return found ? printed(found, path, scope.log) : rest === '' ? unknown(expression, path, scope.log) : null;
    }
    case 'input':
    case 'config':
    case 'item':
      return value(root, rest, path, scope.log);
    case 'store':
      return without(
        'store_template',
        `${quote(`{{ ${expression} }}`)}: there is no store here, and nothing is printed`,
        path,
        scope.log,
      );
    case 'steps': {
      const id = /^(.+)\.output$/s.exec(rest)?.[1];
      const output = id === undefined ? undefined : scope.stepOutput?.(id, path);
      return output === undefined ? unknown(expression, path, scope.log) : output;
    }
    default:
      return unknown(expression, path, scope.log);
  }
}

function value(root: 'input' | 'config' | 'item', rest: string, path: ImportPath, log: ImportLog): string | null {
  if (rest === '') return root === 'item' ? '{{ item }}' : unknown(root, path, log);
  const segments = readStatePath(rest);
  if (segments) return printed({ root, path: segments }, path, log);
  return without('bad_path', `the path ${quote(rest)} leads nowhere`, path, log);
}

/** Liquid where it reads the path as NullBoiler does; it also indexes texts, and has sizes and ends of its own. */
function printed(found: { root: string; path: StatePath }, path: ImportPath, log: ImportLog): string | null {
  const isPlain = found.path.every((segment) => typeof segment === 'string' && !/^(?:size|first|last)$/.test(segment));
  const liquid = isPlain ? toLiquid(found.root, found.path) : undefined;
  if (liquid !== undefined) return `{{ ${liquid} }}`;
  const reference = toReference(found.root, found.path);
  if (reference !== undefined) return `\${${reference}}`;
  return without('bad_path', 'a key holds a character that cannot be written here', path, log);
}

function unknown(expression: string, path: ImportPath, log: ImportLog): null {
  return without(
    'unknown_expression',
    `${quote(`{{ ${expression} }}`)} is not known, and nothing is printed`,
    path,
    log,
  );
}

function without(code: string, message: string, path: ImportPath, log: ImportLog): null {
  log.remark(code, path, message);
  return null;
}
