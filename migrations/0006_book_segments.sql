-- The sealed store of every market's log: one row per run of a market's records, with the book it opens with, as
-- core/segment-codec writes it and deflate (raw) then packs it. A run's records follow those of the market's segment
-- before it without a hole; only a spool that came back late may add a run inside the gap between two epochs.
--
-- The book at an instant t is in the market's segment with the greatest (first_us, first_seq) of those with first_us <= t,
-- and in those rows of book_deltas that come after its last_seq: recv never decreases along a log, so that this order is
-- the order of seq, late runs included.
create table kb.book_segments (
  market_id integer not null,
  first_us bigint not null,  -- recv of its first record; without records, the start of its UTC day
  first_seq bigint not null, -- seq of its first record; without records, last_seq + 1
  last_seq bigint not null,  -- seq of its last record; without records, of the last record before it
  last_us bigint not null,   -- recv of that record
  records integer not null,
  deltas integer not null,   -- how many of the records are deltas
  data bytea not null,
  primary key (market_id, first_us, first_seq),
  constraint book_segments_seq check (first_seq >= 0 and last_seq < 9007199254740992),
  constraint book_segments_records check (
    records >= 0 and deltas between 0 and records
    and case when records = 0 then first_seq = last_seq + 1
      else last_seq >= first_seq and last_us >= first_us end)
) partition by range (first_us);

-- The data is deflated already: Postgres is not to try again.
alter table kb.book_segments alter column data set storage external;

create table kb.book_segments_default partition of kb.book_segments default;
alter table kb.book_segments_default alter column data set storage external;

select kb.allow('kb.book_segments', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.book_segments', 'kb_reader', 'select');

-- Makes the partitions of `days` UTC days from the day that holds from_us, skips those that exist, and answers how many it
-- made. Rows that had fallen into the default partition are moved. Throws on a lock not granted within 2 s; ask again later.
create function kb.make_segment_partitions(from_us bigint, days integer) returns integer
language plpgsql
security definer
set search_path = pg_catalog
set lock_timeout = '2s'
as $$
declare
  day_us constant bigint := 86400000000;
  low bigint;
  partition text;
  made integer := 0;
begin
  if from_us is null or from_us < 0 or days is null or days not between 0 and 1000 then
    raise exception 'no partitions for % days from %', days, from_us using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('kb.make_segment_partitions', 0));
  for day in 0 .. days - 1 loop
    low := (from_us / day_us + day) * day_us;
    partition := 'book_segments_'
      || to_char(to_timestamp(low / 1000000) at time zone 'UTC', 'YYYYMMDD');
    continue when to_regclass(format('kb.%I', partition)) is not null;

    execute format(
      'create table kb.%I (like kb.book_segments including defaults including constraints including storage)',
      partition);
    perform kb.close_relation(format('kb.%I', partition)::regclass);
    if exists (
      select from kb.book_segments_default where first_us >= low and first_us < low + day_us) then
      lock table kb.book_segments_default in access exclusive mode;
      execute format(
        'with moved as (
          delete from kb.book_segments_default where first_us >= $1 and first_us < $2 returning *)
        insert into kb.%I select * from moved', partition) using low, low + day_us;
    end if;
    execute format('alter table kb.book_segments attach partition kb.%I for values from (%s) to (%s)',
      partition, low, low + day_us);
    made := made + 1;
  end loop;
  return made;
end
$$;

grant execute on function kb.make_segment_partitions(bigint, integer) to kb_collector;

select kb.close_schema();
