-- A market's log, one row per record of any kind, in hourly partitions by the time we received it. A repeat of a record
-- always carries the recv_us it was first given, so that the key finds it. market_id has no foreign key: the check would
-- cost as much as the insert, and ids come from kb.markets alone.
create table kb.book_deltas (
  market_id integer not null,
  seq bigint not null,
  recv_us bigint not null,
  event_us bigint,
  kind smallint not null, -- 0 snapshot, 1 delta, 2 gap, 3 end
  side smallint,          -- 0 yes, 1 no
  price integer,          -- millionths of a dollar
  change bigint,          -- hundredths of a contract, signed
  size bigint,            -- hundredths of a contract, after the change
  reason text,            -- why the snapshot was sent, what caused the gap, why the log ended
  from_us bigint,         -- the last moment at which we can vouch for the book
  prev_seq bigint,
  ladders text,           -- `yes|no`, levels `price:size`, best first
  primary key (market_id, seq, recv_us),
  constraint book_deltas_seq check (seq >= 0 and seq < 9007199254740992),
  constraint book_deltas_kind check (kind between 0 and 3),
  constraint book_deltas_snapshot check (kind <> 0 or (
    ladders is not null and reason is not null
    and reason in ('first', 'gap', 'epoch', 'exchange', 'check')
    and num_nonnulls(event_us, side, price, change, size, from_us, prev_seq) = 0)),
  constraint book_deltas_delta check (kind <> 1 or (
    num_nulls(side, price, change, size) = 0
    and side in (0, 1) and price between 1 and 999999 and size >= 0
    and num_nonnulls(reason, from_us, prev_seq, ladders) = 0)),
  constraint book_deltas_gap check (kind <> 2 or (
    reason is not null and from_us is not null and from_us <= recv_us
    and reason in ('sequence', 'cut', 'silence', 'epoch', 'mismatch', 'overflow', 'disk', 'malformed', 'maintenance')
    and (prev_seq is null or prev_seq < seq)
    and num_nonnulls(event_us, side, price, change, size, ladders) = 0)),
  constraint book_deltas_end check (kind <> 3 or (
    reason is not null and reason in ('settled', 'deselected')
    and num_nonnulls(side, price, change, size, from_us, prev_seq, ladders) = 0))
) partition by range (recv_us);

-- Finds the snapshot that opens an as-of read.
create index book_deltas_openings on kb.book_deltas (market_id, recv_us desc, seq desc) where kind = 0;

create table kb.book_deltas_default partition of kb.book_deltas default;

-- Intervals in which no book is known: an overlay over the log. to_us is the recv_us of the market's next snapshot.
create table kb.book_gaps (
  market_id integer not null,
  seq bigint not null,
  cause text not null,
  from_us bigint not null,
  to_us bigint,
  noticed_us bigint not null,
  prev_seq bigint,
  primary key (market_id, seq),
  constraint book_gaps_cause check (
    cause in ('sequence', 'cut', 'silence', 'epoch', 'mismatch', 'overflow', 'disk', 'malformed', 'maintenance')),
  constraint book_gaps_bounds check (from_us <= noticed_us and (to_us is null or to_us >= noticed_us))
);
create index book_gaps_overlap on kb.book_gaps (market_id, from_us);
create index book_gaps_open on kb.book_gaps (market_id, seq) where to_us is null;

select kb.allow('kb.book_deltas', 'kb_collector', 'select', 'insert');
select kb.allow('kb.book_deltas', 'kb_reader', 'select');
select kb.allow('kb.book_gaps', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.book_gaps', 'kb_reader', 'select');

-- Makes the hourly partitions of `hours` hours from the hour that holds from_us, skips those that exist, and answers how
-- many it made. Rows that had fallen into the default partition are moved. A partition is made apart and then attached,
-- which does not stop readers and writers of the others. Throws on a lock not granted within 2 s; ask again later.
create function kb.make_book_partitions(from_us bigint, hours integer) returns integer
language plpgsql
security definer
set search_path = pg_catalog
set lock_timeout = '2s'
as $$
declare
  hour_us constant bigint := 3600000000;
  low bigint;
  partition text;
  made integer := 0;
begin
  if from_us is null or from_us < 0 or hours is null or hours not between 0 and 1000 then
    raise exception 'no partitions for % hours from %', hours, from_us using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('kb.make_book_partitions', 0));
  for hour in 0 .. hours - 1 loop
    low := (from_us / hour_us + hour) * hour_us;
    partition := 'book_deltas_'
      || to_char(to_timestamp(low / 1000000) at time zone 'UTC', 'YYYYMMDD"t"HH24');
    continue when to_regclass(format('kb.%I', partition)) is not null;

    execute format(
      'create table kb.%I (like kb.book_deltas including defaults including constraints)', partition);
    perform kb.close_relation(format('kb.%I', partition)::regclass);
    if exists (
      select from kb.book_deltas_default where recv_us >= low and recv_us < low + hour_us) then
      lock table kb.book_deltas_default in access exclusive mode;
      execute format(
        'with moved as (
          delete from kb.book_deltas_default where recv_us >= $1 and recv_us < $2 returning *)
        insert into kb.%I select * from moved', partition) using low, low + hour_us;
    end if;
    execute format('alter table kb.book_deltas attach partition kb.%I for values from (%s) to (%s)',
      partition, low, low + hour_us);
    made := made + 1;
  end loop;
  return made;
end
$$;

grant execute on function kb.make_book_partitions(bigint, integer) to kb_collector;

select kb.close_schema();
