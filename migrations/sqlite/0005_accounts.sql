-- Accounts of one's own: passwords, second factors, sessions one can see, sign-in elsewhere. Twin of the file with
-- the same name for the other database. Whoever was signed in signs in again: sessions and links begin anew.

drop table session;
create table session (
    id integer primary key,
    -- SHA-256 of the cookie.
    hash text not null unique,
    account_id bigint not null references account (id),
    -- `open`, or `code` while the second factor is owed.
    step text not null,
    -- Began with a mailed link: for a while a password may be set without the old one.
    by_link boolean not null,
    -- Program and system, as people call them.
    browser text not null,
    -- The network it came from; the end of the address is left out.
    source text not null,
    created_at datetime not null,
    seen_at datetime not null
);
create index session_account on session (account_id);

-- A link that signs its bearer in, once.
drop table sign_in_link;
create table sign_in_link (
    hash text primary key,
    account_id bigint not null references account (id),
    -- The bearer wants a new password.
    for_password boolean not null,
    until datetime not null
);

-- Somebody asked for a link. Whether the address has an account is looked up later, when nobody waits for the answer.
create table link_request (
    id integer primary key,
    email text not null,
    for_password boolean not null,
    language text not null,
    at datetime not null
);

create table totp (
    account_id bigint primary key references account (id),
    -- Sealed with the installation's key.
    secret text not null,
    -- Null until a code has proven that the app knows the secret.
    confirmed_at datetime,
    -- The step of the last code that was taken; no code is taken twice.
    last_step bigint not null
);

-- Codes for when the app is lost, by a mark of the installation's key; a used one is gone.
create table recovery_code (
    account_id bigint not null references account (id),
    hash text not null,
    primary key (account_id, hash)
);

-- Somebody has gone to the identity provider and is expected back.
create table oidc_request (
    state_hash text primary key,
    -- The browser that went; another one that comes back is refused.
    browser_hash text not null,
    nonce text not null,
    verifier text not null,
    onward text not null,
    until datetime not null
);

-- Who somebody is at the identity provider. The address only led to the account the first time.
create table oidc_identity (
    issuer text not null,
    subject text not null,
    account_id bigint not null references account (id),
    primary key (issuer, subject)
);
