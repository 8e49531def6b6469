import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Who may import whom. Imports go one way; nothing else is allowed, not even for a type. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'packages/contract': [],
  'packages/engine': ['contract'],
  'packages/executors': ['contract', 'engine'],
  'packages/endpoints': ['contract', 'engine', 'executors'],
  'packages/callbacks': ['contract', 'engine', 'executors'],
  'packages/formats': ['contract', 'engine'],
  'packages/postgres': ['contract', 'engine'],
  'packages/redis': ['contract', 'engine'],
  'packages/artifacts': ['engine'],
  'packages/embedded': ['contract', 'engine', 'postgres'],
  'packages/sdk': ['contract'],
  'packages/workflow-testing': ['contract', 'engine', 'executors', 'formats'],
  'packages/testkit': ['contract', 'embedded', 'engine', 'executors', 'formats', 'postgres', 'sdk'],
  'apps/dashboard': ['contract', 'sdk'],
  'apps/producer': ['contract', 'dashboard', 'engine', 'formats', 'postgres'],
  'apps/worker': ['contract', 'engine', 'executors', 'postgres'],
  'apps/cli': [
    'artifacts',
    'callbacks',
    'contract',
    'dashboard',
    'embedded',
    'endpoints',
    'engine',
    'executors',
    'formats',
    'postgres',
    'producer',
    'redis',
    'sdk',
    'testing',
    'worker',
  ],
};

/** What the layers inside the engine may import, as patterns of import paths relative to `packages/engine/src`. */
const LAYERS: Readonly<Record<string, RegExp>> = {
  domain:
    /^(domain\/|@weft\/contract$|@cfworker\/json-schema$|@marcbachmann\/cel-js|@noble\/hashes\/|croner$|liquidjs)/,
  ports: /^(ports\/|domain\/|@weft\/contract$)/,
};

