-- What accounts are to Stripe, and what is on its way there and back. Never a card, never what an invoice says of a person.
create table kb.billing_customers (
  account_id uuid primary key references kb.accounts (id),
  -- null until it is made.
  customer_id text unique,
  -- A definite failure of Stripe's is answered again for the same key: another try has another one.
  tries integer not null default 0,
  livemode boolean not null,
  -- What was last seen of it, for its owner to read.
  seen jsonb,
  seen_us bigint,
  -- When it is to be looked at again though nothing was heard.
  look_us bigint
);
create index billing_customers_by_look on kb.billing_customers (look_us);

-- The one open Checkout of an account.
create table kb.billing_checkouts (
  account_id uuid primary key references kb.accounts (id),
  plan text not null,
  -- Grows with every Checkout that is wanted; part of its key at Stripe.
  number integer not null,
  -- null until it is made.
  session_id text,
  url text,
  expires_us bigint
);

-- The plan that an account wants to be on, gone towards step by step until it is reached or is known not to be.
create table kb.billing_wishes (
  account_id uuid primary key references kb.accounts (id),
  plan text not null,
  number integer not null,
  -- Part of the steps' keys at Stripe, as above.
  tries integer not null default 0,
  -- `open`, `charged` (an invoice is to be paid), `done`, `failed`.
  state text not null,
  made_us bigint not null,
  next_us bigint not null
);
create index billing_wishes_left on kb.billing_wishes (next_us) where state in ('open', 'charged');

-- What Stripe told us, each once; what it is about is asked for anew when it is dealt with.
create table kb.stripe_events (
  id text primary key,
  type text not null,
  customer_id text,
  -- What it is about, where that is not the customer: a charge, a Checkout, a dispute, a meter.
  object_id text,
  received_us bigint not null,
  done_us bigint,
  tries integer not null default 0,
  next_us bigint not null
);
create index stripe_events_left on kb.stripe_events (next_us) where done_us is null;
create index stripe_events_by_time on kb.stripe_events (received_us);

-- The overage of an hour as it was told to Stripe; it may be told again, as the latest word on an hour replaces the others.
create table kb.meter_reports (
  account_id uuid not null references kb.accounts (id),
  hour_us bigint not null,
  plan text not null,
  -- What was told last; null for nothing yet.
  sent bigint,
  sent_us bigint,
  identifier text,
  -- `sent`, `failing`, `parked` (there is nobody to bill), `refused`, `too_old`.
  state text not null,
  -- Part of its identifier: what was refused is told under another one.
  tries integer not null default 0,
  failures integer not null default 0,
  next_us bigint not null,
  primary key (account_id, hour_us, plan)
);
create index usage_totals_billed on kb.usage_totals (hour_us) where overage > 0;
create index meter_reports_by_identifier on kb.meter_reports (identifier);

-- Our ledger of a day against what Stripe counted.
create table kb.reconciliations (
  account_id uuid not null references kb.accounts (id),
  plan text not null,
  day_us bigint not null,
  ours bigint not null,
  theirs bigint not null,
  checked_us bigint not null,
  primary key (account_id, plan, day_us)
);

-- Why overage is suspended though every month is paid.
create table kb.billing_holds (
  -- The dispute or the charge.
  source text primary key,
  account_id uuid not null references kb.accounts (id),
  reason text not null,
  from_us bigint not null,
  until_us bigint
);
create index billing_holds_by_account on kb.billing_holds (account_id);

-- What we gave back ourselves, for a second subscription: no reason to suspend anything.
create table kb.billing_refunds (
  payment_intent text primary key,
  account_id uuid not null references kb.accounts (id),
  subscription_id text not null,
  made_us bigint not null
);

select kb.allow('kb.billing_customers', 'kb_account', 'select', 'insert', 'update');
select kb.allow('kb.billing_checkouts', 'kb_account', 'select', 'insert', 'update');
select kb.allow('kb.billing_wishes', 'kb_account', 'select', 'insert', 'update');
select kb.allow('kb.stripe_events', 'kb_account', 'select', 'insert', 'update', 'delete');
select kb.allow('kb.meter_reports', 'kb_account', 'select', 'insert', 'update');
select kb.allow('kb.reconciliations', 'kb_account', 'select', 'insert', 'update');
select kb.allow('kb.billing_holds', 'kb_account', 'select', 'insert', 'update');
select kb.allow('kb.billing_refunds', 'kb_account', 'select', 'insert');

select kb.close_schema();
