-- Who may call us. A key is kept as the HMAC of its text with a versioned pepper, and as its first characters for display.
create table kb.accounts (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  plan text not null,
  created_us bigint not null
);

create table kb.api_keys (
  id uuid primary key default gen_random_uuid(),
  account_id uuid not null references kb.accounts (id),
  hash bytea not null unique check (octet_length(hash) = 32),
  pepper_version integer not null,
  display text not null check (length(display) <= 16),
  scopes text[] not null,
  created_us bigint not null,
  expires_us bigint,
  revoked_us bigint,
  last_used_us bigint
);
create index api_keys_by_account on kb.api_keys (account_id);

select kb.allow('kb.accounts', 'kb_account', 'select');
select kb.allow('kb.api_keys', 'kb_account', 'select');

select kb.close_schema();