const SQL =
  /(?<![<\w.])(insert\s+into\s+\w|delete\s+from\s+\w|update\s+\w+\s+set\s|select\s[^;'"`]{1,300}?\sfrom\s+\w)/i;
const ENVIRONMENT = /\bprocess\.env\b|import\s*\{[^}]*\benv\b[^}]*\}\s*from\s*'node:process'/;
const IMPORT = /^(?:import|export)\b[^;'"]*?\sfrom\s*'([^'\s]+)'|^import\s*'([^'\s]+)'|\bimport\(\s*'([^'\s]+)'/gm;

type SourceFile = { path: string; text: string };
type Manifest = { path: string; dependencies: readonly string[] };

const root = join(import.meta.dirname, '..');

function sourceFiles(): SourceFile[] {
  const paths = globSync(['packages/*/src/**/*.ts', 'apps/*/src/**/*.{ts,tsx}'], { cwd: root });
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

function manifests(): Manifest[] {
  return globSync(['packages/*/package.json', 'apps/*/package.json'], { cwd: root }).map((path) => {
    const json: Record<string, Record<string, string>> = JSON.parse(readFileSync(join(root, path), 'utf8'));
    const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies'];
    return { path, dependencies: kinds.flatMap((kind) => Object.keys(json[kind] ?? {})) };
  });
}

function packageOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

/** Null for a package that is not ours. */
function ourPackage(specifier: string): string | null {
  return /^@weft\/([^/]+)/.exec(specifier)?.[1] ?? null;
}

function withoutComments(text: string): string {
  return text.replaceAll(/(?<=^|[\s(,;{}])(?:\/\*[\s\S]*?\*\/|\/\/[^\n]*)/g, '');
}

function importsOf(file: SourceFile): string[] {
  return [...withoutComments(file.text).matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** A relative import as a path from the root of the repository; any other as it stands. */
function resolveImport(file: SourceFile, specifier: string): string {
  return specifier.startsWith('.') ? normalize(join(dirname(file.path), specifier)) : specifier;
}

function isAllowed(from: string, to: string): boolean {
  return `packages/${to}` === from || (ALLOWED[from] ?? []).includes(to);
}

function manifestViolations(manifest: Manifest): string[] {
  const from = packageOf(manifest.path);
  if (ALLOWED[from] === undefined) return [`${from} is not in the table of allowed imports`];
  const ours = manifest.dependencies.map(ourPackage).filter((name) => name !== null);
  return ours.filter((to) => !isAllowed(from, to)).map((to) => `${manifest.path} depends on ${to}`);
}

function importViolations(file: SourceFile): string[] {
  const from = packageOf(file.path);
  return importsOf(file).flatMap((specifier) => {
    const to = ourPackage(specifier);
    const leaves = specifier.startsWith('.') && packageOf(resolveImport(file, specifier)) !== from;
    return leaves || (to !== null && !isAllowed(from, to)) ? [`${file.path} imports ${specifier}`] : [];
  });
}

function layerViolations(file: SourceFile): string[] {
  const engine = 'packages/engine/src/';
  const layer = file.path.startsWith(engine) ? LAYERS[file.path.slice(engine.length).split('/')[0] ?? ''] : undefined;
  if (layer === undefined) return [];
  const isForeign = (specifier: string): boolean => !layer.test(resolveImport(file, specifier).replace(engine, ''));
  return importsOf(file)
    .filter(isForeign)
    .map((specifier) => `${file.path} imports ${specifier}`);
}

function sqlViolations(file: SourceFile): string[] {
  if (packageOf(file.path) === 'packages/postgres') return [];
  const found = SQL.exec(withoutComments(file.text));
  return found === null ? [] : [`${file.path} holds SQL: ${found[0]}`];
}

function environmentViolations(file: SourceFile): string[] {
  if (file.path.endsWith('/config.ts') || packageOf(file.path) === 'packages/testkit') return [];
  return ENVIRONMENT.test(withoutComments(file.text)) ? [`${file.path} reads the environment`] : [];
}

describe('the house', () => {
  const files = sourceFiles();

  test('was read', () => {
    expect(new Set(files.map((file) => packageOf(file.path)))).toEqual(new Set(Object.keys(ALLOWED)));
  });

  test('has package.json files that depend one way', () => {
    expect(manifests().flatMap(manifestViolations)).toEqual([]);
  });

  test('has imports that go one way', () => {
    expect(files.flatMap(importViolations)).toEqual([]);
  });

  test('has an engine whose domain is pure and whose ports know nothing but it', () => {
    expect(files.flatMap(layerViolations)).toEqual([]);
  });

  test('keeps SQL in packages/postgres', () => {
    expect(files.flatMap(sqlViolations)).toEqual([]);
  });

  test('reads the environment in config files only', () => {
    expect(files.flatMap(environmentViolations)).toEqual([]);
  });
});

describe('each check bites', () => {
  test.each([
    ['packages/engine/package.json', '@weft/postgres'],
    ['apps/cli/package.json', '@weft/testkit'],
    ['packages/contract/package.json', '@weft/engine'],
  ])('%s must not depend on %s', (path, dependency) => {
    expect(manifestViolations({ path, dependencies: ['zod', dependency] })).toHaveLength(1);
  });

  test('a package that the table does not name is refused', () => {
    expect(manifestViolations({ path: 'packages/new/package.json', dependencies: [] })).toHaveLength(1);
  });

  test.each([
    ['packages/contract/src/a.ts', `import type { Store } from '@weft/engine/ports';`],
    ['packages/engine/src/runtime/a.ts', `export { Pool } from '@weft/postgres';`],
    ['packages/executors/src/a.ts', `import {\n  a,\n} from '../../postgres/src/a.ts';`],
    ['apps/worker/src/a.ts', `const { start } = await import('@weft/embedded');`],
    ['apps/producer/src/a.ts', `import '@weft/testkit';`],
  ])('%s must not contain %j', (path, text) => {
    expect(importViolations({ path, text })).toHaveLength(1);
  });

  test.each([
    ['packages/engine/src/domain/a.ts', `import { readFileSync } from 'node:fs';`],
    ['packages/engine/src/domain/run/a.ts', `import type { Store } from '../../ports/store.ts';`],
    ['packages/engine/src/domain/a.ts', `import { start } from '../runtime/start.ts';`],
    ['packages/engine/src/domain/a.ts', `import { Pool } from 'pg';`],
    ['packages/engine/src/ports/a.ts', `import type { Start } from '../runtime/start.ts';`],
    ['packages/engine/src/ports/a.ts', `import { setTimeout } from 'node:timers/promises';`],
  ])('the layer of %s must not contain %j', (path, text) => {
    expect(layerViolations({ path, text })).toHaveLength(1);
  });

  test.each([
    'const q = `select id, name\n  from run where id = $1`;',
    `const q = 'INSERT INTO run values (1)';`,
    `const q = "update task set status = 'ready'";`,
    `const q = 'delete from run';`,
  ])('SQL is found in %j', (text) => {
    expect(sqlViolations({ path: 'apps/cli/src/a.ts', text })).toHaveLength(1);
  });

  test.each([
    `import { select } from './select.ts';`,
    `const page = '<select name="status"><option>from</option></select>';`,
    `// select the lane from the table\n/* insert into nothing */`,
  ])('no SQL is found in %j', (text) => {
    expect(sqlViolations({ path: 'apps/cli/src/a.ts', text })).toEqual([]);
  });

  test.each([`const home = process.env['HOME'];`, `import { argv, env } from 'node:process';`])(
    'the environment is found in %j',
    (text) => {
      expect(environmentViolations({ path: 'apps/cli/src/main.ts', text })).toHaveLength(1);
    },
  );

  test('imports that the tables allow pass', () => {
    const text = `import { z } from 'zod';\nimport type { Run } from '@weft/contract';\nimport { a } from './a.ts';\n
      export type End = 'from' | 'to';\nconst glob = '@weft/*/src/**';`;
    const file = { path: 'packages/executors/src/b.ts', text };

    expect([importViolations, layerViolations, sqlViolations].flatMap((check) => check(file))).toEqual([]);
  });
});
