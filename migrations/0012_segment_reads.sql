-- Finding segments. A statement that names no bound of time is planned over every day's partition, which takes longer than
-- all else that a read does: these functions look at few days at a time, each by a statement with the bounds in it.

-- A past book is folded from a segment's opening, no longer from the last snapshot among the hot rows.
drop index kb.book_deltas_openings;

-- No record of a market is older than this: markets are stored before their records, unless Postgres was away meanwhile.
create function kb.oldest_record_us(market integer) returns bigint
language sql
stable
set search_path = pg_catalog
as $$
  select greatest(0, coalesce(
    (select first_seen_us - 172800000000 from kb.markets where id = market), 0))
$$;

-- The segment with the greatest (first_us, first_seq) of those with first_us <= at_us: the one that holds the book at at_us,
-- or begins it; with `filled`, of those that have records. A log that is open has one in every day; that of a log that
-- ended is named by sealed_logs.
create function kb.segment_at(market integer, at_us bigint, filled boolean default false)
returns setof kb.book_segments
language plpgsql
stable
set search_path = pg_catalog
as $$
declare
  day_us constant bigint := 86400000000;
  oldest constant bigint := kb.oldest_record_us(market);
  high bigint := (select least(at_us, first_us) from kb.sealed_logs where market_id = market);
  low bigint := high / day_us * day_us;
  span bigint := day_us;
begin
  while high >= oldest loop
    return query execute format(
      'select * from kb.book_segments where market_id = %s and first_us between %s and %s and records >= %s
      order by first_us desc, first_seq desc limit 1', market, low, high, filled::integer);
    exit when found;
    span := 2 * span;
    high := low - 1;
    low := low - span;
  end loop;
end
$$;

-- The market's first segment that begins after after_us.
create function kb.segment_after(market integer, after_us bigint) returns setof kb.book_segments
language plpgsql
stable
set search_path = pg_catalog
as $$
declare
  last bigint := (select first_us from kb.sealed_logs where market_id = market);
  low bigint := greatest(after_us + 1, kb.oldest_record_us(market));
  span bigint := 86400000000;
begin
  while low <= last loop
    return query execute format(
      'select * from kb.book_segments where market_id = %s and first_us >= %s and first_us < %s
      order by first_us, first_seq limit 1', market, low, low + span);
    exit when found;
    low := low + span;
    span := 2 * span;
  end loop;
end
$$;

-- The segment from which the book at at_us is folded: that of segment_at, or, where none is left so far back, the one after,
-- which may know how the log stood by then.
create function kb.segment_for(market integer, at_us bigint) returns setof kb.book_segments
language plpgsql
stable
set search_path = pg_catalog
as $$
begin
  return query select * from kb.segment_at(market, at_us);
  if not found then
    return query select * from kb.segment_after(market, at_us);
  end if;
end
$$;

-- The segment with the greatest first_seq at or below wanted. first_us and first_seq grow together, so that the day is
-- found by halving; but not those of segments without records, as a day may have begun without records that a spool
-- brought later. They are left out, unless nothing else is left so far back.
create function kb.segment_of_seq(market integer, wanted bigint) returns setof kb.book_segments
language plpgsql
stable
set search_path = pg_catalog
as $$
declare
  low bigint := kb.oldest_record_us(market);
  high bigint := (select first_us from kb.sealed_logs where market_id = market);
  start_us bigint := low;
  middle bigint;
  found_us bigint;
  found_seq bigint;
begin
  while high - low > 86400000000 loop
    middle := low + (high - low) / 2;
    select first_us, first_seq into found_us, found_seq from kb.segment_at(market, middle, true);
    if found_us is not null and found_seq > wanted then
      high := found_us;
      exit when found_us <= low;
    else
      low := middle;
      start_us := coalesce(found_us, start_us);
    end if;
  end loop;
  if high is null then return; end if;
  return query execute format(
    'select * from kb.book_segments
    where market_id = %s and first_us between %s and %s and first_seq <= %s and records > 0
    order by first_us desc, first_seq desc limit 1', market, start_us, high, wanted);
  if not found then
    return query select * from kb.segment_after(market, -1) where first_seq <= wanted;
  end if;
end
$$;

-- The market's segments that begin from from_us to to_us and end after after_seq, in order. After the one that brings the
-- wanted-th record or the four-millionth byte, not counting the first segment's, it stops and says that there may be more.
-- Segments without records are left out.
create function kb.segments_from(
  market integer, from_us bigint, after_seq bigint, to_us bigint, wanted integer,
  out first_seq bigint, out last_seq bigint, out data bytea, out more boolean) returns setof record
language plpgsql
stable
set search_path = pg_catalog
as $$
declare
  last bigint := (select least(to_us, l.first_us) from kb.sealed_logs l where l.market_id = market);
  low bigint := greatest(from_us, kb.oldest_record_us(market));
  span bigint := 86400000000;
  segment record;
  seen bigint;
  bytes bigint := 0;
begin
  while low <= last loop
    for segment in execute format(
      'select * from kb.book_segments
      where market_id = %s and first_us between %s and %s and last_seq > %s and records > 0
      order by first_us, first_seq', market, low, least(last, low + span - 1), after_seq)
    loop
      bytes := case when seen is null then 0 else bytes + octet_length(segment.data) end;
      seen := case when seen is null then 0 else seen + segment.records end;
      first_seq := segment.first_seq;
      last_seq := segment.last_seq;
      data := segment.data;
      more := seen >= wanted or bytes >= 4000000;
      return next;
      if more then return; end if;
    end loop;
    low := low + span;
    span := 2 * span;
  end loop;
end
$$;

grant execute on function kb.oldest_record_us(integer) to kb_reader, kb_collector;
grant execute on function kb.segment_at(integer, bigint, boolean) to kb_reader, kb_collector;
grant execute on function kb.segment_after(integer, bigint) to kb_reader;
grant execute on function kb.segment_for(integer, bigint) to kb_reader;
grant execute on function kb.segment_of_seq(integer, bigint) to kb_reader;
grant execute on function kb.segments_from(integer, bigint, bigint, bigint, integer) to kb_reader;

select kb.close_schema();
