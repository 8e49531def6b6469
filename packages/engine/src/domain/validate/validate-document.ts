import type { WorkflowDocument } from '@weft/contract';
import { checkBounds } from './check-bounds.ts';
import { checkEdges } from './check-edges.ts';
import { checkExpressions } from './check-expressions.ts';
import { checkGraph } from './check-graph.ts';
import { checkNodes, type ValidationEnv } from './check-nodes.ts';
import { checkSchema } from './check-schema.ts';
import { checkSends } from './check-sends.ts';
import { checkShape } from './check-shape.ts';
import { checkState } from './check-state.ts';
import { checkUnsupported } from './check-unsupported.ts';
import { checkWaiting } from './check-waiting.ts';
import { readDraft } from './draft.ts';
import { type DocumentIssue, Issues } from './document-issue.ts';

/** `document` is the value as it was given, only if there are no issues. */
export type DocumentValidation = { document?: WorkflowDocument; issues: DocumentIssue[] };

/**
 * Checks a whole document and reports every error at once. Pure, never throws, and linear in the size of the document;
 * only a document beyond the bounds of nodes and depth is not looked at any further.
 */
export function validateDocument(value: unknown, env: ValidationEnv): DocumentValidation {
  const issues = new Issues();
  if (checkBounds(value, env.maxNodes, issues)) {
    const draft = readDraft(value);
    checkShape(value, issues);
    checkEdges(draft, issues);
    checkGraph(draft, issues);
    checkNodes(draft, env, issues);
    checkSends(draft, issues);
    checkWaiting(draft, issues);
    checkState(draft, issues);
    checkExpressions(draft, issues);
    checkSchema(draft.root['input'], ['input'], issues);
    checkUnsupported(draft, issues);
  }
  const list = issues.list();
  return list.length > 0 ? { issues: list } : { document: value as WorkflowDocument, issues: [] };
}
