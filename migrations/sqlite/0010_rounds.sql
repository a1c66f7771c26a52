-- Working one ticket after another, notices that were read, and what the pages of those who look after agencies and
-- after the trail of events read. Twin of the file with the same name for the other database.

-- Tickets somebody set out to work on one by one. At most one round of an account has not ended.
create table round (
    id integer primary key,
    account_id bigint not null references account (id),
    -- What stands behind the question mark of the list it was begun from.
    query text not null,
    started_at datetime not null,
    ended_at datetime
);
create index round_account on round (account_id, id);

create table round_ticket (
    round_id bigint not null references round (id),
    ticket_id bigint not null references ticket (id),
    -- In the order of their ends when the round began, from 1.
    place bigint not null,
    state text not null,
    -- What was done last.
    act text,
    -- Why it was left out.
    reason text,
    at datetime,
    primary key (round_id, ticket_id)
);

-- Null until its reader has ticked it off.
alter table notice add column read_at datetime;
create index notice_unread on notice (account_id, ticket_id) where read_at is null;

-- What came in and went out of one agency, and the promises it broke.
create index ticket_of_agency on ticket (agency, opened_at);
create index ticket_breached on ticket (breached_at, id) where breached_at is not null;

-- Who did what, and what happened when.
create index event_actor on event (actor, at, id);
create index event_at on event (at, id);
-- Records that are no tickets: few among many.
create index event_record on event (at, id) where stream like '%:%';
