-- Addresses that have had their free credits, as keyed hashes of what remains of them when their spellings are folded. A row
-- outlives its account by 13 months.
create table kb.free_claims (
  hash bytea primary key check (octet_length(hash) = 32),
  account_id uuid references kb.accounts (id),
  claimed_us bigint not null,
  -- When its account was deleted; null while it is there.
  released_us bigint
);
create index free_claims_by_account on kb.free_claims (account_id);

-- Which accounts are new, and from which network: it bounds how many there may be a day, and is forgotten after two.
create table kb.new_accounts (
  account_id uuid primary key references kb.accounts (id),
  -- null for those that came from no network.
  prefix text,
  made_us bigint not null
);
create index new_accounts_by_time on kb.new_accounts (made_us);

-- How often something was tried in a span of time: by an address of mail or of a network, as a keyed hash.
create table kb.people_tries (
  who bytea not null check (octet_length(who) = 32),
  from_us bigint not null,
  -- When the span is over.
  until_us bigint not null,
  tries integer not null,
  primary key (who, from_us)
);
create index people_tries_by_end on kb.people_tries (until_us);

-- Accounts that are being deleted, and what of it is done; the row stays, as a proof.
create table kb.account_deletions (
  account_id uuid primary key references kb.accounts (id),
  person_id uuid not null,
  asked_us bigint not null,
  -- Its object, its keys' records at the edge and its open streams know; its last hour is in the ledger.
  told_us bigint,
  -- It has no subscription any more.
  unsubscribed_us bigint,
  -- Supabase Auth does not know the person any more.
  forgotten_us bigint
);
create index account_deletions_open on kb.account_deletions (asked_us)
  where told_us is null or unsubscribed_us is null or forgotten_us is null;

-- Makes the account of a person, once, with free credits when their address has not had them. Answers its id, or which bound
-- on new accounts is reached and until when: `network` (a network's) or `day` (all together), in any 24 hours.
create function kb.make_account(person uuid, mail text, claim bytea, network text, most_of_network integer, most integer,
  now_us bigint) returns jsonb
language plpgsql
set search_path = pg_catalog
as $$
declare
  made uuid;
  since bigint := now_us - 86400000000;
  freed bigint;
  is_free boolean;
begin
  select id into made from kb.accounts where person_id = person;
  if made is not null then return jsonb_build_object('account', made); end if;
  -- One at a time: the bounds are exact, and a person's first requests agree.
  perform pg_advisory_xact_lock(5022);
  select id into made from kb.accounts where person_id = person;
  if made is not null then return jsonb_build_object('account', made); end if;
  select made_us into freed from kb.new_accounts where made_us > since and prefix = network
    order by made_us desc offset most_of_network - 1 limit 1;
  if freed is not null then
    return jsonb_build_object('full', 'network', 'until_us', freed + 86400000000);
  end if;
  select made_us into freed from kb.new_accounts where made_us > since
    order by made_us desc offset greatest(most - 1, 0) limit 1;
  if freed is not null or most <= 0 then
    return jsonb_build_object('full', 'day', 'until_us', coalesce(freed, now_us) + 86400000000);
  end if;
  insert into kb.accounts (name, plan, created_us, person_id, email, free_credits)
    values ('', 'free', now_us, person, mail, false) returning id into made;
  insert into kb.free_claims (hash, account_id, claimed_us) values (claim, made, now_us) on conflict do nothing;
  is_free := found;
  update kb.accounts set free_credits = is_free where id = made;
  insert into kb.new_accounts (account_id, prefix, made_us) values (made, network, now_us);
  insert into kb.account_audit (account_id, at_us, actor, what, detail)
    values (made, now_us, 'person', 'account_made', jsonb_build_object('free_credits', is_free));
  return jsonb_build_object('account', made);
end
$$;

-- Closes an account and revokes its keys, and notes what is left to do for its deletion; may be repeated. Answers whether
-- there was such an account.
create function kb.close_account(account uuid, now_us bigint) returns boolean
language plpgsql
set search_path = pg_catalog
as $$
declare
  person uuid;
begin
  select person_id into person from kb.accounts where id = account for update;
  if person is null then return false; end if;
  insert into kb.account_deletions (account_id, person_id, asked_us) values (account, person, now_us)
    on conflict do nothing;
  if not found then return true; end if;
  update kb.accounts set closed_us = now_us, email = null, name = '' where id = account;
  update kb.api_keys set revoked_us = now_us, rev = rev + 1, name = ''
    where account_id = account and (revoked_us is null or revoked_us > now_us);
  update kb.free_claims set released_us = now_us where account_id = account;
  insert into kb.account_audit (account_id, at_us, actor, what) values (account, now_us, 'person', 'account_closed');
  perform kb.account_changed(account, now_us);
  return true;
end
$$;

select kb.allow('kb.free_claims', 'kb_account', 'select', 'insert', 'update', 'delete');
select kb.allow('kb.new_accounts', 'kb_account', 'select', 'insert', 'delete');
select kb.allow('kb.people_tries', 'kb_account', 'select', 'insert', 'update', 'delete');
select kb.allow('kb.account_deletions', 'kb_account', 'select', 'insert', 'update');

select kb.close_schema();

grant execute on function kb.make_account(uuid, text, bytea, text, integer, integer, bigint) to kb_account;
grant execute on function kb.close_account(uuid, bigint) to kb_account;
