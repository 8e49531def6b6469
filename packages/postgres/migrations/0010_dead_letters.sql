-- Dead letters: failed tasks, listed, done again with another input, or put away.

-- What became of the task as a dead letter; null of nearly all tasks. No settle of a task touches it.
alter table task add column letter json;

-- Each index is as long as what has failed and stands. Status is a column of other indexes already, and settled_at changes
-- together with it, so that no update becomes dearer.
create index task_letter_idx on task (tenant, settled_at desc, id desc)
  where status = 'failed' and not superseded and (letter->'discarded') is null;
create index task_letter_run_idx on task (run_id)
  where status = 'failed' and not superseded and (letter->'discarded') is null;

-- What the attempts of a letter have failed with.
create index step_failure_idx on step (run_id, key, step) where type in ('task_retried', 'task_failed');
