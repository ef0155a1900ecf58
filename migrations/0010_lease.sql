-- The lease says when it was last renewed, by Postgres's own clock, and whether its holder gave it up.
alter table kb.lease
  add column renewed_at timestamptz not null default now(),
  add column released boolean not null default false,
  -- The name of a lease is a key: only so does a take exclude the writers, who lock the row `for key share`, while a
  -- renewal, which changes no key, neither waits for them nor they for it
  -- (https://www.postgresql.org/docs/17/explicit-locking.html#LOCKING-ROWS).
  add unique (slice, lease);

-- A writer that hangs in the midst of a transaction holds the row against whoever is to follow it: it must not be able to
-- for longer than a standby waits anyway.
alter role kb_collector set idle_in_transaction_session_timeout = '5s';

select kb.close_schema();
