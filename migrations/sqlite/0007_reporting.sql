-- What reporters do besides writing: files before they are sent, wishes about their name, running incidents, one's
-- own tickets by a mailed link, ratings. Twin of the file with the same name for the other database.

-- A file somebody has sent ahead of the words it belongs to. Kept here, not in the store of files, until it is sent:
-- what is given up leaves nothing behind.
create table upload (
    id integer primary key,
    -- Digest of the draft, or of the ticket and the browser or person that answers.
    owner text not null,
    name text not null,
    media_type text not null,
    size bigint not null,
    sha256 text not null,
    at datetime not null,
    bytes blob not null,
    unique (owner, sha256)
);

-- How the reporter of a ticket wants to be known; no row: like everybody.
create table reporter_wish (
    ticket_id bigint primary key references ticket (id),
    anonymous boolean not null,
    secret boolean not null
);

-- A disruption the public is told of. It stands on a ticket and ends with it at the latest.
create table incident (
    id integer primary key,
    -- `GGN-2026-0031`.
    code text not null unique,
    ticket_id bigint not null references ticket (id),
    -- Code of the service concerned, if known.
    service text,
    title text not null,
    phase text not null,
    -- What was said last.
    message text not null,
    next_update_at datetime,
    announced_at datetime not null,
    updated_at datetime not null,
    ended_at datetime,
    version bigint not null
);
create index incident_running on incident (announced_at) where ended_at is null;
create index incident_ticket on incident (ticket_id);

-- Everything the public was told, in order.
create table incident_update (
    id integer primary key,
    incident_id bigint not null references incident (id),
    at datetime not null,
    phase text not null,
    message text not null,
    next_update_at datetime
);
create index incident_update_incident on incident_update (incident_id, id);

-- Somebody who is hit, too. Told of updates when the address is confirmed.
create table affected (
    id integer primary key,
    incident_id bigint not null references incident (id),
    -- Digest of the browser: one tap counts once.
    person text not null,
    at datetime not null,
    email text,
    -- Digest of the mark in the link that was mailed to the address.
    mark_hash text,
    language text not null,
    confirmed_at datetime,
    unique (incident_id, person)
);
create index affected_mark on affected (incident_id, mark_hash) where mark_hash is not null;

-- Somebody wants to see the tickets of an address. Looked up later, when nobody waits for the answer.
create table own_link_request (
    id integer primary key,
    email text not null,
    language text not null,
    at datetime not null
);

-- A link that proves an address, once.
create table own_link (
    hash text primary key,
    email text not null,
    until datetime not null
);

-- A browser whose holder has proven an address; it shows the tickets of that address and nothing else.
create table own_session (
    hash text primary key,
    email text not null,
    created_at datetime not null,
    seen_at datetime not null
);

-- What the reporter thought of a solution, once for each.
create table rating (
    id integer primary key,
    ticket_id bigint not null references ticket (id),
    -- Which solution of the ticket, from 1.
    round bigint not null,
    -- From 1, very bad, to 5, very good.
    score bigint not null,
    comment text not null,
    at datetime not null,
    unique (ticket_id, round)
);
create index rating_at on rating (at);
