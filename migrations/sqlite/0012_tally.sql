-- What the lists of work count and look for, kept by the database itself whenever a ticket changes, so that no page
-- reads all open tickets. Twin of the file with the same name for the other database.

-- The heads have been warned about it.
alter table ticket add column warned boolean not null default false;
-- When its requester wrote last, while nobody of the staff has done anything since.
alter table ticket add column answered_at datetime;
-- When its running clock ends; empty while it stands still and when it is over.
alter table ticket add column resolution_due datetime;
update ticket set warned = true
where exists (select 1 from clock_step s where s.ticket_id = ticket.id and s.kind = 'warn' and s.state = 'done');
update ticket set answered_at = (
    select m.at from message m where m.ticket_id = ticket.id and m.author = 'requester' and m.at > ticket.opened_at
    and m.id = (select max(l.id) from message l where l.ticket_id = ticket.id)
    and not exists (select 1 from event e where e.stream = ticket.number and e.at > m.at and e.actor like 'user:%')
);
update ticket set resolution_due = (
    select c.due_at from sla_clock c where c.ticket_id = ticket.id and c.kind = 'resolution' and c.line = 'total'
    and c.stopped_at is null order by c.cycle desc limit 1
);

-- Each list of work in the order of its ends: a page is read without looking at what is not on it.
drop index ticket_counted;
drop index ticket_assignee;
drop index sla_clock_running;
create index ticket_due on ticket (resolution_due, id) where status not in ('resolved', 'closed', 'merged');
create index ticket_due_overdue on ticket (resolution_due, id) where breached_at is not null and status not in ('resolved', 'closed', 'merged');
create index ticket_due_near on ticket (resolution_due, id) where breached_at is null and warned and status not in ('resolved', 'closed', 'merged');
create index ticket_due_escalated on ticket (resolution_due, id) where tier > 1 and status not in ('resolved', 'closed', 'merged');
create index ticket_due_of_agency on ticket (agency, resolution_due, id) where status not in ('resolved', 'closed', 'merged');
create index ticket_due_of_person on ticket (assignee, resolution_due, id) where status not in ('resolved', 'closed', 'merged');
create index ticket_answered on ticket (opened_at, id) where answered_at is not null and status not in ('resolved', 'closed', 'merged');

-- Comings and goings of open tickets; their sum is what is open. Rows are only added, never changed, so that no two
-- transactions wait for one another; now and then they are added up.
create table open_tally (
    id integer primary key,
    agency text not null,
    status text not null,
    tier bigint not null,
    -- 0: nobody.
    assignee bigint not null,
    overdue boolean not null,
    near boolean not null,
    tickets bigint not null,
    -- Set while rows are being added up.
    summing text
);
create index open_tally_of_agency on open_tally (agency, status, tier, assignee, overdue, near, tickets);
insert into open_tally (agency, status, tier, assignee, overdue, near, tickets)
select agency, status, tier, coalesce(assignee, 0), breached_at is not null, warned and breached_at is null, count(*)
from ticket where status not in ('resolved', 'closed', 'merged') group by 1, 2, 3, 4, 5, 6;

create trigger ticket_comes after insert on ticket when new.status not in ('resolved', 'closed', 'merged')
begin
    insert into open_tally (agency, status, tier, assignee, overdue, near, tickets)
    values (new.agency, new.status, new.tier, coalesce(new.assignee, 0), new.breached_at is not null,
            new.warned and new.breached_at is null, 1);
end;
create trigger ticket_moves after update of agency, status, tier, assignee, breached_at, warned on ticket
when (old.agency, old.status, old.tier, old.warned) <> (new.agency, new.status, new.tier, new.warned)
    or old.assignee is not new.assignee or (old.breached_at is null) <> (new.breached_at is null)
begin
    insert into open_tally (agency, status, tier, assignee, overdue, near, tickets)
    select old.agency, old.status, old.tier, coalesce(old.assignee, 0), old.breached_at is not null,
           old.warned and old.breached_at is null, -1
    where old.status not in ('resolved', 'closed', 'merged');
    insert into open_tally (agency, status, tier, assignee, overdue, near, tickets)
    select new.agency, new.status, new.tier, coalesce(new.assignee, 0), new.breached_at is not null,
           new.warned and new.breached_at is null, 1
    where new.status not in ('resolved', 'closed', 'merged');
end;
create trigger ticket_goes after delete on ticket when old.status not in ('resolved', 'closed', 'merged')
begin
    insert into open_tally (agency, status, tier, assignee, overdue, near, tickets)
    values (old.agency, old.status, old.tier, coalesce(old.assignee, 0), old.breached_at is not null,
            old.warned and old.breached_at is null, -1);
end;

create trigger clock_begins after insert on sla_clock when new.kind = 'resolution' and new.line = 'total' and new.stopped_at is null
begin
    update ticket set resolution_due = new.due_at where id = new.ticket_id and resolution_due is not new.due_at;
end;
create trigger clock_changes after update of due_at, stopped_at on sla_clock when new.kind = 'resolution' and new.line = 'total'
begin
    update ticket set resolution_due = (
        select c.due_at from sla_clock c where c.ticket_id = new.ticket_id and c.kind = 'resolution' and c.line = 'total'
        and c.stopped_at is null order by c.cycle desc limit 1
    ) where id = new.ticket_id;
end;
create trigger step_warns after update of state on clock_step when new.kind = 'warn' and new.state = 'done'
begin
    update ticket set warned = true where id = new.ticket_id and not warned;
end;
create trigger message_answers after insert on message
begin
    update ticket set answered_at = case when new.author = 'requester' and new.at > opened_at then new.at end
    where id = new.ticket_id and (answered_at is not null or (new.author = 'requester' and new.at > opened_at));
end;
create trigger event_of_staff after insert on event when new.actor like 'user:%'
begin
    update ticket set answered_at = null where number = new.stream and answered_at < new.at;
end;
