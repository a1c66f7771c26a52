-- What the work pages read: the running clocks in the order of their ends, the open tickets with what is counted of
-- them, and the views people keep for themselves. Twin of the file with the same name for the other database.

-- A list narrowed in a way somebody wants to see again.
create table saved_view (
    id integer primary key,
    account_id bigint not null references account (id),
    name text not null,
    -- What stands behind the question mark of its address.
    query text not null,
    created_at datetime not null,
    unique (account_id, name)
);

-- The queue walks this in order and stops after a page, however many tickets were ever solved.
create index sla_clock_running on sla_clock (due_at, ticket_id) where kind = 'resolution' and line = 'total' and stopped_at is null;
-- All that the counts look at, so that they read no row of a ticket.
create index ticket_counted on ticket (agency, status, assignee, tier, breached_at, requester_email, id) where status not in ('resolved', 'closed', 'merged');
create index ticket_assignee on ticket (assignee) where status not in ('resolved', 'closed', 'merged');
