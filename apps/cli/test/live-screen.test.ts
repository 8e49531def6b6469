import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openScreen } from '../src/watch/live-screen.ts';
import { fakeStream } from './fake-terminal.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('a picture is drawn again in its place, ten times a second, and the cursor comes back', () => {
  const stream = fakeStream({ isTty: true });
  let lines = ['one', 'two'];
  const screen = openScreen(stream, (frame) => [...lines, `frame ${frame}`]);
  vi.advanceTimersByTime(100);
  lines = ['one'];
  screen.stop();
  vi.advanceTimersByTime(1_000);

  const erase = '\u001b[2K';
  expect(stream.text()).toBe(
    [
      '\u001b[?25l\r',
      `${erase}one\n${erase}two\n${erase}frame 0\n\u001b[J`,
      '\r\u001b[3A',
      `${erase}one\n${erase}two\n${erase}frame 1\n\u001b[J`,
      '\r\u001b[3A',
      `${erase}one\n${erase}frame 1\n\u001b[J`,
      '\u001b[?25h',
    ].join(''),
  );
});

test('a printed line stays above the picture', () => {
  const stream = fakeStream({ isTty: true });
  const screen = openScreen(stream, () => ['picture']);
  screen.print('lost');
  screen.stop();

  expect(stream.text()).toContain('\r\u001b[1A\u001b[Jlost\n\r\u001b[2Kpicture\n');
});
