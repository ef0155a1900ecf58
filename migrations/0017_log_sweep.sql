-- Reading the logs of many markets at once, in the order in which their records came: segments are given out as a reader
-- comes to them, those of all markets together. It then holds about one segment a market that it is not yet through with.

-- Of each market the last segment that begins before at_us on its day, which may reach beyond that moment. No segment spans
-- two days. The data is left out where it does not reach so far.
create function kb.segments_reaching(
  markets integer[], at_us bigint,
  out place integer, out first_us bigint, out first_seq bigint, out last_us bigint, out last_seq bigint,
  out data bytea) returns setof record
language plpgsql
stable
set search_path = pg_catalog
as $$
begin
  return query execute format(
    'select m.place::integer, s.first_us, s.first_seq, s.last_us, s.last_seq,
      case when s.last_us >= %1$s then s.data end
    from unnest($1) with ordinality m (id, place), lateral (
      select * from kb.book_segments
      where market_id = m.id and first_us >= %2$s and first_us < %1$s and records > 0
      order by first_us desc, first_seq desc limit 1) s',
    at_us, at_us / 86400000000 * 86400000000) using markets;
end
$$;

-- The segments of these markets that begin from from_us to to_us, in order, but no more of them than bring the wanted-th
-- record or the most-th byte; all that begin in one microsecond come together. One last row, of no place, says in first_us
-- before which moment there are no others; of each market the first segment that it begins at or after that moment comes
-- without data, as far as that was seen. Segments without records are left out. span_us is the time that so many records
-- may fill: where many markets have segments, those far ahead are not looked at.
create function kb.segments_forth(
  markets integer[], from_us bigint, to_us bigint, wanted integer, most integer, span_us bigint,
  out place integer, out first_us bigint, out first_seq bigint, out last_us bigint, out last_seq bigint,
  out data bytea) returns setof record
language plpgsql
stable
set search_path = pg_catalog
as $$
declare
  day_us constant bigint := 86400000000;
  last constant bigint := least(to_us, (
    select max(l.first_us) from kb.sealed_logs l where l.market_id = any (markets)));
  low bigint := greatest(from_us, (select min(kb.oldest_record_us(id)) from unnest(markets) id));
  span bigint := least(span_us, day_us - low % day_us);
  high bigint := low + span - 1;
  -- Of each market no more are looked at than these.
  each_most integer := greatest(4, least(8 + wanted / 256, 2000 / cardinality(markets)));
  seen bigint := 0;
  bytes bigint := 0;
  found record;
  until bigint;
begin
  while low <= last loop
    high := least(last, high);
    until := null;
    for found in execute format(
      'with keys as (
        select m.place, s.*,
          sum(s.records) over before as seen, sum(octet_length(s.data)) over before as bytes
        from unnest($1) with ordinality m (id, place), lateral (
          select * from kb.book_segments
          where market_id = m.id and first_us between %1$s and %2$s and records > 0
          order by first_us, first_seq limit %3$s) s
        window before as (
          order by s.first_us rows between unbounded preceding and current row exclude current row)),
      ends as (
        select least(
          (select min(full_us) from (
            select max(first_us) as full_us from keys group by place having count(*) = %3$s) f),
          (select min(first_us) from keys
            where (seen >= %4$s or bytes >= %5$s) and first_us > (select min(first_us) from keys)),
          %2$s + 1) as until)
      select * from (
        select keys.*, until, first_us < until as taken,
          row_number() over (partition by place, first_us < until order by first_us, first_seq) as nth
        from keys, ends) k
      where taken or nth = 1
      order by first_us, place, first_seq', low, high, each_most, wanted - seen, most - bytes)
      using markets
    loop
      until := found.until;
      exit when until = low;
      place := found.place;
      first_us := found.first_us;
      first_seq := found.first_seq;
      last_us := found.last_us;
      last_seq := found.last_seq;
      data := case when found.taken then found.data end;
      if found.taken then
        seen := seen + found.records;
        bytes := bytes + octet_length(found.data);
      end if;
      return next;
    end loop;
    if until = low then
      -- One market has so many that begin in one microsecond.
      each_most := 4 * each_most;
      continue;
    end if;
    low := coalesce(until, high + 1);
    exit when low <= high or seen >= wanted or bytes >= most;
    span := 2 * span;
    high := low + span - 1;
  end loop;
  place := null;
  first_us := case when low <= last then low else to_us + 1 end;
  first_seq := null;
  last_us := null;
  last_seq := null;
  data := null;
  return next;
