import { z } from 'zod';
import { JsonValue } from './json.ts';

/** How an update meets the value that is there. */
export const Reducer = z
  .enum(['last_value', 'append', 'merge', 'add', 'min', 'max', 'add_messages'])
  .meta({ id: 'Reducer', description: 'How an update meets the value that is there' });
export type Reducer = z.infer<typeof Reducer>;

/** One channel of a run's state. Without a default the key begins as null. */
export const StateKey = z
  .strictObject({
    type: z.enum(['string', 'number', 'boolean', 'array', 'object', 'any']),
    description: z.string().max(10_000).optional(),
    reducer: Reducer.optional().meta({ description: 'How updates are merged (last_value)' }),
    default: JsonValue.optional().meta({ description: 'The value when the run begins (null)' }),
    ephemeral: z
      .boolean()
      .optional()
      .meta({ description: 'Seen only by the tasks readied in the same step, never stored' }),
  })
  .meta({ id: 'StateKey', description: 'One channel of the state of a run' });
export type StateKey = z.infer<typeof StateKey>;
