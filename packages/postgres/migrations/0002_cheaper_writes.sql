-- Postgres parses a table's check constraints anew with every statement, which costs a settle of one task about as much as
-- writing its row. What they said is among the invariants that are checked from outside.
alter table run drop constraint run_status;
alter table run drop constraint run_ended_iff_terminal;
alter table task drop constraint task_status;
alter table channel_write drop constraint channel_write_kind;

-- Most runs have no tags, and an index of lists takes note of empty ones, too.
drop index run_body_tags_idx;
create index run_body_tags_idx on run_body using gin (tags) where tags <> '{}';
