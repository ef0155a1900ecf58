-- What an account may do, and everything that led there. kb.accounts.plan is the plan that it began with; later ones, those
-- that are agreed for a coming month too, are rows of kb.plan_changes.
alter table kb.accounts
  -- The person's id at Supabase Auth; null for accounts that nobody signs in to.
  add column person_id uuid unique,
  add column email text,
  -- Grows with every change that the Account object and the edge must hear of.
  add column rev bigint not null default 1,
  -- Whether it gets the free plan's credits: once for each address.
  add column free_credits boolean not null default true,
  -- Beyond the included credits: so many cents a month at most; null while the customer has not turned it on.
  add column overage_cap_cents integer check (overage_cap_cents between 0 and 1000000),
  -- Why overage is suspended (`dispute`, `refund`, `unpaid`); null when it is not.
  add column overage_suspended text,
  -- Whether an invoice was ever paid.
  add column paid_once boolean not null default false,
  -- Payment trouble: until then the plan stays; null for none.
  add column grace_until_us bigint,
  -- Terms of its own, over those of its plan, by the names that core/plan.ts gives them.
  add column terms jsonb not null default '{}',
  add column closed_us bigint;

alter table kb.api_keys
  add column name text not null default '' check (length(name) <= 100),
  add column rev bigint not null default 1,
  -- Credits that it may spend in a calendar month; null for as many as its account.
  add column month_cap bigint check (month_cap >= 0);

-- From when on an account is on which plan; a change that lies ahead is deleted when it is taken back.
create table kb.plan_changes (
  account_id uuid not null references kb.accounts (id),
  from_us bigint not null,
  plan text not null,
  -- What caused it, once: a subscription's id and what became of it.
  source text not null unique,
  made_us bigint not null,
  primary key (account_id, from_us, source)
);

-- Credits of one month beside those of the plan at its begin: paid for by a first invoice or an upgrade, or (below 0) taken
-- back when a month was not paid.
create table kb.credit_grants (
  source text primary key,
  account_id uuid not null references kb.accounts (id),
  month_us bigint not null,
  credits bigint not null,
  made_us bigint not null
);
create index credit_grants_by_account on kb.credit_grants (account_id, month_us);

-- Accounts whose last change the object and the edge may not have heard of yet: a row comes with the change, and leaves when
-- both have.
create table kb.projections (
  account_id uuid primary key references kb.accounts (id),
  rev bigint not null,
  since_us bigint not null
);

-- Who changed what of an account: keys, caps, plan, people.
create table kb.account_audit (
  id bigint generated always as identity primary key,
  account_id uuid not null references kb.accounts (id),
  at_us bigint not null,
  -- `person`, `stripe`, `operator` or `schedule`.
  actor text not null,
  what text not null,
  detail jsonb not null default '{}'
);
create index account_audit_by_account on kb.account_audit (account_id, id);

-- The ledger: what an account spent in an hour, by key and route. The Account object tells running totals, so that each
-- may be told again.
create table kb.usage_hours (
  account_id uuid not null references kb.accounts (id),
  hour_us bigint not null,
  key_id text not null,
  route text not null,
  requests bigint not null,
  failed bigint not null,
  credits bigint not null,
  primary key (account_id, hour_us, key_id, route)
);
-- The same hour as a whole, by the plan that it was spent on: what was beyond the included credits is billed.
create table kb.usage_totals (
  account_id uuid not null references kb.accounts (id),
  hour_us bigint not null,
  plan text not null,
  credits bigint not null,
  overage bigint not null,
  -- Nothing is added any more.
  closed boolean not null,
  primary key (account_id, hour_us, plan)
);

-- Requests that were let through while the Account object could not be reached, to be spent afterwards; and when the gate was
-- opened last.
create table kb.gate_openings (
  account_id uuid primary key references kb.accounts (id),
  opened_us bigint not null
);
create table kb.gate_journal (
  request_id text primary key,
  account_id uuid not null references kb.accounts (id),
  key_id text not null,
  route text not null,
  credits integer not null,
  at_us bigint not null,
  spent_us bigint
);
create index gate_journal_unspent on kb.gate_journal (account_id) where spent_us is null;

