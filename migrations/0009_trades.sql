-- Every trade, in daily partitions by the exchange's time. Stream and REST name a trade by the same id, and its time is
-- cut to whole milliseconds, which both can state. market_id has no foreign key, as in kb.book_deltas.
create table kb.trades (
  event_us bigint not null,
  recv_us bigint not null,
  size bigint not null,     -- hundredths of a contract
  market_id integer not null,
  price integer not null,   -- the yes price, millionths of a dollar
  taker smallint not null,  -- 0 yes, 1 no
  source smallint not null, -- 0 stream, 1 refill
  block boolean not null,
  trade_id text collate "C" not null,
  primary key (market_id, event_us, trade_id),
  constraint trades_price check (price between 1 and 999999),
  constraint trades_size check (size >= 0),
  constraint trades_taker check (taker in (0, 1)),
  constraint trades_source check (source in (0, 1)),
  constraint trades_trade_id check (length(trade_id) between 1 and 128)
) partition by range (event_us);

-- The trades of all markets in their order; those of one market are found by the key.
create index trades_by_time on kb.trades (event_us, trade_id);

create table kb.trades_default partition of kb.trades default;

-- What a market's book and open interest were at the end of a minute in which one of them changed or a trade fell. A minute
-- without a row is as the row before it says, unless kb.book_gaps covers its end.
create table kb.candle_quotes (
  start_us bigint not null,
  bid_size bigint,
  ask_size bigint,
  open_interest bigint,     -- hundredths of a contract
  market_id integer not null,
  bid_price integer,        -- yes prices, millionths of a dollar; null: that side is empty, or the book is not known
  ask_price integer,
  gap_us integer not null,  -- for so long the book was not known
  primary key (market_id, start_us),
  constraint candle_quotes_start check (start_us % 60000000 = 0),
  constraint candle_quotes_bid check (num_nulls(bid_price, bid_size) in (0, 2)),
  constraint candle_quotes_ask check (num_nulls(ask_price, ask_size) in (0, 2)),
  constraint candle_quotes_prices check (bid_price between 1 and 999999 and ask_price between 1 and 999999),
  constraint candle_quotes_sizes check (bid_size > 0 and ask_size > 0 and open_interest >= 0),
  constraint candle_quotes_gap check (gap_us between 0 and 60000000)
) partition by range (start_us);

create table kb.candle_quotes_default partition of kb.candle_quotes default;

-- Intervals of which trades may be missing. to_us is null while the trade channel is away; from filled_us on the exchange's
-- REST has given them all.
create table kb.trade_holes (
  from_us bigint primary key,
  to_us bigint,
  filled_us bigint,
  constraint trade_holes_bounds check (to_us >= from_us),
  constraint trade_holes_filled check (filled_us is null or to_us is not null)
);
create index trade_holes_told on kb.trade_holes (from_us) where filled_us is null;

select kb.allow('kb.trades', 'kb_collector', 'select', 'insert');
select kb.allow('kb.trades', 'kb_reader', 'select');
select kb.allow('kb.candle_quotes', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.candle_quotes', 'kb_reader', 'select');
select kb.allow('kb.trade_holes', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.trade_holes', 'kb_reader', 'select');

-- Makes the daily partitions of trades and of candle quotes for `days` days from the UTC day that holds from_us, skips
-- those that exist, and answers how many it made. Rows that had fallen into a default partition are moved. A partition is
-- made apart and then attached, which does not stop readers and writers of the others. Throws on a lock not granted within
-- 2 s; ask again later.
create function kb.make_trade_partitions(from_us bigint, days integer) returns integer
language plpgsql
security definer
set search_path = pg_catalog
set lock_timeout = '2s'
as $$
declare
  day_us constant bigint := 86400000000;
  low bigint;
  parent text;
  by_time text;
  partition text;
  late boolean;
  made integer := 0;
begin
  if from_us is null or from_us < 0 or days is null or days not between 0 and 1000 then
    raise exception 'no partitions for % days from %', days, from_us using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('kb.make_trade_partitions', 0));
  for day in 0 .. days - 1 loop
    low := (from_us / day_us + day) * day_us;
    foreach parent in array array['trades', 'candle_quotes'] loop
      by_time := case parent when 'trades' then 'event_us' else 'start_us' end;
      partition := parent || '_' || to_char(to_timestamp(low / 1000000) at time zone 'UTC', 'YYYYMMDD');
      continue when to_regclass(format('kb.%I', partition)) is not null;

      execute format(
        'create table kb.%I (like kb.%I including defaults including constraints)', partition, parent);
      perform kb.close_relation(format('kb.%I', partition)::regclass);
      execute format('select exists (select from kb.%I where %I >= $1 and %I < $2)',
        parent || '_default', by_time, by_time) into late using low, low + day_us;
      if late then
        execute format('lock table kb.%I in access exclusive mode', parent || '_default');
        execute format(
          'with moved as (delete from kb.%I where %I >= $1 and %I < $2 returning *)
          insert into kb.%I select * from moved', parent || '_default', by_time, by_time, partition)
          using low, low + day_us;
      end if;
      execute format('alter table kb.%I attach partition kb.%I for values from (%s) to (%s)',
        parent, partition, low, low + day_us);
      made := made + 1;
    end loop;
  end loop;
  return made;
end
$$;

grant execute on function kb.make_trade_partitions(bigint, integer) to kb_collector;

select kb.close_schema();
