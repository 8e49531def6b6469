/**
 * A service to try the workflow on: node server.mjs [PORT] [--broken]
 *
 * The first question after orders is refused with 503, as an overloaded service does. With --broken no report is taken.
 */
import { createServer } from 'node:http';

const ORDERS = [
  { id: 'A-1', customer: 'Ada', days: 2 },
  { id: 'A-2', customer: 'Grace', days: 9 },
  { id: 'A-3', customer: 'Zoë', days: 31 },
];

const [port = '4500'] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const broken = process.argv.includes('--broken');
const reports = new Map();
let asked = 0;

async function answer(request, response) {
  const send = (status, body, headers = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  if (request.method === 'GET' && request.url === '/orders') {
    asked += 1;
    return asked === 1 ? send(503, { error: 'busy' }, { 'retry-after': '0' }) : send(200, { orders: ORDERS });
  }
  if (request.method === 'POST' && request.url === '/reports') {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (broken) return send(500, { error: 'out of order' });
    const key = request.headers['idempotency-key'] ?? String(reports.size);
    const report = reports.get(key) ?? { id: `report-${reports.size + 1}`, ...JSON.parse(body) };
    reports.set(key, report);
    return send(201, report);
  }
  return send(404, { error: 'not here' });
}

const server = createServer((request, response) => void answer(request, response));

server.listen(Number(port), '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
});
