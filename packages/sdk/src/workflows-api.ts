import type {
  ForeignFormat,
  Json,
  JsonObject,
  SavedWorkflow,
  Validation,
  Workflow,
  WorkflowPage,
} from '@weft/contract';
import { drawing, type GraphFormat } from './drawing.ts';
import { workflowMigrationsApi, type WorkflowMigrationsApi } from './migrations-api.ts';
import type { Call, CallOptions, DocumentText, Transport } from './transport.ts';

/** A workflow document: as an object, or as text. */
export type DocumentInput = JsonObject | DocumentText;

type VersionOptions = CallOptions & { version?: number | undefined };
/** `format`: of a document that is imported. */
type DocumentOptions = CallOptions & { format?: ForeignFormat | undefined };
type ListOptions = CallOptions & { limit?: number | undefined; cursor?: string | undefined };

/** Saved workflows and their versions. */
export type WorkflowsApi = WorkflowMigrationsApi & {
  /** Saves a version; the same content again gives the version that is there. */
  save(document: DocumentInput, options?: DocumentOptions): Promise<SavedWorkflow>;
  /** Says everything that is wrong with a document; saves nothing. */
  validate(document: DocumentInput, options?: DocumentOptions): Promise<Validation>;
  list(options?: ListOptions): Promise<WorkflowPage>;
  /** One version with its document: the newest, unless `version` says otherwise. */
  get(name: string, options?: VersionOptions): Promise<Workflow>;
  /** The drawing as text (`mermaid`, `dot`) or as data (`json`). */
  graph(name: string, options: VersionOptions & { format: 'json' }): Promise<Json>;
  graph(name: string, options?: VersionOptions & { format?: 'mermaid' | 'dot' }): Promise<string>;
};

export function workflowsApi(transport: Transport): WorkflowsApi {
  return {
    ...workflowMigrationsApi(transport, pathOf),
    save: (document, options) => transport.json(submission('/v1/workflows', document, options)),
    validate: (document, options) => transport.json(submission('/v1/workflows/validate', document, options)),
    list: ({ signal, ...query } = {}) => transport.json({ signal, path: '/v1/workflows', query }),
    get: (name, { signal, version } = {}) => transport.json({ signal, path: pathOf(name), query: { version } }),
    graph: ((name: string, options?: VersionOptions & { format?: GraphFormat }) =>
      drawing(transport, pathOf(name), options)) as WorkflowsApi['graph'],
  };
}

function submission(path: string, document: DocumentInput, { signal, format }: DocumentOptions = {}): Call {
  return { signal, method: 'POST', path, ...(format && { query: { format } }), ...bodyOf(document) };
}

function bodyOf(document: DocumentInput): { document: DocumentText } | { json: JsonObject } {
  return isText(document) ? { document } : { json: document };
}

/** A document has `nodes`; a text has none. */
function isText(document: DocumentInput): document is DocumentText {
  return typeof document['text'] === 'string' && typeof document['mediaType'] === 'string' && !('nodes' in document);
}

function pathOf(name: string): string {
  return `/v1/workflows/${encodeURIComponent(name)}`;
}
