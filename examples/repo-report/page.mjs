/** The report as one HTML page that needs nothing else: no script, no font, no network. */
import { STYLE } from './style.mjs';

const MAX_CARDS = 24;
const number = new Intl.NumberFormat('en-US');

export function page({ repository, totals, authors, folders }) {
  const name = escape(repository.name);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${name}: repository report</title>
<style>${STYLE}</style>
<body>
<header>
<p class="eyebrow">Repository report</p>
<h1>${name}</h1>
<p class="sub">${subtitle(repository)}</p>
</header>
<main>
${repository.commits === 0 ? '<p class="empty">There is no commit yet. Make one, and run this again.</p>' : sections({ repository, totals, authors, folders })}
</main>
<footer>${notes(repository)}</footer>
</body>
</html>
`;
}

function subtitle(repository) {
  if (repository.commits === 0) return 'An empty repository';
  return `${moment(repository.first, repository)} to ${moment(repository.last, repository)} (UTC)`;
}

function sections({ repository, totals, authors, folders }) {
  return [
    tiles(repository, totals),
    `<section><h2>Activity</h2><p class="hint">Commits over time</p>${activity(repository)}</section>`,
    cards({
      title: 'Authors',
      hint: 'By commits, with the folders that each changed most',
      items: authors,
      count: totals.authors,
      others: 'works in',
    }),
    cards({
      title: 'Folders',
      hint: 'By commits, with the people who changed each most',
      items: folders,
      count: totals.folders,
      others: 'by',
    }),
  ].join('\n');
}

function tiles(repository, totals) {
  const all = [
    ['commits', repository.commits],
    ['authors', totals.authors],
    ['folders', totals.folders],
    ['lines added', repository.added],
    ['lines deleted', repository.deleted],
    ['lines per commit', Math.round(totals.linesPerCommit)],
  ];
  const items = all.map(
    ([label, value]) => `<div class="tile"><b>${number.format(value)}</b><span>${label}</span></div>`,
  );
  return `<section class="tiles">${items.join('')}</section>`;
}

function activity(repository) {
  const totals = repository.activity;
  const top = Math.max(1, ...totals);
  const [width, height, gap] = [26, 150, 4];
  const span = (repository.last - repository.first) / totals.length;
  const bars = totals.map((value, index) => {
    const tall = value === 0 ? 2 : Math.max(4, Math.round((value / top) * height));
    const from = repository.first + index * span;
    const title = `${moment(from, repository)}: ${number.format(value)} commits`;
    return `<rect class="${value === 0 ? 'none' : 'bar'}" x="${index * (width + gap)}" y="${height - tall}" width="${width}" height="${tall}" rx="3"><title>${title}</title></rect>`;
  });
  const total = totals.length * (width + gap) - gap;
  const axis = `<p class="axis"><span>${moment(repository.first, repository)}</span><span>most at once: ${number.format(top)}</span><span>${moment(repository.last, repository)}</span></p>`;
  return `<svg class="activity" viewBox="0 0 ${total} ${height}" role="img" aria-label="Commits over time">${bars.join('')}</svg>${axis}`;
}

function cards({ title, hint, items, count, others }) {
  const most = Math.max(1, ...items.map(({ commits }) => commits));
  const lines = Math.max(1, ...items.map(({ added, deleted }) => added + deleted));
  const shown = items.slice(0, MAX_CARDS).map((item) => card(item, { most, lines, others }));
  const more = count - shown.length;
  const rest = more > 0 ? `<p class="hint">and ${number.format(more)} more</p>` : '';
  return `<section><h2>${title}</h2><p class="hint">${hint}</p><div class="cards">${shown.join('')}</div>${rest}</section>`;
}

function card(item, { most, lines, others }) {
  const name = escape(nameOf(item.name));
  const top = item.others.map((other) => `<bdi>${escape(nameOf(other.name))}</bdi>`).join(', ');
  return `<article>
<h3 title="${name}"><bdi>${name}</bdi></h3>
<p class="count"><b>${number.format(item.commits)}</b> commits <span class="plus">+${number.format(item.added)}</span> <span class="minus">&minus;${number.format(item.deleted)}</span></p>
${share(item, { most, lines })}
${spark(item.buckets)}
<p class="more">${number.format(item.files)} files${item.binaries > 0 ? `, ${number.format(item.binaries)} binary changes` : ''}${top === '' ? '' : `; ${others} ${top}`}</p>
</article>`;
}

/** Commits as one bar, lines as a second that is split into added and deleted. */
function share({ commits, added, deleted }, { most, lines }) {
  const [a, d] = [(added / lines) * 300, (deleted / lines) * 300];
  return `<svg viewBox="0 0 300 16" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="300" height="6" rx="3"/><rect class="bar" width="${fixed((commits / most) * 300)}" height="6" rx="3"/><rect class="track" y="10" width="300" height="6" rx="3"/><rect class="add" y="10" width="${fixed(a)}" height="6" rx="3"/><rect class="del" x="${fixed(a)}" y="10" width="${fixed(d)}" height="6" rx="3"/></svg>`;
}

function spark(buckets) {
  const top = Math.max(1, ...buckets);
  const step = 300 / buckets.length;
  const bars = buckets.map((value, index) => {
    const tall = value === 0 ? 1 : Math.max(2, (value / top) * 26);
    return `<rect class="${value === 0 ? 'none' : 'soft'}" x="${fixed(index * step)}" y="${fixed(28 - tall)}" width="${fixed(step - 2)}" height="${fixed(tall)}" rx="1"/>`;
  });
  return `<svg viewBox="0 0 300 28" preserveAspectRatio="none" aria-hidden="true">${bars.join('')}</svg>`;
}

function notes({ sample, bounded, commits }) {
  const parts = [
    ...(sample ? ['There was no repository to read, so this is a made-up sample.'] : []),
    ...(bounded ? [`Only the newest ${number.format(commits)} commits were read.`] : []),
    'Made by the workflow <code>repo-report</code> of Weft: one task read the history, eight analysed it in parallel, one wrote this page.',
  ];
  return parts.map((part) => `<p>${part}</p>`).join('');
}

/** A day, or where all happened within two days, the minute. */
function moment(seconds, { first, last }) {
  const text = new Date(Math.round(seconds) * 1000).toISOString();
  return last - first < 172_800 ? `${text.slice(0, 10)} ${text.slice(11, 16)}` : text.slice(0, 10);
}

function fixed(value) {
  return Number(value.toFixed(1));
}

function nameOf(name) {
  return name === '.' ? 'top level' : name;
}

/** Names come from anybody. */
function escape(value) {
  const short = value.length > 120 ? `${value.slice(0, 119)}…` : value;
  return short.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
