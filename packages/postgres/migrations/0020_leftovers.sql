-- What cancelled tasks have left at endpoints or in runs of their own, until that is told to stop. As long as its backlog.
create index task_leftover_idx on task (run_id) where status = 'cancelled' and detail->>'kind' = 'memo';
