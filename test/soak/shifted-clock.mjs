/** Loaded before a process: its wall clock is wrong by WEFT_SOAK_SHIFT_MS, its monotonic clock is not. */
const shiftMs = Number(process.env.WEFT_SOAK_SHIFT_MS ?? 0);
const TrueDate = Date;

globalThis.Date = class extends TrueDate {
  constructor(...args) {
    if (args.length === 0) super(TrueDate.now() + shiftMs);
    else super(...args);
  }

  static now() {
    return TrueDate.now() + shiftMs;
  }
};
