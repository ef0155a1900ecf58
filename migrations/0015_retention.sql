-- How far back the store reaches. A kind of data is kept from a UTC day on; a day that is dropped raises the floor in the
-- transaction that drops it, and no row below a floor comes back. So a reader that finds a floor above its range answers
-- `range_not_covered`, never from what is left; one that takes several statements asks for the floor in or after its last.
--
-- Days leave in the order in which they came, whole. To move old days to object storage instead, a job of the owner's would,
-- for the oldest day: lock its partition in share mode, write it out (a day of segments as one file a market, found by the
-- same key), note in a table of its own what lies where, and let kb.drop_oldest_day do the rest. The floor would then say
-- not what is gone but what is no longer here, and readers below it would ask that table before they refuse.
create table kb.retention (
  kind text primary key check (kind in ('segments', 'trades', 'quotes', 'gaps')),
  kept_from_us bigint not null check (kept_from_us >= 0)
);

-- The last quote minute of each market before the floor of quotes: it holds until the market's next.
create table kb.quotes_before (like kb.candle_quotes, primary key (market_id));

select kb.allow('kb.retention', 'kb_collector', 'select');
select kb.allow('kb.retention', 'kb_reader', 'select');
select kb.allow('kb.quotes_before', 'kb_reader', 'select');

-- The floor of a kind: `segments` (the log and all books), `trades`, `quotes` (with trades, candles) or `gaps`. 0: all is kept.
-- Not in language sql: with a `set` clause such a function is parsed and planned anew at each call, and each read calls this.
create function kb.kept_from(of_kind text) returns bigint
language plpgsql
stable
set search_path = pg_catalog
as $$
begin
  return coalesce((select r.kept_from_us from kb.retention r where r.kind = of_kind), 0);
end
$$;

grant execute on function kb.kept_from(text) to kb_reader, kb_collector;

-- No record of a market is older than this: markets are stored before their records, unless Postgres was away meanwhile.
create or replace function kb.oldest_record_us(market integer) returns bigint
language plpgsql
stable
set search_path = pg_catalog
as $$
begin
  return greatest(kb.kept_from('segments'), coalesce(
    (select m.first_seen_us - 172800000000 from kb.markets m where m.id = market), 0));
end
$$;

-- When a market's log begins, as far as it is kept; null when nothing is recorded of it, or nothing is left.
create function kb.log_begin(market integer) returns bigint
language plpgsql
stable
set search_path = pg_catalog
as $$
declare
  kept constant bigint := kb.kept_from('segments');
  first_us constant bigint := (select b.first_us from kb.log_begins b where b.market_id = market);
begin
  if first_us < kept and exists (
    select from kb.sealed_logs l where l.market_id = market and l.state = 'ended' and l.last_us < kept) then
    return null;
  end if;
  return case when first_us is not null then greatest(first_us, kept) end;
end
$$;

grant execute on function kb.log_begin(integer) to kb_reader;

-- The market's last quote minute that begins before before_us; it looks at few days at a time, as kb.segment_at does.
create function kb.quote_before(market integer, before_us bigint) returns setof kb.candle_quotes
language plpgsql
stable
set search_path = pg_catalog
as $$
declare
  day_us constant bigint := 86400000000;
  kept constant bigint := kb.kept_from('quotes');
  oldest constant bigint := greatest(kept, coalesce(
    (select first_seen_us - 2 * day_us from kb.markets where id = market), 0));
  high bigint := before_us - 1;
  low bigint := high / day_us * day_us;
  span bigint := day_us;
