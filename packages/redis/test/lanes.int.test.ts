import { ANY_LANE } from '@weft/engine/ports';
import type { TaskMessage } from '@weft/engine/ports';
import { ackOf, taskMessage, testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { openTestBroker } from './open-test-broker.ts';

const BOUND_MS = 3000;

const claimOf = (lanes: readonly string[], limit = 10, worker = 'w1') => {
  return { worker, lanes, limit, signal: AbortSignal.timeout(BOUND_MS) };
};

const ids = (messages: readonly TaskMessage[]): string[] => messages.map(({ taskId }) => taskId);

describe.skipIf(testRedisUrl() === null)('lanes in Redis', () => {
  test('A3: the lanes of one claim are served by the same rank as priorities', async () => {
    const { broker } = await openTestBroker({ ageingMs: 1000 });
    const at = (lane: string, priority: TaskMessage['priority'], readyAt: number) =>
      taskMessage(lane, { lane, priority, readyAt });
    await broker.publish([at('x', 2, 5000), at('y', 1, 5500), at('z', 3, 1000)]);

    const claimed = await broker.claim(claimOf(['x', 'y', 'z'], 2));
    expect(ids(claimed)).toEqual(['z', 'y']);
  });

  test('A3: who serves any lane gets what is on each of them, but not what is for handlers', async () => {
    const { broker } = await openTestBroker();
    const lanes = ['default', 'gpu', 'handler:mail', 'a {strange} lane:%+*'];
    await broker.publish(lanes.map((lane) => taskMessage(`in ${lane}`, { lane })));

    const claimed = await broker.claim(claimOf([ANY_LANE]));
    expect(ids(claimed).toSorted()).toEqual(['in a {strange} lane:%+*', 'in default', 'in gpu']);
    expect(ids(await broker.claim(claimOf([ANY_LANE, 'handler:mail'])))).toEqual(['in handler:mail']);
  });

  test('A3: who serves any lane is woken by a lane that it has never heard of', async () => {
    const { broker: first, prefix } = await openTestBroker();
    const { broker: second } = await openTestBroker({ prefix });
    const claim = second.claim(claimOf([ANY_LANE]));
    await first.publish([taskMessage('a', { lane: 'handler:x' }), taskMessage('b', { lane: 'new' })]);

    expect(ids(await claim)).toEqual(['b']);
  });

  test('A3: tokens that nobody took do not hide a lane from who serves any', async () => {
    const { broker } = await openTestBroker();
    for (let round = 0; round < 20; round++) {
      const message = taskMessage(`gone${round}`, { lane: 'x' });
      await broker.publish([message]);
      await broker.publish([], [ackOf(message)]);
    }
    const claim = broker.claim(claimOf([ANY_LANE]));
    await broker.publish([taskMessage('a', { lane: 'y' })]);

    expect(ids(await claim)).toEqual(['a']);
  });

  test('A3: no wake-up is lost among claims of several processes, named or any', async () => {
    const { broker: publisher, prefix } = await openTestBroker();
    const { broker: first } = await openTestBroker({ prefix });
    const { broker: second } = await openTestBroker({ prefix });
    const lanes = [['x'], ['x', 'y'], [ANY_LANE], ['y'], [ANY_LANE, 'handler:z']];
    const startedAt = performance.now();
    for (let round = 0; round < 100; round++) {
      const claims = lanes.map((served, index) => (index % 2 === 0 ? first : second).claim(claimOf(served, 1)));
      const messages = ['x', 'x', 'y', 'y', 'x'].map((lane, index) => taskMessage(`${round}.${index}`, { lane }));
      // Each claim alone could be the last: as many messages for each lane as claims may come for it.
      await Promise.all(messages.map((message) => publisher.publish([message])));
      const extra = ['x', 'y'].flatMap((lane) =>
        Array.from({ length: 5 }, (_, n) => taskMessage(`${round}.${lane}${n}`, { lane })),
      );
      await publisher.publish(extra);
      const claimed = (await Promise.all(claims)).flat();
      expect(new Set(ids(claimed)).size).toBe(lanes.length);
      await publisher.publish([], [...messages, ...extra].map(ackOf));
    }
    // The net that looks again after 5 s was not needed.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });

  test('A3: a hundred claims that wait in one process are all served', async () => {
    const { broker: first, prefix } = await openTestBroker();
    const { broker: second } = await openTestBroker({ prefix });
    const claims = Array.from({ length: 100 }, (_, n) => second.claim(claimOf(['default'], 1, `w${n}`)));
    await first.publish(Array.from({ length: 100 }, (_, n) => taskMessage(`t${n}`)));

    expect(new Set(ids((await Promise.all(claims)).flat())).size).toBe(100);
  });

  test('A2: what is longer than one script takes is published and acknowledged as a whole', async () => {
    const { broker } = await openTestBroker();
    const messages = Array.from({ length: 1800 }, (_, n) => taskMessage(`t${n}`));
    expect(await broker.publish(messages)).toBe(1800);
    expect(await broker.publish(messages.slice(0, 700), messages.map(ackOf))).toBe(700);

    expect(ids(await broker.claim(claimOf(['default'], 1000)))).toEqual(ids(messages.slice(0, 700)));
    expect(await broker.held(messages.slice(699, 701))).toEqual([1, null]);
  });

  test('A2: a message that is too long is refused, and the others are published', async () => {
    const { broker } = await openTestBroker();
    const publishing = broker.publish([
      taskMessage('a'),
      taskMessage('b', { key: 'k'.repeat(20_000) }),
      taskMessage('c'),
    ]);

    await expect(publishing).rejects.toThrow(RangeError);
    expect(ids(await broker.claim(claimOf(['default'])))).toEqual(['a', 'c']);
  });

  test('F22: what others wrote into a lane is dropped, and what follows is served', async () => {
    const { broker, connection } = await openTestBroker();
    await broker.publish(['a', 'b', 'c'].map((id) => taskMessage(id)));
    const held = `${connection.prefix}{default}:held`;
    await connection.commands.hset(held, "'a", 'garbage', "'b", '1\n0\n2:acme\n{"no":"message"}');

    expect(ids(await broker.claim(claimOf(['default'])))).toEqual(['c']);
    expect(await broker.held([{ lane: 'default', taskId: 'b' }])).toEqual([null]);
    expect(await broker.publish([taskMessage('a')])).toBe(1);
  });

  test('F22: a lane that holds more than it counts is served by who serves several', async () => {
    const { broker, connection } = await openTestBroker();
    await broker.publish(['a', 'b'].map((id) => taskMessage(id)));
    await connection.commands.set(`${connection.prefix}{default}:waiting`, 0);

    expect(ids(await broker.claim(claimOf(['default', 'other'])))).toEqual(['a']);
    expect(ids(await broker.claim(claimOf(['default', 'other'])))).toEqual(['b']);
  });

  test('a lane that is empty keeps no message, no tenant and no token', async () => {
    const { broker, connection } = await openTestBroker();
    const messages = Array.from({ length: 50 }, (_, n) => taskMessage(`t${n}`, { tenant: `tenant${n % 7}` }));
    await broker.publish(messages);
    await broker.claim(claimOf(['default'], 100));
    await broker.publish([], messages.map(ackOf));

    const keys = await connection.commands.keys(`${connection.prefix}{default}:*`);
    const rest = keys.map((key) => key.slice(`${connection.prefix}{default}:`.length).replace(/^fence:.*/, 'fence'));
    expect(rest.toSorted()).toEqual(['count', 'fence', 'waiting']);
  });

  test('a broker that closes ends its waiting claims with nothing', async () => {
    const { broker } = await openTestBroker();
    const claim = broker.claim(claimOf(['default']));
    await broker.close();

    expect(await claim).toEqual([]);
  });
});
