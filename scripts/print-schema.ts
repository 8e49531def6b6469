/** Writes docs/workflow.schema.json from the contract; run it, then oxfmt, after the workflow document has changed. */
import { writeFile } from 'node:fs/promises';
import { workflowJsonSchema } from '@weft/contract';

await writeFile(
  new URL('../docs/workflow.schema.json', import.meta.url),
  `${JSON.stringify(workflowJsonSchema(), null, 2)}\n`,
);
