-- Ways in and out for mail: what waits and why, mailboxes that are read, senders, files that are looked through.

-- Who wrote, and about what, for lists: nobody parses a mail to show a row.
alter table inbox add column author text not null default '';
alter table inbox add column subject text not null default '';
-- How often reading it was begun and never ended; a mail that kills the program is put aside.
alter table inbox add column tries bigint not null default 0;
-- A worker reads it until then, or it is not tried again before.
alter table inbox add column lease_until datetime;
create index inbox_state on inbox (state, id);

-- How far a mailbox was read.
create table mailbox_cursor (
    id integer primary key,
    -- user@host:port/folder
    name text not null unique,
    uid_validity bigint not null,
    last_uid bigint not null,
    -- The node that reads it holds it until then; whoever lost it cannot move the cursor any more.
    lease_until datetime,
    lease_no bigint not null,
    -- Messages taken in.
    taken bigint not null,
    -- When the server last answered.
    seen_at datetime,
    -- What is wrong, in the server's words; null when all is well.
    problem text,
    problem_at datetime
);

-- What somebody decided about a sender once and for all.
create table sender_rule (
    id integer primary key,
    -- Lower case: an address, or `@` and a domain.
    address text not null unique,
    -- `let_in` or `discard`
    verdict text not null,
    reason text not null,
    account_id bigint not null references account (id),
    at datetime not null
);

-- What a virus scanner said of a file, by the digest of its bytes.
create table file_scan (
    id integer primary key,
    sha256 text not null unique,
    -- `waiting`, `clean`, `infected` or `unscannable`
    verdict text not null,
    -- Name of what was found, or why it could not be looked through.
    finding text,
    tries bigint not null,
    due_at datetime not null,
    scanned_at datetime
);
create index file_scan_waiting on file_scan (due_at, id) where verdict = 'waiting';
