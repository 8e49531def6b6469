import { z } from 'zod';

/** Keys that reach into an object's prototype: refused wherever a caller chooses a key. */
export const DANGEROUS_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** The source of the edge into a node that starts with the run. */
export const START = '__start__';
/** The target of an edge that ends its branch. */
export const END = '__end__';

/* oxlint-disable no-control-regex -- spelled out, since the JSON Schema's readers need not know \p{Cc} */

const NAME_LENGTH = 200;

/**
 * A node's name. It stands in task keys (`each#1[17]/inner#2`), references (`${fetch.body}`) and route edges
 * (`decide:bug`), so it holds none of the characters that separate there.
 */
export const NodeName = z
  .string()
  .min(1, { error: 'a name must not be empty' })
  .max(NAME_LENGTH, { error: `a name has at most ${NAME_LENGTH} characters` })
  .regex(
    /^(?!(?:__start__|__end__|__proto__|constructor|prototype)$)[^#[\]/.$:{}\u0000-\u001f\u007f\ud800-\udfff]*$/u,
    { error: 'a name holds none of # [ ] / . $ : { } and no control character, and is not a reserved word' },
  )
  .meta({ id: 'NodeName', description: 'The name of a node' });
export type NodeName = z.infer<typeof NodeName>;

/** The name of a node that should exist; validation says so if it does not. */
export const NodeReference = z
  .string()
  .min(1, { error: 'a name must not be empty' })
  .max(NAME_LENGTH, { error: `a name has at most ${NAME_LENGTH} characters` })
  .meta({ id: 'NodeReference', description: 'The name of a node' });

/** A state key. Names that begin with two underscores belong to the engine (`__meta`, `__overwrite`). */
export const StateKeyName = z
  .string()
  .min(1, { error: 'a name must not be empty' })
  .max(NAME_LENGTH, { error: `a name has at most ${NAME_LENGTH} characters` })
  .regex(/^(?!__|(?:constructor|prototype)$)[^#[\]/.$:{}\u0000-\u001f\u007f\ud800-\udfff]*$/u, {
    error:
      'a state key holds none of # [ ] / . $ : { } and no control character, does not begin with __ and is not a reserved word',
  })
  .meta({ id: 'StateKeyName', description: 'The name of a state key' });

/** A workflow's name: stands as one segment in a URL and as an argument of the CLI. */
export const WorkflowName = z
  .string()
  .min(1, { error: 'a name must not be empty' })
  .max(NAME_LENGTH, { error: `a name has at most ${NAME_LENGTH} characters` })
  .regex(/^(?!(?:\.{1,2}|__proto__|constructor|prototype)$)[^/\\#?%\u0000-\u001f\u007f\ud800-\udfff]*$/u, {
    error: 'a workflow name holds none of / \\ # ? % and no control character, and is not a reserved word',
  })
  .meta({ id: 'WorkflowName', description: 'The name of a workflow' });

/** A short free text that marks things: tags, lanes, keys. */
export const Label = z
  .string()
  .min(1, { error: 'must not be empty' })
  .max(NAME_LENGTH, { error: `at most ${NAME_LENGTH} characters` })
  .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, { error: 'no control characters' });

/** Tags of a workflow, a node or a run. */
export const Tags = z.array(Label).max(100).meta({ description: 'Free labels' });