end
$$;

-- The same from the end: the segments of these markets that end from from_us to to_us, the last first. The row of no place
-- says in last_us after which moment no others end; that without data is the last that ends at or before it.
create function kb.segments_back(
  markets integer[], from_us bigint, to_us bigint, wanted integer, most integer,
  out place integer, out first_us bigint, out first_seq bigint, out last_us bigint, out last_seq bigint,
  out data bytea) returns setof record
language plpgsql
stable
set search_path = pg_catalog
as $$
declare
  day_us constant bigint := 86400000000;
  -- None spans two days: what ends from from_us on begins on that day at the earliest.
  oldest constant bigint := greatest(from_us / day_us * day_us, (
    select min(kb.oldest_record_us(id)) from unnest(markets) id));
  high bigint := least(to_us, (
    select max(l.last_us) from kb.sealed_logs l where l.market_id = any (markets)));
  low bigint := greatest(oldest, high / day_us * day_us);
  span bigint := day_us;
  each_most integer := greatest(4, least(8 + wanted / 256, 2000 / cardinality(markets)));
  seen bigint := 0;
  bytes bigint := 0;
  found record;
  after bigint;
begin
  while high >= greatest(oldest, from_us) loop
    after := null;
    for found in execute format(
      'with keys as (
        select m.place, s.*,
          sum(s.records) over before as seen, sum(octet_length(s.data)) over before as bytes
        from unnest($1) with ordinality m (id, place), lateral (
          select * from kb.book_segments
          where market_id = m.id and first_us between %1$s and %2$s and last_us between %6$s and %2$s
            and records > 0
          order by first_us desc, first_seq desc limit %3$s) s
        window before as (
          order by s.last_us desc rows between unbounded preceding and current row exclude current row)),
      ends as (
        select greatest(
          (select max(full_us) from (
            select min(last_us) as full_us from keys group by place having count(*) = %3$s) f),
          (select max(last_us) from keys
            where (seen >= %4$s or bytes >= %5$s) and last_us < (select max(last_us) from keys)),
          %1$s - 1) as after)
      select * from (
        select keys.*, after, last_us > after as taken,
          row_number() over (partition by place, last_us > after order by first_us desc, first_seq desc) as nth
        from keys, ends) k
      where taken or nth = 1
      order by last_us desc, place desc, first_seq desc',
      low, high, each_most, wanted - seen, most - bytes, from_us)
      using markets
    loop
      after := found.after;
      exit when after = high;
      place := found.place;
      first_us := found.first_us;
      first_seq := found.first_seq;
      last_us := found.last_us;
      last_seq := found.last_seq;
      data := case when found.taken then found.data end;
      if found.taken then
        seen := seen + found.records;
        bytes := bytes + octet_length(found.data);
      end if;
      return next;
    end loop;
    if after = high then
      each_most := 4 * each_most;
      continue;
    end if;
    high := coalesce(after, low - 1);
    exit when high >= low or seen >= wanted or bytes >= most;
    span := 2 * span;
    low := greatest(oldest, high + 1 - span);
  end loop;
  place := null;
  first_us := null;
  first_seq := null;
  last_us := case when high >= greatest(oldest, from_us) then high else from_us - 1 end;
  last_seq := null;
  data := null;
  return next;
end
$$;

grant execute on function kb.segments_reaching(integer[], bigint) to kb_reader;
grant execute on function kb.segments_forth(integer[], bigint, bigint, integer, integer, bigint) to kb_reader;
grant execute on function kb.segments_back(integer[], bigint, bigint, integer, integer) to kb_reader;

select kb.close_schema();
