import {
  AppError,
  GraphQuery,
  PageQuery,
  SavedWorkflow,
  Validation,
  Workflow,
  WorkflowPage,
  WorkflowQuery,
} from '@weft/contract';
import type { WorkflowSummary } from '@weft/contract';
import { diagramOf, toMermaid } from '@weft/engine/domain';
import type { StoredWorkflow } from '@weft/engine/ports';
import { toInstant } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { drawingAnswer, drawingOf } from '../http/drawing.ts';
import { found } from '../http/ids.ts';
import { invalidDocument } from '../read-document.ts';
import { problems } from '../schemas/answers.ts';
import { AnyDocument, FormatQuery, NameParams } from '../schemas/requests.ts';
import { submittedWorkflow } from '../submitted-workflow.ts';

const DOCUMENT_TYPES = ['application/json', 'application/yaml'];

/** Saving, checking, listing and drawing workflows. */
export function workflowRoutes(api: Api, options: AppOptions): void {
  saveRoute(api, options);
  validateRoute(api, options);
  readRoutes(api, options);
  graphRoute(api, options);
}

function saveRoute(api: Api, options: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/workflows',
    config: { isDocument: true },
    schema: {
      summary: 'Save a workflow',
      description:
        'The same content again is the same version. A foreign document is imported, and `report` lists what could not be mapped exactly.',
      tags: ['workflows'],
      consumes: DOCUMENT_TYPES,
      querystring: FormatQuery,
      body: AnyDocument,
      response: { 200: SavedWorkflow, 201: SavedWorkflow, ...problems },
    },
    handler: async ({ tenant, parsedBody, query }, reply) => {
      if (!parsedBody?.ok) throw new AppError('unparsable', 'a document is required');
      const { document, errors, report } = submittedWorkflow(options, parsedBody, query.format);
      if (!document) throw invalidDocument(errors);
      const { ref, hash, created } = await options.engine.saveWorkflow({ tenant, document });
      reply.header('location', `/v1/workflows/${encodeURIComponent(ref.name)}?version=${ref.version}`);
      return reply
        .code(created ? 201 : 200)
        .send({ name: ref.name, version: ref.version, hash, ...(report && { report }) });
    },
  });
}

function validateRoute(api: Api, options: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/workflows/validate',
    config: { isDocument: true, keepsBadBody: true },
    schema: {
      summary: 'Check a document and save nothing',
      tags: ['workflows'],
      consumes: DOCUMENT_TYPES,
      querystring: FormatQuery,
      body: AnyDocument,
      response: { 200: Validation, ...problems },
    },
    handler: async ({ parsedBody, query }) => {
      if (!parsedBody) throw new AppError('unparsable', 'a document is required');
      if (!parsedBody.ok) return { valid: false, errors: parsedBody.errors, mermaid: null };
      const { document, errors, report } = submittedWorkflow(options, parsedBody, query.format);
      const mermaid = document ? toMermaid(diagramOf(document)) : null;
      return { valid: document !== undefined, errors, mermaid, ...(report && { report }) };
    },
  });
}

const NameCursor = z.object({ name: z.string() });

function readRoutes(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/workflows',
    schema: {
      summary: 'The newest version of each workflow, by name',
      tags: ['workflows'],
      querystring: PageQuery,
      response: { 200: WorkflowPage, ...problems },
    },
    handler: async ({ tenant, query: { limit, cursor } }) => {
      const afterName = decodeCursor(cursor, NameCursor)?.name ?? null;
      const stored = await queries.workflows.list({ tenant, limit: limit + 1, afterName });
      const shown = stored.slice(0, limit);
      const last = stored.length > limit ? shown.at(-1) : undefined;
      return { items: shown.map(toSummary), nextCursor: last ? encodeCursor({ name: last.ref.name }) : null };
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/workflows/:name',
    schema: {
      summary: 'One version of a workflow with its document',
      tags: ['workflows'],
      params: NameParams,
      querystring: WorkflowQuery,
      response: { 200: Workflow, ...problems },
    },
    handler: async ({ tenant, params, query }) => {
      const stored = await loadWorkflow(queries, { tenant, name: params.name, version: query.version });
      return { ...toSummary(stored), document: stored.document };
    },
  });
}

function graphRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/workflows/:name/graph',
    schema: {
      summary: 'The graph of a workflow',
      tags: ['workflows'],
      params: NameParams,
      querystring: GraphQuery,
      response: { 200: drawingAnswer, ...problems },
    },
    handler: async ({ tenant, params, query }, reply) => {
      const diagram = diagramOf(
        (await loadWorkflow(queries, { tenant, name: params.name, version: query.version })).document,
      );
      const { type, body } = drawingOf(diagram, query.format);
      return (type === null ? reply : reply.type(type)).send(body);
    },
  });
}

async function loadWorkflow(
  { workflows }: AppOptions['queries'],
  { tenant, name, version }: { tenant: string; name: string; version: number | undefined },
): Promise<StoredWorkflow> {
  const stored = await workflows.load({ tenant, name, ...(version !== undefined && { version }) });
  const which = version === undefined ? '' : `version ${version} of `;
  return found(stored, `${which}workflow ${JSON.stringify(name)}`);
}

function toSummary({ ref, hash, document, createdAt }: StoredWorkflow): WorkflowSummary {
  return {
    name: ref.name,
    version: ref.version,
    hash,
    ...(document.description !== undefined && { description: document.description }),
    createdAt: toInstant(createdAt),
  };
}
