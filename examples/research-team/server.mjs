// The team's other side: it understands nothing, but speaks the protocols. node server.mjs [PORT] [REDIS_URL] [DELAY_MS]
import { createServer } from 'node:http';
import { Redis } from 'ioredis';

/** The delay is time to watch what happens. */
const [port = '4620', redisUrl = 'redis://127.0.0.1:6379', delayMs = '200'] = process.argv.slice(2);
const pause = () => new Promise((resolve) => setTimeout(resolve, Number(delayMs)));

/** A researcher: first it searches, then it checks what it has found, then it answers with both. */
function research({ messages, model }) {
  const results = messages.filter(({ role }) => role === 'tool').map(({ content }) => JSON.parse(content));
  const told = results.length;
  const call = (name, args) => ({
    role: 'assistant',
    content: null,
    tool_calls: [{ id: `call-${told + 1}`, type: 'function', function: { name, arguments: JSON.stringify(args) } }],
  });
  const message = [
    () => call('search', { query: 'heat pumps' }),
    () => call('check', { claim: results[0].found[0] }),
    () => ({
      role: 'assistant',
      content: `${results[0].found[0]} That is ${results[1].isTrue}.`,
    }),
  ][Math.min(told, 2)]();
  const choice = { index: 0, message, finish_reason: message.tool_calls ? 'tool_calls' : 'stop' };
  return {
    id: 'c',
    object: 'chat.completion',
    model,
    choices: [choice],
    usage: { prompt_tokens: 1000, completion_tokens: 200 },
  };
}

/** The older A2A: one call, and the task with its artifact comes back. */
function write({ id, params }) {
  const text = `Worth knowing: ${params.message.parts
    .map((part) => part.text)
    .join(' ')
    .slice(-90)}`;
  const task = {
    id: params.id ?? id,
    status: { state: 'completed' },
    artifacts: [{ parts: [{ type: 'text', text }] }],
  };
  return { jsonrpc: '2.0', id, result: task };
}

const ANSWERS = {
  '/chat': () => ({ reply: 'What does it cost? How much electricity does it need?' }),
  '/v1/chat/completions': research,
  '/search': () => ({ response: { found: ['A heat pump gives three times the heat of the electricity it takes.'] } }),
  '/a2a': write,
};

const server = createServer((request, response) => {
  let body = '';
  request.on('data', (piece) => (body += piece));
  request.on('end', () => void give(request, body, response));
});

async function give({ method, url }, body, response) {
  const answer = method === 'POST' ? ANSWERS[url] : undefined;
  const isThere = answer !== undefined || url in ANSWERS || url === '/' || url === '/v1';
  if (answer) await pause();
  response.writeHead(isThere ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer?.(JSON.parse(body)) ?? {}));
}

server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});

/** The fact-checker reads requests from a stream, and answers in another one. */
async function checkFacts() {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  redis.once('error', () => process.stdout.write(`no Redis at ${redisUrl}: nobody checks facts\n`));
  redis.on('error', () => undefined);
  await redis.xgroup('CREATE', 'facts', 'checkers', '0', 'MKSTREAM').catch(() => undefined);
  for (;;) {
    const read = await redis.xreadgroup('GROUP', 'checkers', 'one', 'COUNT', 1, 'BLOCK', 1000, 'STREAMS', 'facts', '>');
    for (const [id, fields] of read?.[0]?.[1] ?? []) {
      const { correlation_id } = JSON.parse(fields[fields.indexOf('payload') + 1]);
      await pause();
      const answer = { correlation_id, response: { isTrue: true }, timestamp_ms: Date.now() };
      await redis.xadd('facts:responses', '*', 'payload', JSON.stringify(answer));
      await redis.xack('facts', 'checkers', id);
    }
  }
}
void checkFacts();
