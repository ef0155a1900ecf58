-- Frames and rows that could not be used or stored, kept for inspection without account fields: the newest 100,000, each in
-- its slot, which comes round again.
create table kb.set_aside (
  slot integer generated always as identity (minvalue 0 maxvalue 99999 start 0 cycle) primary key,
  market text,
  recv_us bigint not null,
  kind text not null check (kind in ('malformed', 'unknown', 'unstorable')),
  reason text not null,
  text text not null,
  digest bytea not null -- of all of the above: a repeat is no second row
);
create index set_aside_by_digest on kb.set_aside (digest);
create index set_aside_by_time on kb.set_aside (recv_us);

select kb.allow('kb.set_aside', 'kb_collector', 'select', 'insert', 'update');

select kb.close_schema();
