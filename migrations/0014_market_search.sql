-- Finding markets by words, and where each market's log begins.

-- Words as they are typed: nothing stemmed, but without those that say nothing.
create text search dictionary kb.plain_words (template = pg_catalog.simple, stopwords = english);
create text search configuration kb.plain (copy = pg_catalog.simple);
alter text search configuration kb.plain
  alter mapping for asciiword, word, numword, asciihword, hword, numhword, hword_asciipart, hword_part, hword_numpart
  with kb.plain_words;

-- Trading has ended for good.
create function kb.is_over(status text) returns boolean
language sql
immutable
set search_path = pg_catalog
as $$ select status in ('closed', 'determined', 'disputed', 'amended', 'finalized') $$;

-- What markets are found by, kept by triggers in step with the rows that it is made of. It repeats what a search is narrowed
-- by, so that nothing else need be read of the many markets that may hold a word.
create table kb.market_search (
  market_id integer primary key,
  ticker text collate "C" not null,
  event_ticker text collate "C" not null,
  series_ticker text collate "C",
  status text not null,
  close_day integer,          -- UTC days since 1970
  over boolean not null generated always as (kb.is_over(status)) stored,
  document tsvector not null -- A titles, B sub titles, C tickers, dates and kinds, D what else a person would type
);
-- There come to be far more markets that are over than others: neither search waits for the other.
create index market_search_open on kb.market_search using gin (document) with (gin_pending_list_limit = 256) where not over;
create index market_search_over on kb.market_search using gin (document) with (gin_pending_list_limit = 256) where over;

select kb.allow('kb.market_search', 'kb_reader', 'select');

-- Words of a text as documents and queries have them, so that `$95,000`, `U.S.`, `Fed’s`, `25bps` and `26DEC` are found by
-- 95000, us, fed, 25 bps and 26 dec: small letters without accents, letters apart from digits, between words one space.
create function kb.search_text(given text) returns text
language plpgsql
immutable
strict
set search_path = pg_catalog
as $$
declare
  words text := lower(normalize(given, NFKD) collate "pg_c_utf8");
begin
  words := regexp_replace(words, '[\u0300-\u036f]|[''’`]s\M|[''’`]', '', 'g');
  words := regexp_replace(words, '(\d),(?=\d\d\d)', '\1', 'g');
  words := regexp_replace(words, '\m([a-z])\.(?=[a-z]\M)', '\1', 'g');
  words := regexp_replace(words, '([[:alpha:]])(?=\d)|(\d)(?=[[:alpha:]])', '\1\2 ', 'g');
  words := regexp_replace(words, '[^[:alnum:].]+|(?<!\d)\.|\.(?!\d)', ' ', 'g');
  return btrim(regexp_replace(words, ' {2,}', ' ', 'g'));
end
$$;

-- What else a person would type who looks for a document with these words.
create function kb.search_also(words tsvector) returns text
language sql
immutable
set search_path = pg_catalog
as $$
  select string_agg(also, ' ') from (values
    ('jan | january'::tsquery, 'jan january'), ('feb | february', 'feb february'), ('mar | march', 'mar march'),
    ('apr | april', 'apr april'), ('jun | june', 'jun june'), ('jul | july', 'jul july'), ('aug | august', 'aug august'),
    ('sep | sept | september', 'sep sept september'), ('oct | october', 'oct october'),
    ('nov | november', 'nov november'), ('dec | december', 'dec december'),
    ('fed | fomc | feddecision | (feder <-> reserv) | (feder <-> fund)', 'fed federal reserve fomc interest rate'),
    ('bitcoin | btc:*', 'bitcoin btc crypto'), ('ethereum | eth | ethd', 'ethereum ether eth crypto'),
    ('solana | kxsol | kxsold', 'solana sol crypto'), ('dogecoin | doge:*', 'dogecoin doge crypto'),
    ('ripple | xrp:*', 'ripple xrp crypto'),
    ('cpi:* | inflation', 'cpi inflation consumer price'), ('gdp:*', 'gdp growth economy'),
    ('payroll | nfp', 'nonfarm payrolls jobs report'), ('unemployment', 'unemployment jobless rate'),
    ('inx:* | (p <-> 500)', 'spx sp 500 index stocks'), ('nasdaq:*', 'nasdaq index stocks'),
    ('wti:* | crude', 'crude oil wti'), ('temperature | temp | kxhigh:*', 'temperature weather'),
    ('nfl:*', 'nfl football'), ('ncaaf:*', 'ncaa college football'), ('nba:*', 'nba basketball'),
    ('wnba:*', 'wnba basketball women'), ('ncaamb:* | ncaab:*', 'ncaa college basketball'),
    ('mlb:*', 'mlb baseball'), ('nhl:*', 'nhl hockey'), ('epl:*', 'epl premier league soccer football'),
    ('potus | president', 'president potus white house'), ('scotus | (suprem <-> court)', 'supreme court scotus'),
    ('gop | republican', 'republican gop'), ('democrat | democrats', 'democratic democrats dem'),
    ('us | usa | (unit <-> state)', 'us usa united states america'), ('uk | (unit <-> kingdom)', 'uk united kingdom britain'),
    ('nyc | (new <-> york)', 'nyc new york city'), ('(los <-> angel)', 'la los angeles'),
    ('ai', 'artificial intelligence'), ('oscar', 'oscars academy awards')
  ) as said (query, also) where words @@ query
