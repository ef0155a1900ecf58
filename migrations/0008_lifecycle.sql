-- All that the exchange tells of a market, an event and a series, so that nothing that it told reads null.
alter table kb.markets
  add column subtitle text,
  add column created_us bigint,
  add column occurrence_us bigint,
  add column fee_waiver_expiration_us bigint,
  add column settlement_timer_seconds integer,
  add column notional_value text,
  add column early_close_condition text,
  add column functional_strike text,
  add column custom_strike jsonb,
  add column expiration_value text,
  add column is_provisional boolean,
  add column exchange_index integer,
  add column primary_participant_key text,
  add column mve_collection_ticker text,
  add column mve_selected_legs jsonb,
  -- recv of the last change (kb.lifecycle) that was applied to status, result, settlement, close and grid: what REST had said before it no longer counts
  add column changed_us bigint;

alter table kb.events
  add column strike_us bigint,
  add column strike_period text,
  add column settlement_sources jsonb,
  add column product_metadata jsonb,
  add column fee_type_override text,
  add column fee_multiplier_override text,
  add column exchange_index integer;

alter table kb.series
  add column categories jsonb,
  add column settlement_sources jsonb,
  add column contract_url text,
  add column contract_terms_url text,
  add column additional_prohibitions jsonb,
  add column product_metadata jsonb,
  add column exchange_index integer;

-- What happened to a market besides trading (market_id), or to an event or a series (event_ticker; today its fees).
create table kb.lifecycle (
  market_id integer,
  event_ticker text collate "C",
  kind text not null,
  at_us bigint, -- when the exchange says that it happened; null when it does not say
  recv_us bigint not null,
  source text not null,
  detail jsonb not null, -- what changed, as the exchange put it
  constraint lifecycle_subject check (num_nonnulls(market_id, event_ticker) = 1),
  constraint lifecycle_kind check (kind in ('created', 'opened', 'activated', 'deactivated', 'close_date_updated', 'closed',
    'determined', 'settled', 'price_level_structure_updated', 'metadata_updated', 'status', 'fee')),
  constraint lifecycle_source check (source in ('stream', 'rest', 'clock'))
);
-- The same change told twice is one row: by its own time where it has one, else by when we heard it.
create unique index lifecycle_once on kb.lifecycle
  (coalesce(market_id, 0), coalesce(event_ticker, ''), kind, coalesce(at_us, recv_us), md5(detail::text));
create index lifecycle_by_market on kb.lifecycle (market_id, recv_us) where market_id is not null;
create index lifecycle_by_event on kb.lifecycle (event_ticker, recv_us) where event_ticker is not null;

-- Every result that the exchange gave a market: the first, and each that replaced it. The last is the one that was paid.
create table kb.settlements (
  market_id integer not null,
  n smallint not null, -- 0, 1, …
  result text not null, -- yes, no or scalar
  settlement_value text, -- dollars that a yes pays, decimal
  determined_us bigint, -- when the exchange says; null when it was seen by REST alone
  settled_us bigint, -- when it was paid; null before
  recv_us bigint not null,
  source text not null,
  primary key (market_id, n),
  constraint settlements_source check (source in ('stream', 'rest', 'clock'))
);

select kb.allow('kb.lifecycle', 'kb_collector', 'select', 'insert');
select kb.allow('kb.lifecycle', 'kb_reader', 'select');
select kb.allow('kb.settlements', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.settlements', 'kb_reader', 'select');

select kb.close_schema();
