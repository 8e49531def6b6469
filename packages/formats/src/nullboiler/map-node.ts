/** One node of NullBoiler as a native one. Every field is taken over or told. */
import type { JsonObject } from '@weft/contract';
import type { Fields } from '../foreign/fields.ts';
import { quote } from '../foreign/import-log.ts';
import { mapInterrupt, mapSubgraph, mapTransform } from './map-inline.ts';
import { mapPrompted } from './map-prompted.ts';
import { mapRoute } from './map-route.ts';
import { mapSend } from './map-send.ts';
import type { NodeContext } from './node-context.ts';

/** Fields that mean something in some node of the format. */
export const NODE_FIELDS: ReadonlySet<string> = new Set(
  `type prompt_template worker_tags output_key output_mapping retry cache defer max_turns continuation_prompt
  turn_timeout_ms input routes default message items_key items_from target_node updates store_updates workflow_id
  input_mapping`.split(/\s+/),
);

/** The native node; undefined if there is none, which has been logged. */
export function mapNode(fields: Fields, context: NodeContext): JsonObject | undefined {
  const type = fields.text('type') ?? 'task';
  const node = mapType(type, fields, context);
  if (node === undefined) return undefined;
  const deferred = fields.flag('defer') === true ? { defer: true } : {};
  if (fields.has('defer') && !['task', 'agent', 'transform'].includes(type)) {
    fields.log.remark('defer', fields.at('defer'), `NullBoiler never runs a deferred ${type}; here it runs at the end`);
  }
  fields.finish(NODE_FIELDS, whatIs(type, node));
  const native = { ...node, ...deferred };
  for (const key of Object.keys(native)) noteOrigin(key, fields, context);
  return native;
}

/** Native fields whose foreign name is another one. */
const ORIGINS: Record<string, string> = {
  prompt: 'prompt_template',
  tags: 'worker_tags',
  output: 'output_key',
  outputMapping: 'output_mapping',
  maxTurns: 'max_turns',
  continuePrompt: 'continuation_prompt',
  turnTimeoutMs: 'turn_timeout_ms',
  on: 'input',
  target: 'target_node',
  workflow: 'workflow_id',
  input: 'input_mapping',
};

function noteOrigin(key: string, fields: Fields, { name }: NodeContext): void {
  const foreign = ORIGINS[key] ?? key;
  if (fields.knows(foreign)) fields.log.origin(['nodes', name, key], fields.at(foreign));
}

function mapType(type: string, fields: Fields, context: NodeContext): JsonObject | undefined {
  switch (type) {
    case 'task':
    case 'agent':
      return mapPrompted(type, fields, context);
    case 'route':
      return mapRoute(fields, context);
    case 'interrupt':
      return mapInterrupt(fields);
    case 'transform':
      return mapTransform(fields, context);
    case 'subgraph':
      return mapSubgraph(fields, context);
    case 'send':
      return mapSend(fields, context);
    default:
      fields.log.error('node_type_unsupported', fields.at('type'), `NullBoiler has no node type ${quote(type)}`);
      return undefined;
  }
}

function whatIs(type: string, node: JsonObject): string {
  const isEmpty = (type === 'task' || type === 'agent') && node['type'] === 'transform';
  return isEmpty ? `a node of type ${type} without a prompt_template, which does nothing` : `a node of type ${type}`;
}
