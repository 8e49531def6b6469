/** How much of something is used: green, from 70 % on yellow, from 90 % on red. */
export function Meter({ label, value, max, text }: { label: string; value: number; max: number; text: string }) {
  const share = max > 0 ? Math.min(1, value / max) : 0;
  const level = share < 0.7 ? 'good' : share < 0.9 ? 'warm' : 'bad';
  return (
    <div className="meter">
      <span>{label}</span>
      <div
        className="meter-track"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuenow={Math.min(value, max)}
        aria-valuetext={text}
      >
        <div className={`meter-fill meter-${level}`} style={{ width: `${share * 100}%` }} />
      </div>
      <span className="meter-text">{text}</span>
    </div>
  );
}
