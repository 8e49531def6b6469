import type { Json, JsonObject, WorkflowDocument } from '@weft/contract';
import { keptIn } from '@weft/engine/domain';
import { ArtifactError } from '@weft/engine/ports';
import type { ArtifactStore, ExecutorCall, Outcome } from '@weft/engine/ports';
import { collectArtifacts, createMemoryArtifactStore } from '@weft/engine/runtime';
import { createRig, createTestDatabase, verifyDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const LARGE = { text: 'ä'.repeat(40_000), list: [1, 2, 3] };

let database: TestDatabase;
let rig: Rig;
let store: ArtifactStore;
/** What the executor `see` was given. */
let seen: Json[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  store = createMemoryArtifactStore();
  rig = await createRig({
    url: database.url,
    artifactStore: store,
    artifactLimits: { graceMs: 0 },
    executors: { large: async () => succeeded(LARGE), see },
  });
}, 60_000);
beforeEach(() => {
  seen = [];
});
afterAll(async () => {
  await verifyDatabase(database.url);
  await rig.stop();
  await database.drop();
});

const succeeded = (output: Json): Outcome => ({ kind: 'succeeded', output });

async function see({ input }: ExecutorCall): Promise<Outcome> {
  seen.push(input);
  return succeeded('seen');
}

/** A task with a large output, and what else there is. */
function flow(about: string, nodes: JsonObject, parts: JsonObject = {}): WorkflowDocument {
  const all = { a: { type: 'task', uses: 'large' }, ...nodes };
  return { name: about, ...parts, nodes: all } as unknown as WorkflowDocument;
}

const reader = (input: Json): JsonObject => ({ type: 'task', uses: 'see', with: { input }, needs: ['a'] });
const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));

describe('a large output that only inputs of tasks read', () => {
  test('is a reference with a preview in the run, and whole in inputs', async () => {
    const document = flow('whole', {
      b: reader('${a}'),
      c: reader('{{ nodes.a.text | slice: 0, 2 }}'),
      d: reader('${a.list}'),
    });
    const run = await rig.run(document);

    expect(run.head.status).toBe('succeeded');
    const { output } = (await rig.tasks(run.head.id))['a#0'] ?? {};
    const name = { name: 'a.json', mediaType: 'application/json', bytes: bytesOf(LARGE) };
    expect(output).toEqual({
      $artifact: { ...name, artifact: expect.stringMatching(/^[0-9a-f]{64}$/) },
      preview: JSON.stringify(LARGE).slice(0, 256),
    });
    expect(seen).toHaveLength(3);
    expect(seen).toEqual(expect.arrayContaining([{ input: LARGE }, { input: 'ää' }, { input: LARGE.list }]));
    const listed = await rig.engine.files.list({ tenant: 'default', runId: run.head.id, limit: 10, after: null });
    expect(listed.items).toMatchObject([{ ...name, by: { runId: run.head.id } }]);
  });

  test('of the items of a send is whole where the send is read', async () => {
    const nodes = {
      each: { type: 'send', items: [1, 2], target: 'a' },
      b: { type: 'task', uses: 'see', with: '${each}', needs: ['each'] },
    };
    const run = await rig.run(flow('items', nodes));

    expect(run.head.status).toBe('succeeded');
    expect(seen).toEqual([[LARGE, LARGE]]);
  });

  test('whose content is gone fails what reads it with artifact_missing', async () => {
    const other = await createRig({
      url: database.url,
      lanes: ['lossy'],
      artifactStore: { ...createMemoryArtifactStore(), open: async () => null },
      executors: { large: async () => succeeded(LARGE), see },
    });
    const run = await other.run(flow('gone', { b: reader('${a}') }, { defaults: { lane: 'lossy' } }));
    const { error } = (await other.tasks(run.head.id))['b#0'] ?? {};
    await other.stop();

    expect(run.head.status).toBe('failed');
    expect(error).toMatchObject({ code: 'artifact_missing', retryable: false });
  });

  test('stays in the database where the store has no room', async () => {
    const full = async () => Promise.reject(new ArtifactError('artifact_store_full', 'no room', { retryable: true }));
    const other = await createRig({
      url: database.url,
      lanes: ['full'],
      artifactStore: { ...createMemoryArtifactStore(), put: full },
      executors: { large: async () => succeeded(LARGE) },
    });
    const run = await other.run(flow('full', {}, { defaults: { lane: 'full' } }));
    const { output } = (await other.tasks(run.head.id))['a#0'] ?? {};
    await other.stop();

    expect(output).toEqual(LARGE);
  });
});

