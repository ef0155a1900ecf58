-- What the status page tells of the past. The Worker's schedule writes it, as kb_account; anybody may read it.

-- How the feed was in a minute, as GET /v1/status would have said. A minute without a row is not known.
create table kb.feed_minutes (
  minute_us bigint primary key check (minute_us % 60000000 = 0),
  feed text not null check (feed in ('healthy', 'degraded', 'down')),
  upstream_age_ms double precision,
  -- Over the last deltas of the shard that did worst.
  lag_p50_ms double precision,
  lag_p99_ms double precision,
  stale_books integer,
  -- null while the record could not be read.
  watermark_lag_ms double precision,
  epoch bigint,
  markets integer,
  open_gaps integer
);

-- What is held of all logs together of a UTC day, as it was counted last.
create table kb.coverage_days (
  day_us bigint primary key check (day_us % 86400000000 = 0),
  -- Markets that had a log on that day.
  markets integer not null,
  records bigint not null,
  deltas bigint not null,
  -- Seconds of their logs in which the book was known, and in which it was not.
  known_s bigint not null,
  gap_s bigint not null,
  -- How many gaps touch the day, by cause.
  causes jsonb not null,
  -- How far the record was complete.
  through_us bigint not null,
  told_us bigint not null
);

-- The gaps that ended on a UTC day, and while it lasts those that are open, folded: many markets lose their books at once.
create table kb.gap_days (
  day_us bigint primary key check (day_us % 86400000000 = 0),
  -- As core/gap-lines.ts reads them.
  lines jsonb not null,
  told_us bigint not null
);

-- Gaps are found by when they ended, and markets by when their logs began.
create index book_gaps_by_end on kb.book_gaps (to_us);
create index log_begins_by_time on kb.log_begins (first_us);

select kb.allow('kb.feed_minutes', 'kb_account', 'select', 'insert', 'update', 'delete');
select kb.allow('kb.feed_minutes', 'kb_reader', 'select');
select kb.allow('kb.coverage_days', 'kb_account', 'select', 'insert', 'update');
select kb.allow('kb.coverage_days', 'kb_reader', 'select');
select kb.allow('kb.gap_days', 'kb_account', 'select', 'insert', 'update', 'delete');
select kb.allow('kb.gap_days', 'kb_reader', 'select');

select kb.close_schema();
