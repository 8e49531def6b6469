/** What only this API's requests hold; everything else is in the contract. */
import {
  EventsQuery,
  ForeignFormat,
  IdempotencyKey,
  JsonRecord,
  MAX_BATCH_RUNS,
  UserName,
  WorkflowDocument,
  WorkflowName,
} from '@weft/contract';
import { z } from 'zod';

/** A name in a path; what cannot name a workflow names none. */
export const NameParams = z.object({ name: WorkflowName });

/** The query of `POST /v1/workflows` and `POST /v1/workflows/validate`. */
export const FormatQuery = z.strictObject({
  format: z
    .enum(['native', ...ForeignFormat.options, 'flowmesh', 'n8n'])
    .default('native')
    .meta({ description: 'The format of the document; any but `native` is imported' }),
});

/** A workflow document, native or foreign. What reads it checks it as a whole and reports every error at once. */
export const AnyDocument = z.union([
  WorkflowDocument,
  JsonRecord.meta({ id: 'ForeignDocument', description: 'A workflow in the format that the query names' }),
]);

/** The body of `POST /v1/runs/{id}/cancel`, which may be left out. */
export const CancelRun = z
  .strictObject({ reason: z.string().min(1).max(1000).optional() })
  .nullish()
  .meta({ id: 'CancelRun', description: 'Why the run is cancelled' });

/** A batch as a whole, before its runs are looked at. */
export const UncheckedBatch = z.strictObject({ runs: z.array(z.unknown()).min(1).max(MAX_BATCH_RUNS) });

/** The body of an action that takes nothing. */
export const NoBody = z.strictObject({}).nullish();

export const IdempotencyHeaders = z.looseObject({
  'idempotency-key': IdempotencyKey.optional().meta({ description: 'The same key and body again: the same run' }),
});

/** Also who sends it. */
export const UserHeaders = IdempotencyHeaders.extend({
  'x-weft-user': UserName.optional().meta({ description: 'Who answers; it is kept with the answer' }),
});

export const EventsHeaders = z.looseObject({
  'last-event-id': EventsQuery.shape.after.meta({ description: 'The id of the last event that was received' }),
});
