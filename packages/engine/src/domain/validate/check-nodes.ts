/** What a node's type asks for beyond its schema. */
import { tokensOf } from '@weft/contract';
import type { Json } from '@weft/contract';
import { ExpressionError } from '../expression/expression-error.ts';
import { compileTemplate } from '../expression/template.ts';
import { writtenEdges } from '../graph/edges.ts';
import { literalFields, literalProblems } from '../literal-fields.ts';
import { checkSchema } from './check-schema.ts';
import { asObject, type Draft, type RawObject } from './draft.ts';
import { type IssuePath, type Issues, quote } from './document-issue.ts';

/** What the checks must know of the place where the workflow will run. */
export type ValidationEnv = {
  hasExecutor(type: string): boolean;
  /** For "did you mean". */
  executorNames?: readonly string[];
  /** How many nodes a document may have. */
  maxNodes: number;
};

/** Node types that run an executor. */
const CACHEABLE: ReadonlySet<string> = new Set(['task', 'agent']);

const HANDLER = /^handler:[^\s:]+$/;

export function checkNodes(draft: Draft, env: ValidationEnv, issues: Issues): void {
  const routing = new Set(writtenEdges(draft.edges).flatMap((edge) => (edge.kind === 'route' ? [edge.from] : [])));
  for (const [name, node] of draft.nodes) {
    const path = ['nodes', name];
    if (node['type'] === 'task') checkTask(node, path, { env, issues });
    if (node['type'] === 'agent') checkAgent(node, path, { env, issues });
    if (node['type'] === 'route' && !routing.has(name)) {
      issues.add(
        'missing_route_edge',
        [...path, 'routes'],
        'a route needs routes, a default, or edges such as ["name:value", target]',
      );
    }
    checkCache(node, path, issues);
  }
  for (const field of ['interruptBefore', 'interruptAfter']) checkBreakpoints(field, draft, issues);
}

function checkBreakpoints(field: string, { root, nodeNames }: Draft, issues: Issues): void {
  const names: readonly unknown[] = Array.isArray(root[field]) ? root[field] : [];
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string' || name === '' || nodeNames.has(name)) continue;
    const message = `there is no node ${quote(name)}${issues.hint(name, nodeNames)}`;
    issues.add('missing_reference', [field, index], message);
  }
}

/** A task has an executor, or a prompt for an endpoint. A handler is valid although no worker offers it yet. */
function checkTask(node: RawObject, path: IssuePath, { env, issues }: { env: ValidationEnv; issues: Issues }): void {
  const { uses, prompt } = node;
  if (uses === undefined && prompt === undefined) {
    const message = 'a task needs "uses" (an executor, or handler:NAME) or "prompt" (for an endpoint)';
    return issues.add('missing_field', [...path, 'uses'], message);
  }
  for (const field of uses === undefined ? ['with'] : ['prompt', 'system', 'endpoint', 'outputSchema']) {
    if (node[field] === undefined) continue;
    const message = `"${field}" does not go with "${uses === undefined ? 'prompt' : 'uses'}"`;
    issues.add('invalid_value', [...path, field], message);
  }
  checkSchema(node['outputSchema'], [...path, 'outputSchema'], issues);
  checkUses(uses, path, { env, issues });
  if (typeof uses === 'string') checkLiterals(uses, node['with'], { path, issues });
}

/** A `with` that does not compile is told by the check of templates. */
function checkLiterals(uses: string, given: unknown, { path, issues }: { path: IssuePath; issues: Issues }): void {
  if (literalFields(uses).length === 0 || given === undefined) return;
  try {
    for (const { pointer, message } of literalProblems(uses, compileTemplate(given as Json))) {
      issues.add('literal_needed', [...path, 'with', ...tokensOf(pointer)], message);
    }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
  }
}

/** Exactly one of what a tool may be. */
function checkAgent(node: RawObject, path: IssuePath, context: { env: ValidationEnv; issues: Issues }): void {
  const { issues } = context;
  checkSchema(node['outputSchema'], [...path, 'outputSchema'], issues);
  for (const [name, given] of Object.entries(asObject(node['tools']) ?? {})) {
    const tool = asObject(given);
    if (!tool) continue;
    const at = [...path, 'tools', name];
    checkSchema(tool['parameters'], [...at, 'parameters'], issues);
    const ways = TOOL_WAYS.filter((way) => tool[way] !== undefined);
    if (ways.length === 0) issues.add('missing_field', [...at, 'uses'], `a tool needs one of ${TOOL_WAYS.join(', ')}`);
    for (const way of ways.slice(1)) {
      issues.add('invalid_value', [...at, way], `a tool has "${ways[0]}" or "${way}", not both`);
    }
    checkUses(tool['uses'], at, context);
    checkMcp(tool, at, issues);
  }
}

const TOOL_WAYS = ['uses', 'workflow', 'prompt', 'mcp'];

/** Its tools are asked for by the names that it gives them. */
function checkMcp(tool: RawObject, at: IssuePath, issues: Issues): void {
  const server = asObject(tool['mcp']);
  if (!server) return;
  if ((server['command'] === undefined) === (server['url'] === undefined)) {
    issues.add('invalid_value', [...at, 'mcp'], 'an MCP server has a command or a URL, and not both');
  }
  for (const field of ['description', 'parameters', 'with']) {
    if (tool[field] === undefined) continue;
    issues.add(
      'invalid_value',
      [...at, field],
      `"${field}" does not go with "mcp": the server says it of each of its tools`,
    );
  }
}

function checkUses(uses: unknown, path: IssuePath, { env, issues }: { env: ValidationEnv; issues: Issues }): void {
  if (typeof uses !== 'string' || uses === '' || HANDLER.test(uses)) return;
  if (uses.startsWith('handler:')) {
    return issues.add('unknown_executor', [...path, 'uses'], 'handler: needs a name without spaces and colons');
  }
  if (env.hasExecutor(uses)) return;
  const names = env.executorNames ?? [];
  const offer = names.length > 0 ? `; the executors are ${names.join(', ')}, and handler:NAME` : '';
  issues.add(
    'unknown_executor',
    [...path, 'uses'],
    `there is no executor ${quote(uses)}${issues.hint(uses, names)}${offer}`,
  );
}

/** Only what runs an executor has a result that could be kept for another. */
function checkCache(node: RawObject, path: IssuePath, issues: Issues): void {
  const type = node['type'];
  if (node['cache'] === undefined || typeof type !== 'string' || CACHEABLE.has(type)) return;
  issues.add('invalid_value', [...path, 'cache'], `a node of type ${quote(type)} runs no executor: it has no cache`);
}
