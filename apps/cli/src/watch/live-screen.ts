/** A picture of some lines that is drawn again in its place. */
import type { OutputStream } from '../output/terminal.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const ERASE_LINE = '\u001b[2K';
const ERASE_BELOW = '\u001b[J';
const FRAME_MS = 100;

export type LiveScreen = {
  /** Takes the picture away for a moment and writes lines that stay. */
  print(line: string): void;
  /** Draws for the last time and gives the cursor back. */
  stop(): void;
};

/** Draws `render(frame)` now and then ten times a second, until it is stopped. */
export function openScreen(stream: OutputStream, render: (frame: number) => string[]): LiveScreen {
  let height = 0;
  let frame = 0;
  const draw = (): void => {
    const lines = render(frame);
    stream.write(`${upBy(height)}${lines.map((line) => `${ERASE_LINE}${line}\n`).join('')}${ERASE_BELOW}`);
    height = lines.length;
  };
  stream.write(HIDE_CURSOR);
  draw();
  const timer = setInterval(() => {
    frame += 1;
    draw();
  }, FRAME_MS);
  return {
    print(line) {
      stream.write(`${upBy(height)}${ERASE_BELOW}${line}\n`);
      height = 0;
      draw();
    },
    stop() {
      clearInterval(timer);
      draw();
      stream.write(SHOW_CURSOR);
    },
  };
}

function upBy(lines: number): string {
  return lines === 0 ? '\r' : `\r\u001b[${lines}A`;
}
