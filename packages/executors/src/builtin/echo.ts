import { defineExecutor } from '../define.ts';
import { jsonValue } from '../json-value.ts';

export default defineExecutor({
  type: 'echo',
  description: 'Returns its input.',
  input: jsonValue,
  output: jsonValue,
  example: { greeting: 'hello' },
  async run({ input }) {
    return { kind: 'succeeded', output: input };
  },
});
