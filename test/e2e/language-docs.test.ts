/** The reference of the document says what is so: its examples are validated and run, its reducers applied. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Json, Reducer, WorkflowDocument } from '@weft/contract';
import { applyWrite, validateDocument } from '@weft/engine/domain';
import type { Executor } from '@weft/engine/ports';
import { ANY_LANE } from '@weft/engine/ports';
import { viewRun } from '@weft/engine/runtime';
import { loadExecutors, loadHandlers } from '@weft/executors';
import { parseDocument } from '@weft/formats';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'language.md'), 'utf8');

/** A whole document of the page, and what its comments say of it. */
type Example = { name: string; text: string; says: Record<string, string> };

const examples = blocksOf('yaml').flatMap(exampleOf);
const running = examples.filter(({ says }) => ['=>', 'state', 'tasks', 'fails'].some((word) => word in says));

let folder: string;
let executors: Map<string, Executor>;
let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-language-'));
  const file = join(folder, 'handlers.js');
  await writeFile(file, blocksOf('ts').join('\n'));
  const handlers = await loadHandlers(file);
  executors = new Map([...(await loadExecutors()), ...handlers]);
  database = await createTestDatabase();
  rig = await createRig({
    url: database.url,
    executors: Object.fromEntries([...executors].map(([type, executor]) => [type, (call) => executor.run(call)])),
    lanes: [ANY_LANE, ...handlers.keys()],
  });
});

afterAll(async () => {
  await rig?.stop();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

describe('docs/language.md', () => {
  test('shows documents, most of which are run', () => {
    expect(running.length).toBeGreaterThan(20);
    expect(new Set(examples.map(({ name }) => name)).size).toBe(examples.length);
  });

  test.each(examples)('$name is valid, or refused as it says', async (example) => {
    const { issues } = validate(await read(example.text));

    expect(issues.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual(expectedIssues(example));
  });

  test.each(running)('$name does what it says', async ({ text, says }) => {
    const document = validate(await read(text)).document as WorkflowDocument;
    const { head } = await rig.run(document, { input: JSON.parse(says['input'] ?? '{}') as Json });
    const { graphs } = rig.engine;
    const deps = { reader: rig.store.reader, loadGraph: graphs.load.bind(graphs) };
    const run = await viewRun(deps, 'default', head.id);

    expect(run?.error?.code).toBe(says['fails']);
    if (says['=>'] !== undefined) expect(run?.output).toEqual(JSON.parse(says['=>']));
    if (says['state'] !== undefined) expect(run?.state).toEqual(JSON.parse(says['state']));
    if (says['tasks'] !== undefined) expect(await statuses(head.id)).toEqual(JSON.parse(says['tasks']));
  });

  test('its table of reducers shows what they give', async () => {
    const rows = reducerRows();
    expect(new Set(rows.map(({ reducer }) => reducer)).size).toBe(7);
    for (const { reducer, cells } of rows) {
      const [old, written, result] = (await Promise.all(cells.map(read))) as [Json, Json, Json];
      expect(applyWrite(reducer, old, written), `${reducer} ${cells.join(' | ')}`).toEqual(result);
    }
  });
});

function blocksOf(language: string): string[] {
  const blocks = page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'));
  return Array.from(blocks, ([, text]) => text ?? '');
}

function exampleOf(text: string): Example[] {
  const name = /^name: (.+)$/m.exec(text)?.[1];
  if (name === undefined) return [];
  const comments = text.matchAll(/^# (=>|[a-z]+:) (.*)$/gm);
  const says = Object.fromEntries(Array.from(comments, ([, word = '', rest = '']) => [word.replace(':', ''), rest]));
  return [{ name, text, says }];
}

function expectedIssues({ says }: Example): string[] {
  return says['refused'] === undefined ? [] : [says['refused']];
}

async function read(text: string): Promise<Json> {
  const parsed = await parseDocument(text, 'yaml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}

function validate(value: Json): ReturnType<typeof validateDocument> {
  return validateDocument(value, { hasExecutor: (type) => executors.has(type), maxNodes: 10_000 });
}

async function statuses(runId: string): Promise<Record<string, string>> {
  const tasks = Object.values(await rig.tasks(runId));
  return Object.fromEntries(tasks.map(({ node, status }) => [node, status]));
}

/** Rows of `| reducer | old | written | new |`; a row without a name belongs to the one above. */
function reducerRows(): { reducer: Reducer; cells: string[] }[] {
  const [, table = ''] = page.split('| reducer | old | written | new |\n|---|---|---|---|\n');
  let reducer: Reducer = 'last_value';
  const lines = table.split('\n');
  return lines.slice(0, lines.indexOf('')).map((line) => {
    const [first = '', ...cells] = line.split('|').slice(1, -1);
    reducer = (/`(\w+)`/.exec(first)?.[1] as Reducer | undefined) ?? reducer;
    return { reducer, cells: cells.map((cell) => /`(.*?)`/.exec(cell)?.[1] ?? cell.trim()) };
  });
}