describe('a large output that the engine reads', () => {
  test.each<[by: string, nodes: JsonObject, parts: JsonObject]>([
    [
      'a route',
      { r: { type: 'route', on: 'nodes.a.list[0] == 1', routes: { true: 'b' }, needs: ['a'] }, b: reader('x') },
      {},
    ],
    ['the output of the run', {}, { output: '${a.list}' }],
    [
      'a transform',
      { b: { type: 'transform', updates: { n: '${a.list}' }, needs: ['a'] } },
      { state: { n: { type: 'array' } } },
    ],
  ])('by %s stays where it is', async (by, nodes, parts) => {
    const run = await rig.run(flow(`read by ${by}`.replaceAll(' ', '-'), nodes, parts));

    expect(run.head.status).toBe('succeeded');
    expect((await rig.tasks(run.head.id))['a#0']?.output).toEqual(LARGE);
  });

  test('goes into the state whole', async () => {
    const nodes = { a: { type: 'task', uses: 'large', output: 'big' }, b: reader('${state.big}') };
    const run = await rig.run(flow('state', nodes, { state: { big: { type: 'object' } } }));

    expect(run.head.status).toBe('succeeded');
    expect(seen).toEqual([{ input: LARGE }]);
  });

  test('of a child run is handed on, is whole in inputs, and cannot be looked into', async () => {
    await rig.engine.saveWorkflow({ tenant: 'default', document: flow('child', {}) });
    const child = { a: { type: 'subgraph', workflow: 'child' } };
    const whole = await rig.run(flow('parent', { ...child, b: reader('${a.list}') }));
    const run = await rig.run(
      flow(
        'looks',
        { ...child, r: { type: 'transform', updates: { n: '${a.list}' }, needs: ['a'] } },
        { state: { n: { type: 'array' } } },
      ),
    );

    expect(whole.head.status).toBe('succeeded');
    expect(seen).toEqual([{ input: LARGE.list }]);
    expect(run.head.status).toBe('failed');
    const { error } = (await rig.tasks(run.head.id))['r#0'] ?? {};
    expect(error).toMatchObject({ code: 'artifact_not_loaded', message: expect.stringContaining('the output of a') });
  });
});

describe('artifacts of a run', () => {
  const collect = () =>
    collectArtifacts(
      { artifactStore: store, artifacts: rig.store.artifacts, artifactLimits: { graceMs: 0 } },
      { contentGraceMs: 0, now: Date.now() },
    );
  const names = async () => (await Array.fromAsync(store.list())).map(({ artifact }) => artifact);

  test('are kept as long as the run or a fork of it is there, and are then taken away', async () => {
    const output = { about: 'a fork', ...LARGE };
    const other = await createRig({
      url: database.url,
      lanes: ['forked'],
      artifactStore: store,
      executors: { large: async () => succeeded(output), see },
    });
    const run = await other.run(flow('forked', { b: reader('${a.about}') }, { defaults: { lane: 'forked' } }));
    const kept = keptIn((await other.tasks(run.head.id))['a#0']?.output ?? null);
    const { runId: fork } = await other.engine.forkRun({
      tenant: 'default',
      runId: run.head.id,
      step: 2,
      workflow: null,
      edited: [],
      tags: null,
      stateOverrides: null,
      stateUpdates: null,
    });
    await other.ended(fork);
    await rig.engine.deleteRun('default', run.head.id);
    await collect();

    expect(seen).toEqual([{ input: 'a fork' }, { input: 'a fork' }]);
    expect(await names()).toContain(kept);

    await rig.engine.deleteRun('default', fork);
    await collect();
    await other.stop();
    expect(await names()).not.toContain(kept);
  });
});
