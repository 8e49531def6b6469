/**
 * `route`: NullBoiler reads a value of the state as text; the edges `node:value` say where it leads, `routes` which values
 * are declared, and `default` which of these stands for any other.
 */
import { END, type JsonObject } from '@weft/contract';
import type { Fields } from '../foreign/fields.ts';
import { quote } from '../foreign/import-log.ts';
import { mapStatePath } from './expressions.ts';
import type { NodeContext, RouteEdge } from './node-context.ts';
import { member, toCel } from './state-path.ts';

export function mapRoute(fields: Fields, context: NodeContext): JsonObject {
  const input = fields.text('input') ?? 'state.route_input';
  const declared = fields.object('routes');
  const fallback = fields.text('default');
  const targets = Map.groupBy(context.routeEdges, (edge) => edge.value);
  if (declared) checkDeclared(declared, fallback, { fields, targets });
  const on = onOf(input, fields, context);
  return {
    type: 'route',
    // Without declared values the default stands for a missing value only.
    on: declared || fallback === undefined ? on : `cel.bind(v, ${on}, v == null ? ${JSON.stringify(fallback)} : v)`,
    ...mapEdges(targets, declared ? fallback : undefined, context),
  };
}

function onOf(input: string, fields: Fields, { scope }: NodeContext): string {
  const found = mapStatePath(input, fields.has('input') ? fields.at('input') : fields.path, scope);
  if (found === undefined) return 'null';
  // A state key is always there; what lies below it need not be.
  const [key = '', ...below] = found.path;
  return found.root === 'state' ? toCel(member('state', String(key)), below) : toCel(found.root, found.path);
}

type Checked = { fields: Fields; targets: ReadonlyMap<string, readonly RouteEdge[]> };

/** What NullBoiler itself refuses before it runs a workflow. */
function checkDeclared(declared: JsonObject, fallback: string | undefined, { fields, targets }: Checked): void {
  for (const [value, target] of Object.entries(declared)) {
    const edges = targets.get(value) ?? [];
    const isMet = edges.some((edge) => typeof target !== 'string' || edge.target === target);
    if (isMet) continue;
    const message = `the value ${quote(value)} is declared, but no edge [${quote('...:' + value)}, ${JSON.stringify(target)}] leaves the route`;
    fields.log.error('missing_reference', [...fields.at('routes'), value], message);
  }
  if (fallback !== undefined && !Object.hasOwn(declared, fallback)) {
    const message = `the default must be one of the values in "routes": ${Object.keys(declared).map(quote).slice(0, 20).join(', ')}`;
    fields.log.error('missing_reference', fields.at('default'), message);
  }
  if (fallback === undefined) return;
  for (const [value, [edge]] of targets) {
    if (edge === undefined || Object.hasOwn(declared, value)) continue;
    const message = `"routes" does not declare ${quote(value)}, so NullBoiler takes the default for it; here this edge is taken`;
    fields.log.remark('undeclared_route_value', edge.path, message);
  }
}

/** A value with one target stands in `routes`; one with several goes through a node that leads to all of them. */
function mapEdges(
  targets: ReadonlyMap<string, readonly RouteEdge[]>,
  fallback: string | undefined,
  context: NodeContext,
): JsonObject {
  const routes: JsonObject = {};
  for (const [value, edges] of targets) routes[value] = targetOf(value, edges, context);
  const other = fallback === undefined ? undefined : routes[fallback];
  if (other !== undefined) return { routes, default: other };
  // A value without an edge ends nothing as long as other edges lead on.
  if (context.hasPlainEdges || targets.size === 0) return { ...(targets.size > 0 && { routes }), default: END };
  return { routes };
}

function targetOf(value: string, edges: readonly RouteEdge[], context: NodeContext): string {
  const names = [...new Set(edges.map((edge) => edge.to))];
  const [only = END] = names;
  const origin = edges[0]?.path ?? [];
  context.scope.log.origin(['nodes', context.name, 'routes', value], [...origin, 1]);
  if (names.length <= 1) return only;
  const fork = context.addNode(`${context.name}-${value}`, { type: 'transform', updates: {} });
  context.scope.log.origin(['nodes', fork], origin);
  for (const name of names) context.addEdge(fork, name);
  return fork;
}