$$;

-- The document of a market with these texts, of which it holds as much as a tsvector surely can.
create function kb.search_document(titles text, subtitles text, kinds text) returns tsvector
language plpgsql
stable
set search_path = pg_catalog
as $$
declare
  first text := kb.search_text(left(titles, 4000));
  second text := kb.search_text(left(subtitles, 4000));
  third text := kb.search_text(left(kinds, 4000));
  document tsvector := setweight(to_tsvector('english', first), 'A') || setweight(to_tsvector('english', second), 'B')
    || setweight(to_tsvector('english', third), 'C')
    || strip(to_tsvector('kb.plain', concat(first, ' ', second, ' ', third)));
  also text := kb.search_also(document);
begin
  if also is null then return document; end if;
  return document || to_tsvector('english', also) || strip(to_tsvector('kb.plain', also));
end
$$;

-- Makes the documents of these markets anew, with what their events and series tell as far as they are there, and stores
-- those that differ. Days are the exchange's own: a market that closes as a year ends there is of that year.
-- Documents are locked in one order, whoever writes, so that no two writers wait for each other; and before anything is
-- read for them, so that none is made of what another writer has just replaced.
create function kb.refresh_search(ids integer[]) returns void
language sql
set search_path = pg_catalog
set enable_seqscan = off
as $$
  select from kb.market_search where market_id = any(ids) order by market_id for no key update;
  insert into kb.market_search as stored (market_id, ticker, event_ticker, series_ticker, status, close_day, document)
  select m.id, m.ticker, m.event_ticker, m.series_ticker, m.status, least(99999, m.close_us / 86400000000),
    kb.search_document(
      concat_ws(' . ', m.title, nullif(e.title, m.title)),
      concat_ws(' . ', m.yes_sub_title, nullif(m.no_sub_title, m.yes_sub_title), nullif(m.subtitle, m.yes_sub_title),
        e.sub_title, nullif(s.title, e.title)),
      concat_ws(' . ', m.ticker,
        case when not starts_with(m.ticker, m.event_ticker) then m.event_ticker end,
        case when not starts_with(m.ticker, s.ticker) then s.ticker end,
        substring(split_part(m.ticker, '-', 1) from '^KX(.+)$'),
        s.category, nullif(e.category, s.category), s.tags, s.categories, days.said))
  from unnest(ids) given
  join kb.markets m on m.id = given
  left join kb.events e on e.ticker = m.event_ticker
  left join kb.series s on s.ticker = coalesce(m.series_ticker, e.series_ticker)
  cross join lateral (
    select string_agg(distinct to_char(to_timestamp(us / 1000000) at time zone 'America/New_York', 'FMMonth Mon YYYY'), ' ') as said
    from unnest(array[m.close_us, m.occurrence_us, e.strike_us]) us where us between 0 and 9000000000000000) days
  order by m.id
  on conflict (market_id) do update set ticker = excluded.ticker, event_ticker = excluded.event_ticker,
    series_ticker = excluded.series_ticker, status = excluded.status, close_day = excluded.close_day,
    document = excluded.document
  where (stored.ticker, stored.event_ticker, stored.series_ticker, stored.status, stored.close_day, stored.document)
    is distinct from (excluded.ticker, excluded.event_ticker, excluded.series_ticker, excluded.status,
      excluded.close_day, excluded.document)
