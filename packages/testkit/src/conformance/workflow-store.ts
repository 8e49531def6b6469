import type { WorkflowDocument } from '@weft/contract';
import { describe, expect, test } from 'vitest';

import type { OpenStores } from './opened-stores.ts';
import { openStoresOnce } from './opened-stores.ts';
import { unique } from './store-records.ts';

function document(name: string, description = ''): WorkflowDocument {
  return { name, description, nodes: { a: { type: 'task', uses: 'echo', with: { text: 'NULL "\\ 日' } } } };
}

/** What every WorkflowStore promises. */
export function workflowStoreConformance(name: string, open: OpenStores): void {
  describe(`the workflow store ${name}`, () => {
    const stores = openStoresOnce(open);

    function save(workflow: string, hash: string, tenant = 'acme') {
      return stores().workflows.save({ tenant, hash, document: document(workflow, hash) });
    }

    test('a document is saved as the next version, and is what it was', async () => {
      const workflow = unique('flow');
      const saved = await save(workflow, 'h1');
      await save(workflow, 'h2');

      expect(saved).toMatchObject({ created: true, hash: 'h1', ref: { tenant: 'acme', name: workflow, version: 1 } });
      expect(saved.document).toEqual(document(workflow, 'h1'));
      expect((await stores().workflows.load(saved.ref))?.document).toEqual(document(workflow, 'h1'));
    });

    test('the same content again is the same version', async () => {
      const workflow = unique('flow');
      const first = await save(workflow, 'h1');
      await save(workflow, 'h2');

      expect(await save(workflow, 'h1')).toEqual({ ...first, created: false });
      expect((await save(workflow, 'h3')).ref.version).toBe(3);
    });

    test('every tenant with a workflow is named once', async () => {
      const tenants = [unique('t'), unique('t')];
      for (const tenant of tenants) for (const hash of ['h1', 'h2']) await save(unique('flow'), hash, tenant);

      const known = await stores().workflows.tenants();
      expect(known).toEqual(expect.arrayContaining(tenants));
      expect(new Set(known).size).toBe(known.length);
    });

    test('versions saved at once are numbered without gaps', async () => {
      const workflow = unique('flow');
      const saved = await Promise.all(Array.from({ length: 20 }, (_, n) => save(workflow, `h${n}`)));

      const versions = saved.map(({ ref }) => ref.version).toSorted((a, b) => a - b);
      expect(versions).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    });

    test('the same content saved at once is one version', async () => {
      const workflow = unique('flow');
      const saved = await Promise.all(Array.from({ length: 10 }, () => save(workflow, 'h')));

      expect(saved.map(({ ref }) => ref.version)).toEqual(saved.map(() => 1));
      expect(saved.filter(({ created }) => created)).toHaveLength(1);
    });

    test('the newest version is loaded unless another one is asked for', async () => {
      const { workflows } = stores();
      const workflow = unique('flow');
      await save(workflow, 'h1');
      await save(workflow, 'h2');
      const hashOf = async (version?: number) =>
        (await workflows.load({ tenant: 'acme', name: workflow, ...(version !== undefined && { version }) }))?.hash;

      expect([await hashOf(), await hashOf(1), await hashOf(2), await hashOf(3)]).toEqual([
        'h2',
        'h1',
        'h2',
        undefined,
      ]);
    });

    test('a tenant sees its own workflows only', async () => {
      const workflow = unique('flow');
      await save(workflow, 'h1');

      expect(await stores().workflows.load({ tenant: 'globex', name: workflow })).toBeNull();
      expect(await save(workflow, 'h1', 'globex')).toMatchObject({ created: true, ref: { version: 1 } });
    });

    test('the newest version of each is listed by name, page by page', async () => {
      const { workflows } = stores();
      const tenant = unique('tenant');
      for (const workflow of ['b', 'a', 'C', 'a']) await save(workflow, unique('h'), tenant);

      const first = await workflows.list({ tenant, limit: 2, afterName: null });
      expect(first.map(({ ref }) => [ref.name, ref.version])).toEqual([
        ['C', 1],
        ['a', 2],
      ]);
      const rest = await workflows.list({ tenant, limit: 2, afterName: 'a' });
      expect(rest.map(({ ref }) => ref.name)).toEqual(['b']);
    });
  });
}
