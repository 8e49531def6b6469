/**
 * Loaded before a process, it has a clock that is wrong by `CLOCK_SHIFT_MS`, and jumps by `CLOCK_JUMP_MS` at each SIGUSR2, as
 * `faketime` would do. Timers and the monotonic clock go on as they are.
 */
const RealDate = Date;
let shiftMs = Number(process.env['CLOCK_SHIFT_MS'] ?? 0);
const jumpMs = Number(process.env['CLOCK_JUMP_MS'] ?? 0);

process.on('SIGUSR2', () => {
  shiftMs += jumpMs;
});

const now = (): number => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
});