$$;

-- The triggers below write as the owner: who stores markets needs no right to the documents. They and refresh_search find
-- markets by their indexes alone, also where a plan was made while there were few.
create function kb.search_new_markets() returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
begin
  perform kb.refresh_search(array(select id from added));
  return null;
end
$$;
create trigger search_new after insert on kb.markets
  referencing new table as added for each statement execute function kb.search_new_markets();

create function kb.search_changed_markets() returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
declare
  told integer[];
  turned integer[];
begin
  select
    array_agg(a.id) filter (where b.said is distinct from a.said),
    array_agg(a.id) filter (where b.said is not distinct from a.said and b.status <> a.status)
  into told, turned
  from (select id, status, (title, subtitle, yes_sub_title, no_sub_title, event_ticker, series_ticker,
    close_us, occurrence_us) as said from before) b
  join (select id, status, (title, subtitle, yes_sub_title, no_sub_title, event_ticker, series_ticker,
    close_us, occurrence_us) as said from after) a on a.id = b.id;
  perform from kb.market_search where market_id = any(told || turned) order by market_id for no key update;
  if told is not null then
    perform kb.refresh_search(told);
  end if;
  if turned is not null then
    update kb.market_search s set status = m.status
    from kb.markets m where m.id = s.market_id and s.market_id = any(turned) and s.status <> m.status;
  end if;
  return null;
end
$$;
create trigger search_changed after update on kb.markets
  referencing old table as before new table as after for each statement execute function kb.search_changed_markets();

create function kb.search_events() returns trigger
language plpgsql
security definer
set search_path = pg_catalog
set enable_seqscan = off
as $$
begin
  if tg_op = 'INSERT' then
    perform kb.refresh_search(array(
      select m.id from added a join kb.markets m on m.event_ticker = a.ticker));
  else
    perform kb.refresh_search(array(
      select m.id from before b join after a on a.ticker = b.ticker join kb.markets m on m.event_ticker = a.ticker
      where (b.series_ticker, b.title, b.sub_title, b.category, b.strike_us)
        is distinct from (a.series_ticker, a.title, a.sub_title, a.category, a.strike_us)));
  end if;
  return null;
end
$$;
create trigger search_new after insert on kb.events
  referencing new table as added for each statement execute function kb.search_events();
create trigger search_changed after update on kb.events
  referencing old table as before new table as after for each statement execute function kb.search_events();

-- A series may have more markets than a statement has time for: of those that are over, the newest follow its text.
create function kb.search_series() returns trigger
language plpgsql
security definer
set search_path = pg_catalog
set enable_seqscan = off
as $$
declare
  told text[];
begin
  if tg_op = 'INSERT' then
    told := array(select ticker from added);
  else
    told := array(
      select a.ticker from before b join after a on a.ticker = b.ticker
      where (b.title, b.category, b.tags, b.categories) is distinct from (a.title, a.category, a.tags, a.categories));
  end if;
  if told <> '{}' then
    perform kb.refresh_search(array(
      select id from (
        select m.id, m.status from kb.markets m where m.series_ticker = any(told)
        union all
        select m.id, m.status from kb.events e join kb.markets m on m.event_ticker = e.ticker
        where e.series_ticker = any(told) and m.series_ticker is null) theirs
      order by kb.is_over(status), id desc limit 20000));
  end if;
  return null;
end
$$;
create trigger search_new after insert on kb.series
  referencing new table as added for each statement execute function kb.search_series();
create trigger search_changed after update on kb.series
  referencing old table as before new table as after for each statement execute function kb.search_series();

select kb.refresh_search(array(select id from kb.markets));

-- The query for what a person typed: each word as it is or stemmed, the last also as a beginning; null when no word is left.
-- A loose one is content when one of the words is missing. A few signs may stand for so many letters that no word of a query
-- can hold them: what comes after 500 does not count.
create function kb.search_query(typed text, loose boolean default false) returns tsquery
language plpgsql
stable
set search_path = pg_catalog
as $$
declare
  words text[];
  each_word tsquery[] := '{}';
  whole tsquery;
  part tsquery;
