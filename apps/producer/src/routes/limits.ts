import {
  AppError,
  KeyLimitList,
  KeyLimitQuery,
  SetKeyLimit,
  SetTenantLimits,
  TenantLimits,
  TenantList,
  TenantName,
} from '@weft/contract';
import type { Limit } from '@weft/engine/ports';
import { listKeyLimits, listTenants, viewTenant } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { problems } from '../schemas/answers.ts';

const TenantParams = z.object({ name: TenantName });

/** Shares and limits: of tenants, and of the keys of their tasks. */
export function limitRoutes(api: Api, options: AppOptions): void {
  tenantRoutes(api, options);
  keyRoutes(api, options);
}

function tenantRoutes(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/tenants',
    schema: {
      summary: 'Tenants with their shares and limits',
      description: 'The default one, and those for which anything is set; for a key its own tenant alone.',
      tags: ['limits'],
      response: { 200: TenantList, ...problems },
    },
    handler: async ({ caller: { scope }, tenant }) => {
      const items = scope === null ? await listTenants(queries, [tenant]) : [await viewTenant(queries, scope)];
      return { items };
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/tenants/:name',
    schema: {
      summary: 'One tenant with its share and limits',
      description: 'One for which nothing is set has no limit, and a weight of 1.',
      tags: ['limits'],
      params: TenantParams,
      response: { 200: TenantLimits, ...problems },
    },
    handler: async ({ caller: { scope }, params: { name } }) => {
      if (scope !== null && scope !== name) throw new AppError('not_found', `there is no tenant ${name}`);
      return viewTenant(queries, name);
    },
  });
  api.route({
    method: 'PUT',
    url: '/v1/tenants/:name',
    config: { needs: 'operator' },
    schema: {
      summary: 'Set the share and the limits of a tenant',
      description: 'They take the place of those before; all processes keep to them within a few seconds.',
      tags: ['limits'],
      params: TenantParams,
      body: SetTenantLimits,
      response: { 200: TenantLimits, ...problems },
    },
    handler: async ({ params, body }) => {
      const { weight = 1, ...limit } = body;
      await engine.setTenantLimits(params.name, { weight, ...toLimit(limit) });
      return viewTenant(queries, params.name);
    },
  });
}

function keyRoutes(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/limits',
    schema: { summary: 'Limits of keys', tags: ['limits'], response: { 200: KeyLimitList, ...problems } },
    handler: async ({ tenant }) => ({ items: await listKeyLimits(queries, tenant) }),
  });
  api.route({
    method: 'PUT',
    url: '/v1/limits',
    config: { needs: 'admin' },
    schema: {
      summary: 'Limit the tasks with a key',
      description: 'The key is what `concurrencyKey` of their node gives, or how it begins and `*`.',
      tags: ['limits'],
      body: SetKeyLimit,
      response: { 200: KeyLimitList, ...problems },
    },
    handler: async ({ tenant, body: { key, ...limit } }) => {
      await engine.setKeyLimit(tenant, key, toLimit(limit));
      return { items: await listKeyLimits(queries, tenant) };
    },
  });
  api.route({
    method: 'DELETE',
    url: '/v1/limits',
    config: { needs: 'admin' },
    schema: {
      summary: 'Remove the limit of a key',
      tags: ['limits'],
      querystring: KeyLimitQuery,
      response: { 200: KeyLimitList, ...problems },
    },
    handler: async ({ tenant, query: { key } }) => {
      await engine.removeKeyLimit(tenant, key);
      return { items: await listKeyLimits(queries, tenant) };
    },
  });
}

function toLimit({ maxConcurrent = null, rate = null }: Omit<SetTenantLimits, 'weight'>): Limit {
  return { maxConcurrent, rate: rate && { ...rate, burst: rate.burst ?? 1 } };
}
