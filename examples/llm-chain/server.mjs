/**
 * A stand-in for a model, to try the workflow without one: node server.mjs [PORT] [--busy]
 *
 * It speaks the protocol of OpenAI's chat completions, streamed or not, and counts words for tokens. It understands
 * nothing: it knows some words of tickets, and the same question has the same answer. With --busy it refuses every third
 * request with 429 and breaks every fifth stream off in the middle.
 */
import { createServer } from 'node:http';

const KINDS = [
  ['bug', /\b(error|crash|broken|fails?|bug)/i],
  ['billing', /\b(invoice|charged|refund|payment|price)/i],
];

const DRAFTS = [
  [/bug report/, 'Sorry that it broke. Which steps lead there, and which version do you use?'],
  [/billing/, 'We will look into the charge. Which invoice number is it?'],
  [/question/, 'Good question. The handbook answers it; tell us if anything stays unclear.'],
];

const [port = '4600'] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const isBusy = process.argv.includes('--busy');
let asked = 0;

/** What the model says to a conversation. */
function replyTo(messages) {
  const first = messages[0]?.content ?? '';
  const last = messages.at(-1)?.content ?? '';
  if (first.startsWith('Classify')) {
    return JSON.stringify({ kind: KINDS.find(([, words]) => words.test(last))?.[0] ?? 'question' });
  }
  if (last.startsWith('Polish')) return `Thank you for writing to us! ${messages.at(-2)?.content ?? ''}`;
  return DRAFTS.find(([words]) => words.test(first))?.[1] ?? `You said: ${last}`;
}

const wordsOf = (text) => text.match(/\s*\S+/g) ?? [];

function complete(response, { model, messages, stream, stream_options: options }) {
  const words = wordsOf(replyTo(messages));
  const read = messages.reduce((sum, { content }) => sum + wordsOf(content ?? '').length, 0);
  const usage = { prompt_tokens: read, completion_tokens: words.length, total_tokens: read + words.length };
  const common = { id: `chatcmpl-${asked}`, created: Math.floor(Date.now() / 1000), model };
  if (!stream) {
    const choice = { index: 0, message: { role: 'assistant', content: words.join('') }, finish_reason: 'stop' };
    return send(response, 200, { ...common, object: 'chat.completion', choices: [choice], usage });
  }
  const event = (choices, rest = {}) =>
    `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices, ...rest })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const content of words) response.write(event([{ index: 0, delta: { content }, finish_reason: null }]));
  if (isBusy && asked % 5 === 0) return response.end();
  response.write(event([{ index: 0, delta: {}, finish_reason: 'stop' }]));
  if (options?.include_usage) response.write(event([], { usage }));
  response.end('data: [DONE]\n\n');
}

function send(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const refuse = (response, status, message, headers) =>
  send(response, status, { error: { message, type: 'stand_in', code: null } }, headers);

async function answer(request, response) {
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
    return refuse(response, 404, 'only POST /v1/chat/completions is here');
  }
  if (!request.headers.authorization?.startsWith('Bearer ')) return refuse(response, 401, 'an API key is missing');
  asked += 1;
  if (isBusy && asked % 3 === 0) return refuse(response, 429, 'too many requests', { 'retry-after': '0' });
  let text = '';
  for await (const chunk of request) text += chunk;
  complete(response, JSON.parse(text));
}

const server = createServer((request, response) => void answer(request, response));

server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}/v1\n`);
});