begin
  words := array(
    select word from unnest(string_to_array(left(kb.search_text(typed), 500), ' ')) with ordinality w (word, n)
    where ts_lexize('kb.plain_words', word) <> '{}' group by word order by max(n) limit 16);
  for i in 1 .. cardinality(words) loop
    whole := (quote_literal(words[i]) || case when i = cardinality(words) and length(words[i]) > 1 then ':*' else '' end)::tsquery;
    part := to_tsquery('english', quote_literal(words[i]));
    each_word := each_word || case when numnode(part) = 0 or part = whole then whole else part || whole end;
  end loop;
  whole := null;
  if not loose then
    for i in 1 .. cardinality(each_word) loop
      whole := coalesce(whole && each_word[i], each_word[i]);
    end loop;
  elsif cardinality(each_word) > 1 then
    for missing in 1 .. cardinality(each_word) loop
      part := null;
      for i in 1 .. cardinality(each_word) loop
        if i <> missing then part := coalesce(part && each_word[i], each_word[i]); end if;
      end loop;
      whole := coalesce(whole || part, part);
    end loop;
  end if;
  return whole;
end
$$;

-- The best markets for what a person typed, best first, those of equal rank by ticker, after a place when one is given.
-- Markets that are not over come before those that are; only when none holds all the words, those come that hold all but one.
-- Of markets that suit as well, open ones come first that close soonest, others that closed last. The work is bounded: of
-- each of these kinds the first 20,000 that are found are ranked.
create function kb.search_markets(
  typed text, of_status text, of_event text, of_series text, after_rank integer, after_ticker text, most integer)
returns table (market_id integer, rank integer)
language plpgsql
stable
set search_path = pg_catalog
set enable_seqscan = off
as $$
declare
  -- A rank is the base of its kind, ts_rank in thousandths, and five digits for the day of closing.
  span constant integer := 100000000;
  narrow text := concat(
    ' and status = ' || quote_literal(of_status), ' and event_ticker = ' || quote_literal(of_event),
    ' and series_ticker = ' || quote_literal(of_series));
  wanted tsquery;
  base integer;
  wanting integer := most;
  found_rows integer;
begin
  for kind in 0 .. 3 loop
    base := (1 - kind) * span;
    exit when wanting <= 0 or (kind = 2 and (wanting < most or after_rank >= 0));
    continue when after_rank < base or kb.is_over(of_status) <> (kind % 2 = 1);
    wanted := kb.search_query(typed, kind >= 2);
    exit when wanted is null;
    return query execute format(
      'select f.market_id, f.rank from (
        select market_id, ticker,
          %1$s + least(999, (ts_rank(''{0.02, 0.1, 0.4, 1}'', document, $1) * 1000)::integer) * 100000 + %2$s as rank
        from kb.market_search
        where over = %3$L and document @@ $1 %4$s
        limit 20000) f
      where $2 is null or f.rank < $2 or (f.rank = $2 and f.ticker > $3)
      order by f.rank desc, f.ticker limit $4',
      base, case when kind % 2 = 1 then 'coalesce(close_day, 0)' else '99999 - coalesce(close_day, 99999)' end,
      kind % 2 = 1, narrow)
      using wanted, after_rank, after_ticker, wanting;
    get diagnostics found_rows = row_count;
    wanting := wanting - found_rows;
  end loop;
end
$$;

grant execute on function kb.is_over(text) to kb_reader;
grant execute on function kb.search_text(text) to kb_reader;
grant execute on function kb.search_query(text, boolean) to kb_reader;
grant execute on function kb.search_markets(text, text, text, text, integer, text, integer) to kb_reader;

-- When each log's first record was received, so that a list can say of every market where its record begins.
create table kb.log_begins (
  market_id integer primary key,
  first_us bigint not null
);
select kb.allow('kb.log_begins', 'kb_collector', 'select', 'insert', 'update');
select kb.allow('kb.log_begins', 'kb_reader', 'select');

insert into kb.log_begins
with recursive hot as (
  (select market_id, recv_us from kb.book_deltas order by market_id, seq limit 1)
  union all
  select step.* from hot, lateral (
    select d.market_id, d.recv_us from kb.book_deltas d
    where d.market_id > hot.market_id order by d.market_id, d.seq limit 1) step)
select market_id, min(us) from (
  select market_id, recv_us as us from hot
  union all
  select market_id, first_us from kb.book_segments where records > 0) begins
group by market_id;

select kb.close_schema();
