-- What a worker shall do, which outlives the one who said so, and how it is: it reads the one with each beat and writes the other.
alter table worker
  add column desired text collate "C" not null default 'active',
  add column health json,
  add constraint worker_desired check (desired in ('active', 'cordoned', 'draining'));
