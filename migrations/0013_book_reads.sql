-- Reading past books, of one market or of hundreds, in one statement and so in one state of the store. What a book takes does
-- not grow with its market's log: one segment, the rows that follow it, and the gaps about the instant.

-- What a market's book is folded from: as of at_us, else after at_seq, else after the last record.
--   segment, segment_seq: the data, in base64, and the first_seq of the segment that holds the point or begins it; null when
--     all up to it is in hot rows.
--   hot, hot_rows: the rows that follow the segment up to the point, as JSON arrays of columns, and how many they are. hot is
--     null when there are none, and also when there are more than most_rows: the book is then not to be told.
--   gaps: those that may contain the instant, or begin or end at it, as JSON objects; null when there are none.
--
-- Planning would take longer than all else. Hot rows lie in few partitions, of which a plan that is made once finds the right
-- ones as it runs; it is to do so by the key, whatever an hour that had just begun looked like when it was made. Segments lie
-- in hundreds, which such a plan would have to lock: for them a statement is made anew, with its bounds in it.
create function kb.past_book(
  market integer, at_us bigint, at_seq bigint, most_rows integer,
  out segment_seq bigint, out segment text, out hot_rows bigint, out hot text, out gaps text)
language plpgsql
stable
set search_path = pg_catalog
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  day_us constant bigint := 86400000000;
  hour_us constant bigint := 3600000000;
  -- Nothing is stored long before the watermark reaches it: the hours ahead need not be looked at.
  until_us constant bigint := coalesce(
    at_us,
    (select max(e.recorded_through_us) + hour_us from kb.epochs e where e.slice = 0),
    9007199254740991);
  until_seq constant bigint := coalesce(at_seq, 9007199254740991);
  high bigint;
  found kb.book_segments;
  after_seq bigint := -1;
  after_us bigint := 0;
  least_us bigint;
  most_us bigint;
begin
  -- Below the floor nothing is answered, not even from what happens to be left.
  if at_us < (select max(r.kept_from_us) from kb.retention r where r.kind in ('segments', 'gaps')) then
    hot_rows := 0;
    return;
  end if;

  if at_us is null and at_seq is not null then
    select * into found from kb.segment_of_seq(market, at_seq);
  else
    -- The day in which kb.segment_for almost always finds it.
    high := (select least(until_us, l.first_us) from kb.sealed_logs l where l.market_id = market);
    if high is not null then
      execute format(
        'select * from kb.book_segments where market_id = %s and first_us between %s and %s
        order by first_us desc, first_seq desc limit 1', market, high / day_us * day_us, high)
        into found;
      if found.market_id is null then
        select * into found from kb.segment_for(market, until_us);
      end if;
    end if;
  end if;
  if found.market_id is not null then
    segment_seq := found.first_seq;
    segment := encode(found.data, 'base64');
    -- One that begins later tells by its opening alone from where on rows are wanted.
    if found.first_us <= until_us then
      after_seq := found.last_seq;
      after_us := found.last_us;
    end if;
  end if;

  -- Almost all rows are deltas, for which json_build_array takes twice as long.
  select count(*), min(d.recv_us), max(d.recv_us),
    case when count(*) <= most_rows then '[' || string_agg(
      case when d.kind = 1
        then concat('[', d.seq, ',', d.recv_us, ',', coalesce(d.event_us::text, 'null'), ',1,',
          d.side, ',', d.price, ',', d.change, ',', d.size, ']')
        else json_build_array(d.seq, d.recv_us, d.event_us, d.kind, d.side, d.price, d.change,
          d.size, d.reason, d.from_us, d.prev_seq, d.ladders)::text end,
      ',' order by d.seq) || ']' end
  into hot_rows, least_us, most_us, hot
  from (
    select * from kb.book_deltas b
    where b.market_id = market and b.seq > after_seq and b.seq <= until_seq
      and b.recv_us between after_us and until_us
    order by b.seq limit most_rows + 1) d;

  least_us := coalesce(at_us, least(least_us, found.first_us, found.last_us));
  most_us := coalesce(at_us, greatest(most_us, found.last_us));
  select json_agg(to_json(g) order by g.seq)::text into gaps
  from kb.book_gaps g
  where g.market_id = market and g.from_us <= most_us and (g.to_us is null or g.to_us >= least_us);
end
$$;

-- The past books of markets by their tickers, in the order asked; unknown ones are left out. through_us is the watermark.
create function kb.past_books(tickers text[], at_us bigint, at_seq bigint, most_rows integer)
returns table (
  market_id integer, ticker text, event text, status text, through_us bigint,
  segment_seq bigint, segment text, hot_rows bigint, hot text, gaps text)
language plpgsql
stable
set search_path = pg_catalog
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
as $$
declare
  recorded_us constant bigint := (
    select max(e.recorded_through_us) from kb.epochs e where e.slice = 0);
begin
  return query
    select m.id, m.ticker::text, m.event_ticker::text, m.status, recorded_us, b.*
    from unnest(tickers) with ordinality w (ticker, place)
    join kb.markets m on m.ticker = w.ticker
    cross join lateral kb.past_book(m.id, at_us, at_seq, most_rows) b
    order by w.place;
end
$$;

grant execute on function kb.past_book(integer, bigint, bigint, integer) to kb_reader;
grant execute on function kb.past_books(text[], bigint, bigint, integer) to kb_reader;

select kb.close_schema();
