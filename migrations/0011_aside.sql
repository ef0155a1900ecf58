-- Frames and rows that could not be used or stored, kept for inspection without account fields. Bounded by the collector.
create table kb.set_aside (
  id bigint generated always as identity primary key,
  market text,
  recv_us bigint not null,
  kind text not null check (kind in ('malformed', 'unknown', 'unstorable')),
  reason text not null,
  text text not null,
  digest bytea not null unique -- of all of the above: a repeat is no second row
);
create index set_aside_by_time on kb.set_aside (recv_us);

select kb.allow('kb.set_aside', 'kb_collector', 'select', 'insert', 'delete');

select kb.close_schema();
