-- Ready nodes that the engine runs by itself: found by their run, and by who looks for runs that were left alone.
create index task_inline_idx on task (run_id) where status = 'ready' and lane is null;
