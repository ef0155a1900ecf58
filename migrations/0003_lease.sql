-- Who may write a slice of markets, and how far each lease's record is complete.
create table kb.lease (
  slice integer primary key default 0,
  epoch bigint not null check (epoch between 0 and 2097151), -- epoch · 2³² stays below 2⁵³
  lease text not null,
  holder text not null,
  taken_us bigint not null
);

-- The watermark: every record of the slice with recv_us at or below recorded_through_us is durable.
create table kb.epochs (
  slice integer not null,
  epoch bigint not null check (epoch between 0 and 2097151),
  lease text not null,
  opened_us bigint not null,
  recorded_through_us bigint not null check (recorded_through_us >= opened_us),
  primary key (slice, epoch)
);

-- The last frame or ping of each connection, so that a crash leaves a bound for the gaps that follow it.
create table kb.proof_of_life (
  slice integer not null,
  epoch bigint not null,
  connection integer not null,
  alive_us bigint not null,
  primary key (slice, epoch, connection)
);

select kb.allow('kb.lease', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.lease', 'kb_reader', 'select');
select kb.allow('kb.epochs', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.epochs', 'kb_reader', 'select');
select kb.allow('kb.proof_of_life', 'kb_collector', 'select', 'insert', 'update');

select kb.close_schema();
