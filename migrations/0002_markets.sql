-- The exchange's hierarchy: series, events, markets. Tickers compare by byte, so that a page's order is the same on every
-- server. Times are integer microseconds; `raw` is the exchange's object as it was.
create table kb.series (
  ticker text collate "C" primary key,
  title text not null,
  category text,
  frequency text,
  tags jsonb,
  fee_type text,
  fee_multiplier text,
  raw jsonb not null,
  updated_us bigint not null
);

create table kb.events (
  ticker text collate "C" primary key,
  series_ticker text collate "C",
  title text not null,
  sub_title text,
  category text,
  mutually_exclusive boolean,
  collateral_return_type text,
  raw jsonb not null,
  updated_us bigint not null
);
create index events_by_series on kb.events (series_ticker, ticker);

create table kb.markets (
  id integer generated always as identity primary key,
  ticker text collate "C" not null unique,
  event_ticker text collate "C" not null,
  series_ticker text collate "C",
  title text not null,
  yes_sub_title text,
  no_sub_title text,
  market_type text not null,
  status text not null,
  open_us bigint,
  close_us bigint,
  expected_expiration_us bigint,
  latest_expiration_us bigint,
  rules_primary text,
  rules_secondary text,
  strike_type text,
  floor_strike text,
  cap_strike text,
  price_level_structure text,
  price_ranges jsonb,
  result text,
  settlement_value text,
  settlement_us bigint,
  can_close_early boolean,
  raw jsonb not null,
  first_seen_us bigint not null,
  updated_us bigint not null
);
create index markets_by_event on kb.markets (event_ticker, ticker);
create index markets_by_series on kb.markets (series_ticker, ticker);
create index markets_by_status on kb.markets (status, ticker);

select kb.allow('kb.series', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.series', 'kb_reader', 'select');
select kb.allow('kb.events', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.events', 'kb_reader', 'select');
select kb.allow('kb.markets', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.markets', 'kb_reader', 'select');

select kb.close_schema();
