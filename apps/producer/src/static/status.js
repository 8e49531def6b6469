/** The status page: the list of runs, asked for now and then, and one run, followed as it goes. */
import { call, follow, useToken } from './api.js';
import { drawGraph } from './graph.js';

const POLL_MS = 2000;
const PAGE = 30;
const MAX_TASKS = 200;
const ENDED = new Set(['succeeded', 'failed', 'cancelled']);

const at = (id) => document.getElementById(id);
let limit = PAGE;
let shown = null;

/** They are told to the operator only. */
async function readWorkers() {
  try {
    return (await call('/v1/workers')).items;
  } catch (error) {
    if (error.status === 403) return [];
    throw error;
  }
}

async function refreshList() {
  try {
    const [runs, workers] = await Promise.all([call(`/v1/runs?limit=${limit}`), readWorkers()]);
    showRuns(runs);
    const live = workers.filter(({ status }) => status === 'active');
    const busy = live.reduce((sum, { running }) => sum + running, 0);
    at('workers').hidden = workers.length === 0;
    at('workers').textContent = `${live.length} ${live.length === 1 ? 'worker' : 'workers'}, ${busy} running`;
    at('connection').textContent = '';
  } catch (error) {
    at('connection').textContent = error.message;
    at('sign-in').hidden = error.status !== 401;
  }
}

function showRuns({ items, nextCursor }) {
  at('no-runs').hidden = items.length > 0;
  at('runs').hidden = items.length === 0;
  at('more').hidden = nextCursor === null || limit >= 200;
  at('runs').tBodies[0].replaceChildren(...items.map(runRow));
}

function runRow(run) {
  const link = document.createElement('a');
  link.href = `#${run.id}`;
  link.textContent = `${run.id.slice(0, 8)}…${run.id.slice(-6)}`;
  link.title = run.id;
  const row = tableRow([
    badge(run.status),
    `${run.workflow.name} v${run.workflow.version}`,
    link,
    whenText(new Date(run.createdAt)),
    tookText(run.startedAt ?? run.createdAt, run.endedAt),
  ]);
  row.setAttribute('aria-current', String(run.id === shown?.id));
  return row;
}

