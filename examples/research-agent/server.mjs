/**
 * A stand-in for a model, to try the workflow without one: node server.mjs [PORT]
 *
 * It speaks the protocol of OpenAI's chat completions, streamed or not, and counts words for tokens. It understands
 * nothing: it plans as many questions as the prompt names in words, knows an answer to each, and makes a report of notes.
 */
import { createServer } from 'node:http';

const KNOWN = [
  ['What does a heat pump cost?', 'With the work, a heat pump costs ten to thirty thousand euros.'],
  ['How much electricity does it need?', 'For three parts of heat it needs about one part of electricity.'],
  ['Does it work in the cold?', 'It works far below freezing, at a lower yield.'],
  ['How long does it last?', 'It lasts about twenty years.'],
  ['Who pays a part of it?', 'Many states pay a part of it, some up to half.'],
];
const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five'];

const [port = '4610'] = process.argv.slice(2);
let asked = 0;

/** What the model says to a prompt. */
function replyTo(prompt) {
  const number = NUMBERS.indexOf(/\b(one|two|three|four|five) questions?\b/.exec(prompt)?.[1]);
  if (number > 0) return JSON.stringify({ questions: KNOWN.slice(0, number).map(([question]) => question) });
  const known = KNOWN.find(([question]) => prompt.includes(question));
  if (known) return known[1];
  const notes = prompt.split('\n').filter((line) => line.startsWith('- '));
  return notes.length > 0 ? notes.map((line) => line.slice(2)).join(' ') : `You said: ${prompt}`;
}

const wordsOf = (text) => text.match(/\s*\S+/g) ?? [];

function complete(response, { model, messages, stream, stream_options: options }) {
  const words = wordsOf(replyTo(messages.at(-1)?.content ?? ''));
  const read = messages.reduce((sum, { content }) => sum + wordsOf(content ?? '').length, 0);
  const usage = { prompt_tokens: read, completion_tokens: words.length, total_tokens: read + words.length };
  const common = { id: `chatcmpl-${(asked += 1)}`, created: Math.floor(Date.now() / 1000), model };
  if (!stream) {
    const choice = { index: 0, message: { role: 'assistant', content: words.join('') }, finish_reason: 'stop' };
    return send(response, 200, { ...common, object: 'chat.completion', choices: [choice], usage });
  }
  const event = (choices, rest = {}) =>
    `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices, ...rest })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const content of words) response.write(event([{ index: 0, delta: { content }, finish_reason: null }]));
  response.write(event([{ index: 0, delta: {}, finish_reason: 'stop' }]));
  if (options?.include_usage) response.write(event([], { usage }));
  response.end('data: [DONE]\n\n');
}

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const refuse = (response, status, message) =>
  send(response, status, { error: { message, type: 'stand_in', code: null } });

async function answer(request, response) {
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
    return refuse(response, 404, 'only POST /v1/chat/completions is here');
  }
  if (!request.headers.authorization?.startsWith('Bearer ')) return refuse(response, 401, 'an API key is missing');
  let text = '';
  for await (const chunk of request) text += chunk;
  complete(response, JSON.parse(text));
}

const server = createServer((request, response) => void answer(request, response));

server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}/v1\n`);
});
