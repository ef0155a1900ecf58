-- The three roles that programs connect as. They are given a password by whoever deploys; without one they cannot log in.
-- A role that is there already is kept, unless it could step around row-level security.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['kb_collector', 'kb_reader', 'kb_account'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I login', wanted);
      exception
        when duplicate_object or unique_violation then null; -- another database of this server was quicker
      end;
    end if;
    if exists (select from pg_roles where rolname = wanted and (rolsuper or rolbypassrls)) then
      raise exception 'role % is a superuser or bypasses row-level security', wanted;
    end if;
  end loop;
end
$$;

alter role kb_collector set statement_timeout = '30s';
alter role kb_collector set idle_in_transaction_session_timeout = '30s';
alter role kb_reader set statement_timeout = '10s';
alter role kb_reader set idle_in_transaction_session_timeout = '10s';
alter role kb_account set statement_timeout = '5s';
alter role kb_account set idle_in_transaction_session_timeout = '5s';

-- Closes a table to everybody but its owner: row-level security on, no privilege for the public or for the roles that
-- Supabase's web API acts as (they are absent elsewhere).
create function kb.close_relation(relation regclass) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  stranger text;
begin
  execute format('alter table %s enable row level security', relation);
  execute format('revoke all on table %s from public', relation);
  foreach stranger in array array['anon', 'authenticated', 'service_role'] loop
    if exists (select from pg_roles where rolname = stranger) then
      execute format('revoke all on table %s from %I', relation, stranger);
    end if;
  end loop;
end
$$;

-- Closes the whole schema in the same way, functions and sequences too. Every migration ends with it: a server's default
-- privileges may have given away what the migration made.
create function kb.close_schema() returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  relation regclass;
  stranger text;
begin
  for relation in
    select oid from pg_class where relnamespace = 'kb'::regnamespace and relkind in ('r', 'p')
  loop
    perform kb.close_relation(relation);
  end loop;
  for stranger in
    select 'public' union all
    select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role')
  loop
    execute format('revoke all on schema kb from %s', stranger);
    execute format('revoke all on all sequences in schema kb from %s', stranger);
    execute format('revoke all on all routines in schema kb from %s', stranger);
    execute format('alter default privileges in schema kb revoke all on tables from %s', stranger);
    execute format('alter default privileges in schema kb revoke all on sequences from %s', stranger);
    execute format('alter default privileges in schema kb revoke all on routines from %s', stranger);
  end loop;
end
$$;

-- Lets one role run some commands on a table: a privilege and a policy for each.
create function kb.allow(relation regclass, grantee name, variadic commands text[]) returns void
language plpgsql
set search_path = pg_catalog
as $$
declare
  command text;
  rule text;
begin
  foreach command in array commands loop
    rule := case command
      when 'select' then 'using (true)'
      when 'insert' then 'with check (true)'
      when 'update' then 'using (true) with check (true)'
      when 'delete' then 'using (true)'
    end;
    if rule is null then
      raise exception 'no such command: %', command;
    end if;
    execute format('grant %s on table %s to %I', command, relation, grantee);
    execute format('create policy %I on %s for %s to %I %s',
      grantee || '_' || command, relation, command, grantee, rule);
  end loop;
end
$$;

grant usage on schema kb to kb_collector, kb_reader, kb_account;

select kb.close_schema();