begin
  if before_us < kept then return; end if;
  while high >= oldest loop
    return query execute format(
      'select * from kb.candle_quotes where market_id = %s and start_us between %s and %s
      order by start_us desc limit 1', market, low, high);
    if found then return; end if;
    span := 2 * span;
    high := low - 1;
    low := low - span;
  end loop;
  return query select * from kb.quotes_before where market_id = market;
end
$$;

grant execute on function kb.quote_before(integer, bigint) to kb_reader;

-- Rows that come late for a day that is gone are for nobody. Its partition is gone too, so they reach the default ones, and
-- those alone are looked at.
create function kb.skip_unkept() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
  if (to_jsonb(new) ->> tg_argv[1])::bigint < kb.kept_from(tg_argv[0]) then return null; end if;
  return new;
end
$$;

create trigger skip_unkept before insert on kb.book_deltas_default
  for each row execute function kb.skip_unkept('segments', 'recv_us');
create trigger skip_unkept before insert on kb.book_segments_default
  for each row execute function kb.skip_unkept('segments', 'first_us');
create trigger skip_unkept before insert on kb.trades_default
  for each row execute function kb.skip_unkept('trades', 'event_us');
create trigger skip_unkept before insert on kb.candle_quotes_default
  for each row execute function kb.skip_unkept('quotes', 'start_us');

-- Drops the oldest UTC day of segments, trades or quotes, when it ended more than keep_days days ago, and raises the floor.
-- It answers `dropped` and where the day began, or what speaks against it: `absent` (there is no day), `young`, `unsealed`
-- (records of the day, or of one before, are in no segment yet), `open` (it holds the last segment of a log that goes on),
-- or `locked` (somebody works with it; ask again later). With a day go those gaps, and holes in the trades, that nobody can
-- ask for any more. Lifecycle and settlements are few, and kept.
create function kb.drop_oldest_day(kind text, keep_days integer, out outcome text, out low_us bigint)
language plpgsql
security definer
set search_path = pg_catalog
set lock_timeout = '200ms'
as $$
declare
  day_us constant bigint := 86400000000;
  now_us constant bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
  parent constant text := case kind
    when 'segments' then 'book_segments' when 'trades' then 'trades' when 'quotes' then 'candle_quotes' end;
  by_time constant text := case kind
    when 'segments' then 'first_us' when 'trades' then 'event_us' when 'quotes' then 'start_us' end;
  partition text;
  kept_us bigint;
begin
  if parent is null or keep_days is null or keep_days not between 2 and 36500 then
    raise exception 'no day of % is kept for % days', kind, keep_days using errcode = '22023';
  end if;
  select min(c.relname) into partition
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = format('kb.%I', parent)::regclass
    and c.relnamespace = 'kb'::regnamespace and c.relname ~ ('^' || parent || '_\d{8}$');
  if partition is null then outcome := 'absent'; return; end if;
  low_us := (right(partition, 8)::date - date '1970-01-01') * day_us;
  kept_us := low_us + day_us;
  if kept_us + keep_days * day_us > now_us then outcome := 'young'; return; end if;
  if kind = 'segments' then
    if exists (
      select from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'kb.book_deltas'::regclass and c.relname ~ '^book_deltas_\d{8}t\d\d$'
        and substr(c.relname, 13, 8) <= right(partition, 8))
      or exists (select from kb.book_deltas_default where recv_us < kept_us) then
      outcome := 'unsealed'; return;
    end if;
    if exists (select from kb.sealed_logs s where s.state <> 'ended' and s.first_us < kept_us) then
      outcome := 'open'; return;
    end if;
  end if;

  -- What is written into the old day after this would be lost with it.
  execute format('lock table kb.%I in share mode', partition);
  if kind = 'quotes' then perform kb.carry_quotes(partition, kept_us); end if;
  execute format('delete from kb.%I where %I < $1', parent || '_default', by_time) using kept_us;
  insert into kb.retention as r values (drop_oldest_day.kind, kept_us)
  on conflict on constraint retention_pkey do update
    set kept_from_us = greatest(r.kept_from_us, excluded.kept_from_us);
  perform kb.forget_gaps();
  -- Not concurrently: Postgres refuses that beside a default partition, and in a function.
  execute format('alter table kb.%I detach partition kb.%I', parent, partition);
  execute format('drop table kb.%I', partition);
  outcome := 'dropped';
exception
  when lock_not_available then outcome := 'locked';
end
$$;

grant execute on function kb.drop_oldest_day(text, integer) to kb_collector;

-- Keeps the last quote minute of each market that a partition holds, unless its log had ended before kept_us.
create function kb.carry_quotes(partition text, kept_us bigint) returns void
language plpgsql
set search_path = pg_catalog
as $$
begin
  -- Each step finds the last row of the next market by the key alone.
  execute format($carry$
    with recursive lasts as (
      (select * from kb.%1$I order by market_id desc, start_us desc limit 1)
      union all
      select step.* from lasts, lateral (
        select * from kb.%1$I d where d.market_id < lasts.market_id
        order by market_id desc, start_us desc limit 1) step)
    insert into kb.quotes_before as b select * from lasts
    on conflict (market_id) do update set
      start_us = excluded.start_us, bid_price = excluded.bid_price, bid_size = excluded.bid_size,
      ask_price = excluded.ask_price, ask_size = excluded.ask_size,
      open_interest = excluded.open_interest, gap_us = excluded.gap_us
    where b.start_us < excluded.start_us$carry$, partition);
  delete from kb.quotes_before b using kb.sealed_logs s
  where s.market_id = b.market_id and s.state = 'ended' and s.last_us < kept_us;
end
$$;

-- Deletes the gaps that ended before both the books and the quotes that are left, and the same of trades.
create function kb.forget_gaps() returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  kept constant bigint := least(kb.kept_from('segments'), kb.kept_from('quotes'));
begin
  if kept > kb.kept_from('gaps') then
    delete from kb.book_gaps where to_us <= kept;
    insert into kb.retention values ('gaps', kept)
    on conflict (kind) do update set kept_from_us = excluded.kept_from_us;
  end if;
  delete from kb.trade_holes where filled_us is not null and to_us <= kb.kept_from('trades');
end
$$;

-- Makes `wanted` partitions of a table, each span_us long (an hour or a day), from the one that holds from_us, skips those
-- that exist, and answers how many it made. Rows that had fallen into the default partition are moved. A partition is made
-- apart and then attached, which does not stop readers and writers of the others; nobody but the owner may use it by name.
create function kb.make_partitions(parent text, span_us bigint, from_us bigint, wanted integer) returns integer
language plpgsql
set search_path = pg_catalog
as $$
declare
  pattern constant text := case when span_us < 86400000000 then 'YYYYMMDD"t"HH24' else 'YYYYMMDD' end;
  by_time constant name := (
    select a.attname from pg_partitioned_table p
    join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
    where p.partrelid = format('kb.%I', parent)::regclass);
  low bigint;
  partition text;
  late boolean;
  made integer := 0;
begin
  if from_us is null or from_us < 0 or wanted is null or wanted not between 0 and 1000 then
    raise exception 'no % partitions of % from %', wanted, parent, from_us using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('kb.make_partitions.' || parent, 0));
  for nth in 0 .. wanted - 1 loop
    low := (from_us / span_us + nth) * span_us;
    partition := parent || '_' || to_char(to_timestamp(low / 1000000) at time zone 'UTC', pattern);
    continue when to_regclass(format('kb.%I', partition)) is not null;

    execute format(
      'create table kb.%I (like kb.%I including defaults including constraints including storage)', partition, parent);
    perform kb.close_relation(format('kb.%I', partition)::regclass);
    execute format('select exists (select from kb.%I where %I >= $1 and %I < $2)',
      parent || '_default', by_time, by_time) into late using low, low + span_us;
    if late then
      execute format('lock table kb.%I in access exclusive mode', parent || '_default');
      execute format(
        'with moved as (delete from kb.%I where %I >= $1 and %I < $2 returning *)
        insert into kb.%I select * from moved', parent || '_default', by_time, by_time, partition)
        using low, low + span_us;
    end if;
    execute format('alter table kb.%I attach partition kb.%I for values from (%s) to (%s)',
      parent, partition, low, low + span_us);
    made := made + 1;
  end loop;
  return made;
end
$$;

-- What the collector calls. They throw on a lock not granted within 2 s; ask again later.
create or replace function kb.make_book_partitions(from_us bigint, hours integer) returns integer
language sql
security definer
set search_path = pg_catalog
set lock_timeout = '2s'
as $$ select kb.make_partitions('book_deltas', 3600000000, from_us, hours) $$;

create or replace function kb.make_segment_partitions(from_us bigint, days integer) returns integer
language sql
security definer
set search_path = pg_catalog
set lock_timeout = '2s'
as $$ select kb.make_partitions('book_segments', 86400000000, from_us, days) $$;

create or replace function kb.make_trade_partitions(from_us bigint, days integer) returns integer
language sql
security definer
set search_path = pg_catalog
set lock_timeout = '2s'
as $$
  select kb.make_partitions('trades', 86400000000, from_us, days)
    + kb.make_partitions('candle_quotes', 86400000000, from_us, days)
$$;

-- What most reads need is there in milliseconds. A page of a list and a stream ask for longer, each for its transaction.
alter role kb_reader set statement_timeout = '2s';

select kb.close_schema();
