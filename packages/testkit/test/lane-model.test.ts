import { ackOf, taskMessage } from '@weft/testkit';
import { LaneModel } from '@weft/testkit/conformance/lane-model';
import { describe, expect, test } from 'vitest';

/** A model with the messages a and b on the lane `default`. */
function model(): LaneModel {
  const held = new LaneModel(5_000);
  held.publish([taskMessage('a'), taskMessage('b')], []);
  return held;
}

describe('the model of a broker', () => {
  test('accepts a claim in order, a release and an acknowledgement', () => {
    const held = model();
    held.claimed('w1', [taskMessage('a'), taskMessage('b')], true);
    held.release('w1', [taskMessage('b')]);
    held.claimed('w2', [taskMessage('b')], true);
    held.publish([], [ackOf(taskMessage('a'))]);

    expect(held.claims()).toEqual([{ worker: 'w2', message: taskMessage('b') }]);
  });

  test('refuses a message in two hands', () => {
    const held = model();
    held.claimed('w1', [taskMessage('a')], true);

    expect(() => held.claimed('w2', [taskMessage('a')], false)).toThrow('claimed by w1 already');
  });

  test('refuses a message that was acknowledged', () => {
    const held = model();
    held.publish([], [ackOf(taskMessage('a'))]);

    expect(() => held.claimed('w1', [taskMessage('a')], false)).toThrow('not held');
  });

  test('refuses an attempt that was replaced', () => {
    const held = model();
    held.publish([taskMessage('a', { attempt: 2 })], []);

    expect(() => held.claimed('w1', [taskMessage('a')], false)).toThrow('not the held attempt');
  });

  test('refuses a message before the head of its list, but only where order is known', () => {
    expect(() => model().claimed('w1', [taskMessage('b')], true)).toThrow('not the head of its list');
    expect(() => model().claimed('w1', [taskMessage('b')], false)).not.toThrow();
  });

  test('refuses a priority that is not the most urgent of its lane', () => {
    const held = model();
    held.publish([taskMessage('low', { priority: 3 }), taskMessage('high', { priority: 1 })], []);

    expect(() => held.claimed('w1', [taskMessage('a')], true)).toThrow('not of the most urgent priority');
    held.claimed('w1', [taskMessage('high', { priority: 1 }), taskMessage('a')], true);
    expect(held.waitingOn(['default'])).toBe(2);
  });
});