-- The plan of an account at an instant.
create function kb.plan_at(account uuid, at_us bigint) returns text
language sql
stable
set search_path = pg_catalog
as $$
  select coalesce(
    (select c.plan from kb.plan_changes c where c.account_id = account and c.from_us <= at_us
      order by c.from_us desc, c.made_us desc limit 1),
    (select a.plan from kb.accounts a where a.id = account))
$$;

-- All that the Account object must know of its account; null when there is none. Changes of plan from before `since_us` are
-- summed up as one from 0. Of keys that ended the latest 5,000 are told at most: the object keeps all of this in one row, which
-- may have 2 MB.
create function kb.account_standing(account uuid, since_us bigint) returns jsonb
language sql
stable
set search_path = pg_catalog
as $$
  select jsonb_build_object(
    'rev', a.rev,
    'closed', a.closed_us is not null,
    'free_credits', a.free_credits,
    'overage_cap_cents', a.overage_cap_cents,
    'overage_suspended', a.overage_suspended,
    'paid_once', a.paid_once,
    'grace_until_us', a.grace_until_us,
    'terms', a.terms,
    'plans', jsonb_build_array(jsonb_build_object('plan', kb.plan_at(a.id, since_us), 'from_us', 0))
      || coalesce((select jsonb_agg(jsonb_build_object('plan', c.plan, 'from_us', c.from_us)
            order by c.from_us, c.made_us)
          from kb.plan_changes c where c.account_id = a.id and c.from_us > since_us), '[]'),
    'grants', coalesce((select jsonb_agg(jsonb_build_object('source', g.source, 'month_us', g.month_us,
            'credits', g.credits))
          from kb.credit_grants g where g.account_id = a.id and g.month_us >= since_us), '[]'),
    'keys', coalesce((select jsonb_agg(jsonb_build_object('id', k.id, 'rev', k.rev,
            'expires_us', k.expires_us, 'revoked_us', k.revoked_us, 'month_cap', k.month_cap))
          from (select * from kb.api_keys every where every.account_id = a.id
            order by least(every.expires_us, every.revoked_us) desc nulls first limit 5000) k), '[]'))
  from kb.accounts a where a.id = account
$$;

-- Notes that an account has changed, in the transaction that changes it. Returns its new rev.
create function kb.account_changed(account uuid, now_us bigint) returns bigint
language plpgsql
set search_path = pg_catalog
as $$
declare
  now_rev bigint;
begin
  update kb.accounts set rev = rev + 1 where id = account returning rev into now_rev;
  if now_rev is not null then
    insert into kb.projections as p (account_id, rev, since_us) values (account, now_rev, now_us)
      on conflict (account_id) do update set rev = excluded.rev;
  end if;
  return now_rev;
end
$$;

select kb.allow('kb.accounts', 'kb_account', 'insert', 'update');
select kb.allow('kb.api_keys', 'kb_account', 'insert', 'update');
select kb.allow('kb.plan_changes', 'kb_account', 'select', 'insert', 'delete');
select kb.allow('kb.credit_grants', 'kb_account', 'select', 'insert');
select kb.allow('kb.projections', 'kb_account', 'select', 'insert', 'update', 'delete');
select kb.allow('kb.account_audit', 'kb_account', 'select', 'insert');
select kb.allow('kb.usage_hours', 'kb_account', 'select', 'insert', 'update');
select kb.allow('kb.usage_totals', 'kb_account', 'select', 'insert', 'update');
select kb.allow('kb.gate_openings', 'kb_account', 'select', 'insert', 'update');
select kb.allow('kb.gate_journal', 'kb_account', 'select', 'insert', 'update');

select kb.close_schema();

grant execute on function kb.plan_at(uuid, bigint) to kb_account;
grant execute on function kb.account_standing(uuid, bigint) to kb_account;
grant execute on function kb.account_changed(uuid, bigint) to kb_account;
