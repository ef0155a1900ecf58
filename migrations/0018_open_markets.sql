-- Of a series that has had hundreds of thousands of markets, those that may still be traded: a subscription by series reads
-- them when it begins.
create index markets_open on kb.markets (series_ticker, ticker) include (event_ticker, status)
  where not kb.is_over(status);
-- Whoever writes a market asks it, for the index.
grant execute on function kb.is_over(text) to kb_collector;

select kb.close_schema();
