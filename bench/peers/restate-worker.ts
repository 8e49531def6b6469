/**
 * The handlers of the Restate side: each node is a durable step that returns about 100 bytes.
 *
 *     node restate-worker.ts PORT
 */
import { RestatePromise, serve, service } from '@restatedev/restate-sdk';
import type { Context } from '@restatedev/restate-sdk';

import { CHAIN, FAN, PAYLOAD } from '../mesh/side.ts';

const [port] = process.argv.slice(2);
const step = (context: Context, name: string) => context.run(name, async () => ({ payload: PAYLOAD }));

async function chain(context: Context): Promise<unknown> {
  let last: unknown;
  for (let n = 0; n < CHAIN; n++) last = await step(context, `n${n}`);
  return last;
}

async function fan(context: Context): Promise<unknown> {
  await step(context, 'first');
  await RestatePromise.all(Array.from({ length: FAN }, (_, n) => step(context, `w${n}`)));
  return step(context, 'last');
}

const single = (context: Context): Promise<unknown> => step(context, 'n0');

await serve({ services: [service({ name: 'bench', handlers: { chain, fan, single } })], port: Number(port) });
process.on('SIGTERM', () => process.exit(0));
console.log('ready');
