/** What may be reached from here: address by address, name by name, and where names change while one looks. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { startServer } from '@weft/testkit/local-server';
import type { LocalServer } from '@weft/testkit/local-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { addressKind } from '../src/outgoing/address-kind.ts';
import { readAllowList } from '../src/outgoing/allow-list.ts';
import type { Resolve } from '../src/outgoing/guard.ts';
import { OutgoingGuard } from '../src/outgoing/guard.ts';
import { guardedFetch } from '../src/outgoing/guarded-fetch.ts';
import { guardedSocket } from '../src/outgoing/guarded-socket.ts';

let server: LocalServer;
let asked = 0;

beforeAll(async () => {
  server = await startServer((request, response) => {
    asked += 1;
    if (request.url === '/away') response.writeHead(302, { location: 'http://169.254.169.254/latest/' });
    response.end('here');
  });
});
afterAll(() => server.close());

const port = (): number => Number(new URL(server.base).port);

async function outcome(url: string, allowed: string, resolve?: Resolve): Promise<string> {
  const guard = new OutgoingGuard(readAllowList(allowed), resolve);
  const request = { method: 'GET', headers: new Headers(), signal: AbortSignal.timeout(5_000) };
  try {
    const response = await guardedFetch(new URL(url), request, guard);
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    const { cause } = error as Error & { cause?: Error & { code?: string } };
    return cause?.code ?? String(error);
  }
}

test.each([
  ['93.184.215.14', 'public'],
  ['2606:2800:21f:cb07:6820:80da:af6b:8b2c', 'public'],
  ['::ffff:93.184.215.14', 'public'],
  ['64:ff9b::5db8:d70e', 'public'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['0:0:0:0:0:ffff:7f00:0001', 'loopback'],
  ['::127.0.0.1', 'loopback'],
  ['::ffff:0:127.0.0.1', 'loopback'],
  ['64:ff9b::7f00:1', 'loopback'],
  ['2002:7f00:1::', 'loopback'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['10.0.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'private'],
  ['fd12:3456::1', 'private'],
  ['fec0::1', 'private'],
  ['2002:c0a8:101::1', 'private'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['100.64.0.1', 'shared (CGNAT)'],
  ['100.128.0.1', 'public'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'reserved'],
  ['198.18.0.1', 'reserved'],
  ['203.0.113.9', 'reserved'],
  ['2001:db8::1', 'reserved'],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'reserved'],
  ['64:ff9b:1::7f00:1', 'reserved'],
  ['5f00::1', 'reserved'],
  ['169.254.169.254', 'metadata'],
  ['::ffff:169.254.169.254', 'metadata'],
  ['::ffff:a9fe:a9fe', 'metadata'],
  ['64:ff9b::a9fe:a9fe', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['not an address', 'reserved'],
])('the address %s is %s', (address, kind) => {
  expect(addressKind(address)).toBe(kind);
});

test.each([
  'http://127.0.0.1',
  'http://127.1',
  'http://2130706433',
  'http://0x7f000001',
  'http://0x7f.1',
  'http://0177.0.0.1',
  'http://0',
  'http://[::1]',
  'http://[::ffff:127.0.0.1]',
  'http://[0:0:0:0:0:ffff:7f00:1]',
  'http://localhost',
  'http://LOCALHOST',
  'http://\u2460\u2461\u2466.0.0.1',
])('nothing is sent to this machine when it is written as %s', async (origin) => {
  const before = asked;

  expect(await outcome(`${origin}:${port()}/`, '')).toBe('address_refused');

  expect(asked).toBe(before);
});

describe('what the list opens', () => {
  test.each([
    ['127.0.0.1', true],
    ['127.0.0.0/8', true],
    ['localhost, 10.0.0.0/8', false],
    ['127.0.0.1:PORT', true],
    ['127.0.0.1:1', false],
    ['::ffff:127.0.0.1', true],
    ['*.internal', false],
  ])('%s opens this machine: %s', async (allowed, isOpen) => {
    const result = await outcome(`${server.base}/`, allowed.replace('PORT', String(port())));

    expect(result).toBe(isOpen ? '200 here' : 'address_refused');
  });

  test('is a name, for wherever it leads', async () => {
    const resolve: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];

    expect(await outcome(`http://models.internal:${port()}/`, 'models.internal', resolve)).toBe('200 here');
    expect(await outcome(`http://models.internal:${port()}/`, '*.internal', resolve)).toBe('200 here');
    expect(await outcome(`http://internal:${port()}/`, '*.internal', resolve)).toBe('address_refused');
    expect(await outcome(`http://notmodels.internal:${port()}/`, 'models.internal', resolve)).toBe('address_refused');
  });

  test('is never a metadata address, unless it is named by itself', async () => {
    const guard = (allowed: string) => new OutgoingGuard(readAllowList(allowed)).problemOf('169.254.169.254', 80);

    expect(guard('169.254.0.0/16, 0.0.0.0/0')?.message).toContain('a metadata address');
    expect(guard('169.254.169.254')).toBeNull();
    const resolve: Resolve = async () => [{ address: '169.254.169.254', family: 4 }];
    expect(await outcome('http://metadata.google.internal/', '*.internal', resolve)).toBe('address_refused');
  });

  test.each([
    ['10.0.0.0/33', /length of a range/],
    ['10.0.0.0/-1', /length of a range/],
    ['10.0.0.0/8/8', /no address/],
    ['127.1', /no address/],
    ['0x7f000001', /no address/],
    ['http://127.0.0.1', /no address/],
    ['127.0.0.1:70000', /no such port/],
    ['a..b', /no address/],
  ])('is refused as a whole when it holds %s', (text, message) => {
    expect(() => readAllowList(text)).toThrow(message);
  });
});

test('a redirect to a private address is an answer, and asking for it is refused', async () => {
  expect(await outcome(`${server.base}/away`, '127.0.0.1')).toBe('302 here');
  expect(await outcome('http://169.254.169.254/latest/', '127.0.0.1')).toBe('address_refused');
});

test('a socket of another protocol ends with the refusal', async () => {
  const refused = (host: string): Promise<Error> =>
    new Promise((resolve) => {
      guardedSocket({ host, port: port(), isTls: false }, new OutgoingGuard([])).once('error', resolve);
    });

  expect(await refused('127.0.0.1')).toMatchObject({ code: 'address_refused' });
  // The URL parser leaves hosts of other schemes as they are; the system knows what they mean.
  expect(await refused('0x7f000001')).toMatchObject({ code: 'address_refused' });
  expect(await refused('localhost')).toMatchObject({ code: 'address_refused' });
});

describe('a name that changes where it leads', () => {
  let dns: Socket;
  let answers: string[] = [];
  let questions = 0;

  beforeAll(async () => {
    dns = createSocket('udp4');
    dns.on('message', (question, { port: back, address }) => {
      questions += 1;
      dns.send(dnsAnswer(question, answers), back, address);
    });
    await new Promise<void>((done) => dns.bind(0, '127.0.0.1', done));
  });
  afterAll(() => void dns.close());

  function ownResolver(): Resolve {
    const resolver = new Resolver({ timeout: 2_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${dns.address().port}`]);
    return async (host) => (await resolver.resolve4(host)).map((address) => ({ address, family: 4 }));
  }

  test('is asked for once, and the connection goes to the address that was judged', async () => {
    const elsewhere = createServer((_request, response) => response.end('the allowed one'));
    await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.2', done));
    const there = (elsewhere.address() as AddressInfo).port;
    const before = questions;
    answers = ['127.0.0.2'];

    const first = await outcome(`http://rebind.test:${there}/`, '127.0.0.2', ownResolver());
    answers = ['127.0.0.1'];
    const second = await outcome(`http://rebind.test:${port()}/`, '127.0.0.2', ownResolver());

    expect([first, second]).toEqual(['200 the allowed one', 'address_refused']);
    expect(questions - before).toBe(2);
    elsewhere.closeAllConnections();
    elsewhere.close();
  });

  test('is refused when one of its addresses is', async () => {
    answers = ['127.0.0.2', '127.0.0.1'];

    expect(await outcome(`http://both.test:${port()}/`, '127.0.0.2', ownResolver())).toBe('address_refused');
  });
});

/** An answer to a question for addresses: the question itself, and one A record of zero seconds for each address. */
function dnsAnswer(question: Buffer, addresses: string[]): Buffer {
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(addresses.length, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  const end = question.indexOf(0, 12) + 5;
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([header, question.subarray(12, end), ...records]);
}
