import { z } from 'zod';
import { pageOf } from './page.ts';
import { ProblemItem } from './problem.ts';
import { Instant, WorkflowVersion } from './wire.ts';
import { WorkflowDocument } from './workflow-document.ts';

/** The formats of documents that are imported into the native one. */
export const ForeignFormat = z.enum(['nullboiler', 'mesh-execute']);
export type ForeignFormat = z.infer<typeof ForeignFormat>;

/** Something in an imported document that the native one cannot say exactly. */
export const ImportRemark = ProblemItem.meta({
  id: 'ImportRemark',
  description: 'Something in an imported document that the native one cannot say exactly',
});
export type ImportRemark = z.infer<typeof ImportRemark>;

const report = z
  .array(ImportRemark)
  .exactOptional()
  .meta({ description: 'Of an imported document: what could not be mapped exactly' });

const HashedVersion = WorkflowVersion.extend({ hash: z.string() }).strip();

/** The answer to a saved document; `hash` is that of its content. `report` is there if it was imported. */
export const SavedWorkflow = HashedVersion.extend({ report }).meta({ id: 'SavedWorkflow' });
export type SavedWorkflow = z.infer<typeof SavedWorkflow>;

/** One version in a list of workflows: the latest of its name. */
export const WorkflowSummary = HashedVersion.extend({
  description: z.string().exactOptional(),
  createdAt: Instant,
}).meta({ id: 'WorkflowSummary' });
export type WorkflowSummary = z.infer<typeof WorkflowSummary>;

/** One version with its document. */
export const Workflow = WorkflowSummary.extend({ document: WorkflowDocument }).meta({ id: 'Workflow' });
export type Workflow = z.infer<typeof Workflow>;

export const WorkflowPage = pageOf(WorkflowSummary).meta({ id: 'WorkflowPage' });
export type WorkflowPage = z.infer<typeof WorkflowPage>;

/** The answer of `POST /v1/workflows/validate`; `mermaid` is null unless the document is valid, `report` as in `SavedWorkflow`. */
export const Validation = z
  .object({ valid: z.boolean(), errors: z.array(ProblemItem), mermaid: z.string().nullable(), report })
  .meta({ id: 'Validation' });
export type Validation = z.infer<typeof Validation>;

/** The query of `GET /v1/workflows/{name}`; without `version` it is the latest. */
export const WorkflowQuery = z.strictObject({ version: z.coerce.number().int().min(1).max(2_147_483_647).optional() });
export type WorkflowQuery = z.infer<typeof WorkflowQuery>;

/** The query of `GET /v1/runs/{id}/graph`. */
export const DrawQuery = z.object({ format: z.enum(['mermaid', 'dot', 'json']).default('mermaid') });
export type DrawQuery = z.infer<typeof DrawQuery>;

/** The query of `GET /v1/workflows/{name}/graph`. */
export const GraphQuery = WorkflowQuery.extend(DrawQuery.shape);
export type GraphQuery = z.infer<typeof GraphQuery>;
