export const STYLE = `
:root {
  --page: #f6f7fb; --card: #fff; --ink: #161a2b; --soft-ink: #5c637d; --line: #e2e5f0;
  --bar: #4f5bd5; --soft: #a9b0f2; --track: #eceef7; --add: #2a9d6a; --del: #d9536f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1220; --card: #181c2f; --ink: #eceefa; --soft-ink: #9aa2c0; --line: #272d47;
    --bar: #8790ff; --soft: #4b53a8; --track: #232840; --add: #4cc38e; --del: #f0798f;
  }
}
* { box-sizing: border-box; margin: 0; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; background: var(--page); color: var(--ink); padding: 48px 24px; }
header, main, footer { max-width: 1080px; margin: 0 auto; }
.eyebrow { font-size: 12px; font-weight: 600; letter-spacing: .12em; text-transform: uppercase; color: var(--bar); }
h1 { font-size: 40px; line-height: 1.15; letter-spacing: -.02em; overflow-wrap: anywhere; }
h2 { font-size: 20px; letter-spacing: -.01em; }
.sub, .hint, .axis, .more, footer { color: var(--soft-ink); }
section { margin-top: 40px; }
.hint { margin-bottom: 16px; font-size: 14px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px; }
.tile, article, .activity, .empty { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.tile { padding: 16px; }
.tile b { display: block; font-size: 26px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft-ink); font-size: 13px; }
svg { display: block; width: 100%; }
.activity { padding: 20px; height: auto; max-height: 260px; }
.axis { display: flex; justify-content: space-between; margin-top: 8px; font-size: 13px; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 12px; }
article { padding: 16px; display: grid; gap: 10px; align-content: start; }
article svg { height: 16px; }
article svg + svg { height: 28px; }
h3 { font-size: 15px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.count { font-size: 13px; color: var(--soft-ink); font-variant-numeric: tabular-nums; }
.count b { color: var(--ink); }
.plus { color: var(--add); margin-left: 8px; }
.minus { color: var(--del); margin-left: 4px; }
.more { font-size: 13px; overflow-wrap: anywhere; }
.bar { fill: var(--bar); } .soft { fill: var(--soft); } .track, .none { fill: var(--track); } .add { fill: var(--add); } .del { fill: var(--del); }
.empty { padding: 32px; margin-top: 40px; text-align: center; }
footer { margin-top: 48px; padding-top: 16px; border-top: 1px solid var(--line); font-size: 13px; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, monospace; }
`;
