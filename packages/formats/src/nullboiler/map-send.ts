/** `send`: one task for each item of an array in the state. */
import type { JsonObject } from '@weft/contract';
import type { Fields } from '../foreign/fields.ts';
import { quote } from '../foreign/import-log.ts';
import { mapStatePath } from './expressions.ts';
import type { NodeContext } from './node-context.ts';
import { toReference } from './state-path.ts';

export function mapSend(fields: Fields, context: NodeContext): JsonObject | undefined {
  const items = itemsOf(fields, context);
  const target = fields.text('target_node');
  if (items === undefined || target === undefined) return nothing(fields);
  const itemNode = context.itemNode(target);
  if (itemNode === undefined) {
    fields.log.error('missing_reference', fields.at('target_node'), `there is no node ${quote(target)}`);
    return undefined;
  }
  const key = fields.text('output_key') ?? 'send_results';
  const output = context.scope.state.write(key, fields.at('output_key'));
  return {
    type: 'send',
    items,
    target: itemNode,
    // An item that fails leaves null in its place.
    onItemFailure: 'continue',
    ...(output !== undefined && { output }),
  };
}

/** `items_key`, or its other name. */
function itemsOf(fields: Fields, { name, scope }: NodeContext): string | undefined {
  const key = fields.has('items_key') ? 'items_key' : 'items_from';
  const text = fields.text(key);
  if (key === 'items_key') fields.leave('items_from', 'no_effect', 'items_key is given, too, and goes before it');
  if (text === undefined) return undefined;
  const found = mapStatePath(text, fields.at(key), scope);
  const reference = found && toReference(found.root, found.path);
  fields.log.origin(['nodes', name, 'items'], fields.at(key));
  return reference === undefined ? undefined : `\${${reference}}`;
}

/** NullBoiler warns, and completes the node without an update. */
function nothing(fields: Fields): JsonObject {
  fields.leave('output_key', 'no_effect', 'without items and a target nothing is sent');
  const message = 'without items (items_key) and a target (target_node) nothing is sent, and the node writes nothing';
  fields.log.remark('no_effect', fields.path, message);
  return { type: 'transform', updates: {} };
}
