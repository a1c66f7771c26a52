-- Official letters and the register of documents anybody may check. Twin of the file with the same name for the other database.

create table letter (
    id integer primary key,
    -- Its name in addresses: SRT-2026-0001.
    key text not null unique,
    version bigint not null,
    kind text not null,
    form text not null,
    template text not null,
    state text not null,
    case_key text,
    agency text not null references agency (code),
    service text,
    -- The registry's; drafts have none.
    number text unique,
    dated text,
    -- What stands on the paper, as JSON.
    content text not null,
    signer_role text not null,
    code text not null unique,
    drafted_by bigint references account (id),
    drafted_at datetime not null,
    issued_by bigint references account (id),
    issued_sha256 text,
    signed_sha256 text,
    signed_how text,
    signed_by bigint references account (id),
    signed_at datetime,
    sent_at datetime,
    received_at datetime,
    received_by text,
    receipt text,
    note text,
    replaces text,
    updated_at datetime not null
);
create index letter_case on letter (case_key);
create index letter_state on letter (state, id);

-- What the public may check by a code that cannot be guessed.
create table issued_document (
    code text primary key,
    kind text not null,
    number text not null,
    dated text not null,
    issuer text not null,
    sha256 text not null,
    issued_at datetime not null,
    state text not null,
    superseded_by text references issued_document (code)
);
create index issued_document_sha256 on issued_document (sha256);
