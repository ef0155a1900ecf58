-- How far each market's log is sealed: its last segment, and how the log stood after it. It spares whoever opens an epoch, or
-- looks for the last book of a market that ended long ago, a search through the days.
create table kb.sealed_logs (
  market_id integer primary key,
  first_us bigint not null,  -- with first_seq, the key of the last segment
  first_seq bigint not null,
  last_seq bigint not null,
  last_us bigint not null,
  state text not null,       -- of the log after last_seq
  constraint sealed_logs_state check (state in ('known', 'unknown', 'ended'))
) with (fillfactor = 70);
create index sealed_logs_open on kb.sealed_logs (market_id) where state <> 'ended';

-- Records that cannot be sealed, because they do not make the book that they should: their rows stay in book_deltas, and
-- their hours are not dropped, until somebody has looked at them and takes the entry away.
create table kb.seal_failures (
  market_id integer not null,
  first_seq bigint not null,
  last_seq bigint not null,
  first_us bigint not null,
  last_us bigint not null,
  reason text not null,
  primary key (market_id, first_seq),
  constraint seal_failures_bounds check (first_seq <= last_seq and first_us <= last_us)
);

select kb.allow('kb.sealed_logs', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.sealed_logs', 'kb_reader', 'select');
select kb.allow('kb.seal_failures', 'kb_collector', 'select', 'insert', 'update');

-- When an hour was first seen to be sealed: readers that found its rows unsealed are to be done with them before they go.
create table kb.sealed_hours (
  low_us bigint primary key,
  seen_us bigint not null
);

-- Drops the hourly partition of the log that begins at low_us, when all its records have been in segments for rest_us.
-- It answers `dropped`, or what speaks against it: `young` (the hour has not ended, or ended less than min_age_us ago),
-- `absent`, `default_holds_rows` (there is no such partition, and the default one holds records of the hour), `failed`
-- (records that cannot be sealed), `unsealed`, `resting`, or `locked` (somebody works with it; ask again later).
create function kb.drop_book_partition(low_us bigint, min_age_us bigint, rest_us bigint) returns text
language plpgsql
security definer
set search_path = pg_catalog
set lock_timeout = '200ms'
as $$
declare
  hour_us constant bigint := 3600000000;
  day_us constant bigint := 86400000000;
  now_us constant bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
  partition text;
  sealed_us bigint;
  left_over boolean;
begin
  if low_us is null or low_us < 0 or low_us % hour_us <> 0
    or min_age_us is null or min_age_us < 0 or rest_us is null or rest_us < 0 then
    raise exception 'no hour begins at %', low_us using errcode = '22023';
  end if;
  if low_us + hour_us + min_age_us > now_us then return 'young'; end if;
  partition := 'book_deltas_'
    || to_char(to_timestamp(low_us / 1000000) at time zone 'UTC', 'YYYYMMDD"t"HH24');
  if not exists (
    select from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'kb.book_deltas'::regclass
      and c.relnamespace = 'kb'::regnamespace and c.relname = partition) then
    return case when exists (
      select from kb.book_deltas_default d where d.recv_us >= low_us and d.recv_us < low_us + hour_us)
      then 'default_holds_rows' else 'absent' end;
  end if;
  if exists (
    select from kb.seal_failures f where f.first_us < low_us + hour_us and f.last_us >= low_us) then
    return 'failed';
  end if;

  select h.seen_us into sealed_us from kb.sealed_hours h where h.low_us = drop_book_partition.low_us;
  if sealed_us + rest_us <= now_us then
    -- What is written into the old hour after this would be lost with it.
    execute format('lock table kb.%I in share mode', partition);
  end if;
  -- Each step finds the last record of the next market and epoch by the key alone. The records of an epoch are sealed in
  -- their order: when the last of them is in a segment, all are.
  execute format($look$
    with recursive lasts as (
      (select market_id, seq, recv_us from kb.%1$I order by market_id desc, seq desc limit 1)
      union all
      select step.* from lasts, lateral (
        select market_id, seq, recv_us from kb.%1$I d
        where (d.market_id, d.seq) < (lasts.market_id, (lasts.seq >> 32) << 32)
        order by market_id desc, seq desc limit 1) step)
    select exists (
      select from lasts where not exists (
        select from kb.book_segments s
        where s.market_id = lasts.market_id and s.first_us >= $1 and s.first_us <= lasts.recv_us
          and s.first_seq <= lasts.seq and s.last_seq >= lasts.seq))$look$, partition)
    into left_over using low_us - low_us % day_us;
  if left_over then
    delete from kb.sealed_hours h where h.low_us = drop_book_partition.low_us;
    return 'unsealed';
  end if;
  if sealed_us is null then
    insert into kb.sealed_hours values (low_us, now_us) on conflict do nothing;
    sealed_us := now_us;
  end if;
  if sealed_us + rest_us > now_us then return 'resting'; end if;

  -- Not concurrently: Postgres refuses that beside a default partition, and in a function.
  execute format('alter table kb.book_deltas detach partition kb.%I', partition);
  execute format('drop table kb.%I', partition);
  delete from kb.sealed_hours h where h.low_us = drop_book_partition.low_us;
  return 'dropped';
exception
  when lock_not_available then return 'locked';
end
$$;

-- The hours of which the default partition holds records, because their own partitions were not there in time.
create function kb.default_book_hours() returns setof bigint
language sql
stable
security definer
set search_path = pg_catalog
as $$
  with recursive hours as (
    select min(recv_us) / 3600000000 as hour from kb.book_deltas_default
    union all
    select (
      select min(recv_us) / 3600000000 from kb.book_deltas_default
      where recv_us >= (hours.hour + 1) * 3600000000)
    from hours where hours.hour is not null)
  select hour * 3600000000 from hours where hour is not null
$$;

-- The same of segments and their days.
create function kb.default_segment_days() returns setof bigint
language sql
stable
security definer
set search_path = pg_catalog
as $$
  select distinct first_us / 86400000000 * 86400000000 from kb.book_segments_default
$$;

grant execute on function kb.drop_book_partition(bigint, bigint, bigint) to kb_collector;
grant execute on function kb.default_book_hours() to kb_collector;
grant execute on function kb.default_segment_days() to kb_collector;

select kb.close_schema();
