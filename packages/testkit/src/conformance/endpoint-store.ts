import type { EndpointRecord, EndpointStore } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import { openStoresOnce } from './opened-stores.ts';
import { unique } from './store-records.ts';

/** `endpoints` can keep tokens, `keyless` is another process on the same store that cannot. */
export type EndpointsUnderTest = {
  endpoints: EndpointStore;
  keyless: EndpointStore;
  elapse: (ms: number) => Promise<void>;
  close: () => Promise<void>;
};

const TOKEN = { kind: 'value', value: 'sk-very-secret' } as const;

export function endpointRecord(parts: Partial<EndpointRecord> = {}): EndpointRecord {
  return {
    tenant: 'acme',
    name: unique('e'),
    protocol: 'webhook',
    url: 'https://agent.example/hook',
    model: null,
    tags: [],
    specialties: [],
    maxConcurrent: 1,
    price: {},
    limits: {},
    health: {},
    options: {},
    token: null,
    isDraining: false,
    isHealthy: null,
    problem: null,
    source: 'api',
    createdAt: 0,
    updatedAt: 0,
    ...parts,
  };
}

/** What every EndpointStore promises. */
export function endpointStoreConformance(name: string, open: () => Promise<EndpointsUnderTest>): void {
  describe(`the endpoint store ${name}`, () => {
    const stores = openStoresOnce(open);
    const store = () => stores().endpoints;

    async function add(parts: Partial<EndpointRecord> = {}): Promise<EndpointRecord> {
      const record = endpointRecord(parts);
      expect(await store().create(record)).toBe(true);
      return get(record);
    }

    async function get({ tenant, name: of }: EndpointRecord): Promise<EndpointRecord> {
      const found = await store().get(tenant, of);
      if (!found) throw new Error(`there is no endpoint ${of}`);
      return found;
    }

    /** Whether the work counts as a change. */
    async function isChange(work: () => Promise<unknown>): Promise<boolean> {
      const before = await store().version();
      await work();
      return (await store().version()) > before;
    }

    test('gives back all that was put in, with its own instants', async () => {
      const record = endpointRecord({
        protocol: 'openai_chat',
        model: 'large',
        tags: ['code', 'müll "quoted" 日'],
        specialties: ['review'],
        maxConcurrent: 7,
        price: { inputPerMTok: 0.15, outputPerMTok: 0.6, perCall: 0.001 },
        limits: { requestsPerMinute: 60 },
        health: { everyMs: 5000, url: 'https://agent.example/health' },
        options: { headers: { 'x-team': 'blue' }, deep: [{ a: null }] },
        token: TOKEN,
        source: 'file',
      });
      expect(await store().create(record)).toBe(true);
      const { createdAt, updatedAt, ...rest } = await get(record);

      expect({ ...rest, createdAt: 0, updatedAt: 0 }).toEqual(record);
      expect(createdAt).toBeGreaterThan(0);
      expect(updatedAt).toBe(createdAt);
    });

    test('a name is taken once in a tenant, and free in another', async () => {
      const first = await add();
      expect(await store().create({ ...first, url: 'https://other.example/x' })).toBe(false);
      expect(await store().create({ ...first, tenant: 'globex' })).toBe(true);
      expect((await get(first)).url).toBe(first.url);
    });

    test('lists those of a tenant by name, or all', async () => {
      const tenants = [unique('t'), unique('t')] as const;
      for (const [tenant, of] of [
        [tenants[0], 'b'],
        [tenants[1], 'a'],
        [tenants[0], 'a'],
      ] as const)
        await add({ tenant, name: of });

      expect((await store().list(tenants[0])).map(({ name: of }) => of)).toEqual(['a', 'b']);
      const all = (await store().list(null)).filter(({ tenant }) => tenants.some((one) => one === tenant));
      expect(all).toHaveLength(3);
    });

    test('the version rises with each change, and only then', async () => {
      const one = await add();
      const { tenant, name: of } = one;
      expect(await isChange(() => add())).toBe(true);
      expect(await isChange(() => store().create(one))).toBe(false);
      expect(await isChange(() => store().replace({ ...one, model: 'x' }))).toBe(true);
      expect(await isChange(() => store().setDraining(tenant, of, true))).toBe(true);
      expect(await isChange(() => store().setDraining(tenant, 'nobody', true))).toBe(false);
      const well = { failures: 0, problem: null };
      expect(await isChange(() => store().setHealthy(tenant, of, true, well))).toBe(true);
      expect(await isChange(() => store().setHealthy(tenant, of, true, well))).toBe(false);
      expect(await isChange(() => store().setHealthy(tenant, of, true, { failures: 1, problem: 'HTTP 500' }))).toBe(
        true,
      );
      expect(await isChange(() => store().takeDueProbes(1000))).toBe(false);
      expect(await isChange(() => store().remove(tenant, of))).toBe(true);
      expect(await isChange(() => store().remove(tenant, of))).toBe(false);
    });

    test('replacing keeps what is not said of an endpoint: that it drains, and when it was made', async () => {
      const one = await add();
      await store().setDraining(one.tenant, one.name, true);
      expect(await store().replace({ ...one, model: 'other', isDraining: false })).toBe(true);

      expect(await get(one)).toMatchObject({ model: 'other', isDraining: true, createdAt: one.createdAt });
      expect(await store().replace(endpointRecord())).toBe(false);
    });

    test('of two who change the same endpoint, the one who has not seen the other is refused', async () => {
      const one = await add();
      await stores().elapse(1000);
      const seen = (await get(one)).updatedAt;
      expect(await store().replace({ ...one, model: 'first' }, seen)).toBe(true);
      expect(await store().replace({ ...one, model: 'second' }, seen)).toBe(false);
      expect((await get(one)).model).toBe('first');
    });

    test('health counts as unknown once it is asked in another way, and stays else', async () => {
      const one = await add({ health: { everyMs: 1000 } });
      const { tenant, name: of } = one;
      await store().setHealthy(tenant, of, false, { failures: 5, problem: 'ECONNREFUSED' });
      expect(await get(one)).toMatchObject({ isHealthy: false, problem: 'ECONNREFUSED' });
      await store().replace({ ...one, tags: ['x'] });
      expect(await get(one)).toMatchObject({ isHealthy: false, problem: 'ECONNREFUSED' });
      await store().replace({ ...one, url: 'https://elsewhere.example/hook' });
      expect(await get(one)).toMatchObject({ isHealthy: null, problem: null });
    });

    test('each endpoint whose health check is due is given to one of those who ask, once in its time', async () => {
      const tenant = unique('t');
      const mine = async () => {
        const taken = await Promise.all([store().takeDueProbes(1000), store().takeDueProbes(1000)]);
        return taken.flat().filter(({ endpoint }) => endpoint.tenant === tenant);
      };
      await add({ tenant, name: 'often', health: { everyMs: 10_000 } });
      await add({ tenant, name: 'usual', token: TOKEN });
      await add({ tenant, name: 'never', health: { enabled: false } });
      await add({ tenant, name: 'topic', protocol: 'mqtt', url: 'mqtt://broker/topic' });
      const names = async () => (await mine()).map(({ endpoint }) => endpoint.name).toSorted();

      expect(await names()).toEqual(['often', 'usual']);
      expect(await names()).toEqual([]);
      await store().setHealthy(tenant, 'often', null, { failures: 2, problem: 'HTTP 503' });
      await stores().elapse(11_000);
      expect(await mine()).toMatchObject([{ endpoint: { name: 'often', problem: 'HTTP 503' }, failures: 2 }]);
      await stores().elapse(20_000);
      expect(await names()).toEqual(['often', 'usual']);
    });

    test('a process without the key can neither store a token nor read one, and does not lose it', async () => {
      const { keyless } = stores();
      const one = await add({ token: TOKEN });
      await expect(keyless.create(endpointRecord({ token: TOKEN }))).rejects.toMatchObject({
        code: 'no_encryption_key',
        errors: [{ pointer: '/token' }],
      });
      await expect(keyless.replace({ ...one, token: TOKEN })).rejects.toMatchObject({ code: 'no_encryption_key' });
      const seen = await keyless.get(one.tenant, one.name);
      expect(seen?.token).toEqual({ kind: 'sealed', keyId: expect.any(String) });
      if (seen) await keyless.replace({ ...seen, model: 'changed' });

      expect(await get(one)).toMatchObject({ model: 'changed', token: TOKEN });
    });

    test('the name of a secret needs no key, and takes the place of a token', async () => {
      const secret = { kind: 'secret', name: 'OPENAI' } as const;
      const { keyless } = stores();
      const one = await add({ token: TOKEN });
      await keyless.replace({ ...one, token: secret });
      expect((await get(one)).token).toEqual(secret);
      await keyless.replace({ ...one, token: null });
      expect((await get(one)).token).toBeNull();
    });
  });
}
