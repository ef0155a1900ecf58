-- The gate opens when an account's object cannot be reached: once an hour, for 30 s, for paid plans. What goes through is
-- counted and written down, in one statement, and spent by the object afterwards.
alter table kb.gate_openings add column passed bigint not null default 0;

-- Lets a request through, or not: null where the gate is closed to it (no such key, free plan, not opened again yet), else
-- `plan`, whether it is `open` to this one, and how many have `passed`. `rates`: requests a second by plan; `burst_s`: so
-- many seconds' worth may come at once.
create function kb.pass_gate(request text, account uuid, key text, route text, credits integer, rates jsonb,
  burst_s integer, now_us bigint) returns jsonb
language plpgsql
set search_path = pg_catalog
as $$
declare
  now_plan text;
  began bigint;
  so_far bigint;
begin
  select kb.plan_at(a.id, now_us) into now_plan
    from kb.accounts a join kb.api_keys k on k.account_id = a.id
    where a.id = account and k.id::text = key and a.closed_us is null
      and k.revoked_us is null and (k.expires_us is null or k.expires_us > now_us);
  if now_plan is null or now_plan = 'free' or not rates ? now_plan then
    return null;
  end if;
  insert into kb.gate_openings as o (account_id, opened_us, passed) values (account, now_us, 0)
    on conflict (account_id) do update set
      passed = case when now_us - o.opened_us >= 3600000000 then 0 else o.passed end,
      opened_us = case when now_us - o.opened_us >= 3600000000 then now_us else o.opened_us end
    returning o.opened_us, o.passed into began, so_far;
  if now_us - began >= 30000000 then
    return null;
  end if;
  if so_far >= (rates ->> now_plan)::bigint * (burst_s + greatest(0, now_us - began) / 1000000.0) then
    return jsonb_build_object('plan', now_plan, 'open', false, 'passed', so_far);
  end if;
  insert into kb.gate_journal (request_id, account_id, key_id, route, credits, at_us)
    values (request, account, key, route, credits, now_us) on conflict (request_id) do nothing;
  update kb.gate_openings o set passed = so_far + 1 where o.account_id = account;
  return jsonb_build_object('plan', now_plan, 'open', true, 'passed', so_far + 1);
end
$$;

-- Hours that are not closed: few, whatever was spent.
create index usage_totals_open on kb.usage_totals (hour_us) where not closed;

select kb.close_schema();

grant execute on function kb.pass_gate(text, uuid, text, text, integer, jsonb, integer, bigint) to kb_account;
