-- Counting a market's records by days reads its keys alone: they lie together, while the rows lie among those of all markets.
alter table kb.book_segments drop constraint book_segments_pkey;
alter table kb.book_segments
  add primary key (market_id, first_us, first_seq) include (records, deltas);

select kb.close_schema();
