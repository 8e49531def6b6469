/** `task` and `agent`: a prompt for a worker. Without one NullBoiler completes the node at once and writes nothing. */
import { type JsonObject, MAX_MS } from '@weft/contract';
import type { Fields } from '../foreign/fields.ts';
import { mapTemplate } from './expressions.ts';
import type { NodeContext } from './node-context.ts';
import { bounded, mapCache, mapRetry, mapTags } from './map-policy.ts';
import { readStatePath, toReference } from './state-path.ts';

export function mapPrompted(type: 'task' | 'agent', fields: Fields, context: NodeContext): JsonObject {
  const prompt = mapPrompt(fields, context);
  if (prompt === undefined) return { type: 'transform', updates: {} };
  return {
    type,
    ...mapTags(fields),
    prompt,
    ...(type === 'agent' && mapTurns(fields, context)),
    ...mapOutput(fields, context),
    ...mapRetry(fields, context.strictness),
    ...mapCache(fields),
  };
}

/** The native prompt; undefined without a template. */
function mapPrompt(fields: Fields, { scope }: Pick<NodeContext, 'scope'>): string | undefined {
  const template = fields.text('prompt_template');
  if (template === undefined) return undefined;
  return mapTemplate(template, fields.at('prompt_template'), scope);
}

/** Turns go on only where both their number and what to say are given. */
function mapTurns(fields: Fields, { scope }: NodeContext): JsonObject {
  if (!fields.has('max_turns') || !fields.has('continuation_prompt')) {
    for (const key of ['max_turns', 'continuation_prompt', 'turn_timeout_ms']) {
      fields.leave(key, 'no_effect', 'an agent takes one turn unless it has both max_turns and continuation_prompt');
    }
    return {};
  }
  const prompt = fields.text('continuation_prompt') ?? '';
  if (fields.has('turn_timeout_ms')) {
    const message = 'NullBoiler measures it over all turns, from the first answer on; here it bounds each turn';
    fields.log.remark('turn_timeout', fields.at('turn_timeout_ms'), message);
  }
  return {
    continuePrompt: mapTemplate(prompt, fields.at('continuation_prompt'), scope),
    ...bounded(fields, 'max_turns', { name: 'maxTurns', least: 1, most: 100 }),
    ...bounded(fields, 'turn_timeout_ms', { name: 'turnTimeoutMs', least: 1, most: MAX_MS }),
  };
}

/** Where the answer goes: `output_key`, `output_mapping`, or the state key `output`. */
function mapOutput(fields: Fields, context: NodeContext): JsonObject {
  const key = fields.text('output_key');
  const mapping = fields.object('output_mapping');
  if (key === undefined && mapping === undefined) {
    const output = context.writesOutput ? context.scope.state.write('output', fields.path) : undefined;
    return output === undefined ? {} : { output };
  }
  const output = key === undefined ? undefined : context.scope.state.write(key, fields.at('output_key'));
  return { ...(output !== undefined && { output }), ...(mapping && mapMapping(mapping, fields, context)) };
}

function mapMapping(mapping: JsonObject, fields: Fields, { name, scope }: NodeContext): JsonObject {
  const outputMapping: JsonObject = {};
  for (const [key, source] of Object.entries(mapping)) {
    const path = [...fields.at('output_mapping'), key];
    const segments = typeof source === 'string' ? readStatePath(source) : undefined;
    const reference = segments && toReference('', segments);
    const native = scope.state.write(key, path);
    if (reference === undefined) fields.log.remark('bad_path', path, 'no path into the answer; nothing is written');
    else if (native !== undefined) {
      outputMapping[native] = reference;
      fields.log.origin(['nodes', name, 'outputMapping', native], path);
    }
  }
  if (Object.keys(outputMapping).length === 0) return {};
  const message = 'where the answer lacks a path, NullBoiler leaves the state key as it is; here it becomes null';
  fields.log.remark('missing_is_null', fields.at('output_mapping'), message);
  return { outputMapping };
}

/** The fields of a node as far as a `send` uses them: what an item is asked, and whom. */
export function mapItemNode(fields: Fields, context: Pick<NodeContext, 'name' | 'scope'>): JsonObject {
  const tags = mapTags(fields);
  const prompt = mapPrompt(fields, context);
  if (prompt !== undefined) {
    fields.log.origin(['nodes', context.name, 'prompt'], fields.at('prompt_template'));
    return { type: 'task', ...tags, prompt };
  }
  const message = 'the target of a send needs a prompt_template: that is all it is asked';
  fields.log.error('missing_field', fields.at('prompt_template'), message);
  return { type: 'transform', updates: {} };
}
