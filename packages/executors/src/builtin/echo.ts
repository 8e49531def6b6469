import { JsonValue } from '@weft/contract';

import { defineExecutor } from '../define.ts';

export default defineExecutor({
  type: 'echo',
  description: 'Returns its input.',
  input: JsonValue,
  output: JsonValue,
  example: { greeting: 'hello' },
  async run({ input }) {
    return { kind: 'succeeded', output: input };
  },
});
