-- Rules that change while tickets are open. Twin of the file with the same name for the other database.

-- Editions of the installation's pack. A ticket keeps the promises of the edition it was opened under.
create table policy_edition (
    version text primary key,
    pack text not null,
    -- Hash of all values: the same number with other values is another edition.
    fingerprint text not null,
    -- JSON list of {file, text}: the pack and those it extends, as they were.
    sources text not null,
    adopted_at datetime not null
);

-- Days off, or days taken back, that were decreed after the pack was written.
create table calendar_amendment (
    id integer primary key,
    -- Local dates, ISO 8601. The day becomes known on `since`.
    day text not null,
    since text not null,
    kind text not null,
    name text not null,
    decree text not null,
    account_id bigint not null references account (id),
    at datetime not null,
    unique (day, since)
);