/** Shows a run and follows it until it ends or another one is chosen. */
async function openRun(id) {
  shown?.stop.abort();
  shown = id === '' ? null : { id, stop: new AbortController() };
  at('run').hidden = shown === null;
  if (shown === null) return;
  const { signal } = shown.stop;
  let late = null;
  const refresh = () => {
    late ??= setTimeout(() => {
      late = null;
      if (!signal.aborted) refreshRun(id).catch(report);
    }, 150);
  };
  for (let pauseMs = 500; !signal.aborted; pauseMs = Math.min(pauseMs * 2, 10_000)) {
    try {
      const run = await refreshRun(id);
      if (ENDED.has(run.status)) return;
      await follow(id, { after: run.step, signal, onEvent: refresh });
    } catch (error) {
      if (signal.aborted) return;
      report(error);
      if (error.status === 404) return;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

async function refreshRun(id) {
  const [run, tasks, graph] = await Promise.all([
    call(`/v1/runs/${id}`),
    call(`/v1/runs/${id}/tasks?limit=${MAX_TASKS}`),
    call(`/v1/runs/${id}/graph?format=json`),
  ]);
  if (shown?.id === id) showRun(run, tasks, graph);
  return run;
}

function showRun(run, { items, nextCursor }, graph) {
  at('run-title').textContent = `${run.workflow.name} v${run.workflow.version}`;
  at('run-status').replaceChildren(badge(run.status));
  const took = tookText(run.startedAt ?? run.createdAt, run.endedAt);
  at('run-facts').textContent = `${run.id} · step ${run.step} · ${run.priority} priority · ${took}`;
  at('run-error').hidden = run.error === null;
  at('run-error').textContent = run.error === null ? '' : `${run.error.code}: ${run.error.message}`;
  at('cancel').hidden = ENDED.has(run.status);
  at('retry').hidden = run.status !== 'failed';
  at('graph').replaceChildren(drawGraph(graph));
  at('tasks').tBodies[0].replaceChildren(...items.map(taskRow));
  at('more-tasks').hidden = nextCursor === null;
  at('more-tasks').textContent = `The first ${MAX_TASKS} tasks are shown.`;
  for (const part of ['input', 'output', 'state']) at(`run-${part}`).textContent = pretty(run[part]);
}

function taskRow(task) {
  const open = document.createElement('button');
  open.type = 'button';
  open.className = 'plain';
  open.textContent = placeText(task);
  open.addEventListener('click', () => void openTask(task).catch(report));
  const result = task.error ? `${task.error.code}: ${task.error.message}` : JSON.stringify(task.output ?? '');
  const row = tableRow([
    badge(task.status, task.waits),
    open,
    `${task.attempt} (${task.failures} failed)`,
    task.lane,
    tookText(task.startedAt ?? task.queuedAt, task.endedAt),
    result === '""' ? '' : result.slice(0, 80),
  ]);
  row.lastElementChild.className = 'wide';
  return row;
}

/** The node, with the iteration and the item that tell its tasks apart. */
function placeText({ node, iteration, item }) {
  return `${node}${iteration > 0 ? ` #${iteration}` : ''}${item === undefined ? '' : ` [${item}]`}`;
}

async function openTask(task) {
  const [fresh, why] = await Promise.all([call(`/v1/tasks/${task.id}`), call(`/v1/tasks/${task.id}/why`)]);
  at('task-title').textContent = fresh.key;
  at('task-reasons').replaceChildren(...why.reasons.map(({ message }) => withText('li', message)));
  at('task-detail').textContent = pretty(fresh);
  at('task-dialog').showModal();
}

async function act(action) {
  const { id } = shown;
  await call(`/v1/runs/${id}/${action}`, { method: 'POST', body: {} });
  await openRun(id);
}

/** `waits`: what a waiting task waits for. */
function badge(status, waits) {
  const made = withText('span', waits === undefined ? status : `${status}: ${waits.replace('_', ' ')}`);
  made.className = `status ${status}`;
  return made;
}

function tableRow(cells) {
  const row = document.createElement('tr');
  for (const cell of cells) {
    const made = document.createElement('td');
    made.append(cell);
    row.append(made);
  }
  return row;
}

function withText(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function pretty(value) {
  const text = JSON.stringify(value, null, 2);
  return text.length > 50_000 ? `${text.slice(0, 50_000)}\n… ${text.length} characters` : text;
}

function tookText(from, to) {
  if (from === null) return '';
  const ms = (to === null ? Date.now() : Date.parse(to)) - Date.parse(from);
  if (ms < 1000) return `${Math.max(0, ms)} ms`;
  const seconds = Math.round(ms / 100) / 10;
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** The time, and the day unless it is today. */
function whenText(date) {
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString() : date.toLocaleString();
}

function report(error) {
  if (error.name !== 'AbortError') at('connection').textContent = error.message;
}

async function poll() {
  if (!document.hidden) await refreshList();
  setTimeout(() => void poll(), POLL_MS);
}

const chosen = () => /^#([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? '';

at('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  useToken(at('token').value);
  at('sign-in').hidden = true;
  refreshList().catch(report);
  openRun(chosen()).catch(report);
});
at('more').addEventListener('click', () => {
  limit = Math.min(limit + PAGE, 200);
  refreshList().catch(report);
});
at('cancel').addEventListener('click', () => void act('cancel').catch(report));
at('retry').addEventListener('click', () => void act('retry').catch(report));
addEventListener('hashchange', () => {
  openRun(chosen()).catch(report);
  refreshList().catch(report);
});
openRun(chosen()).catch(report);
await poll();
