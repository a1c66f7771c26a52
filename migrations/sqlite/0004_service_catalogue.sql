-- The service catalogue beyond what a ticket needs of a service. Twin of the file with the same name for the
-- other database.

-- What stands in the catalogue about a service, one row per service.
create table service_entry (
    code text primary key references service (code),
    category text not null,
    -- JSON object: part of the definition (SUMUT 52(4)) to its text; empty parts are left out.
    parts text not null,
    -- How many of the parts have a text.
    parts_filled bigint not null,
    -- JSON list of public addresses and hosts.
    endpoints text not null,
    hours text not null,
    -- Name of a calendar of the pack.
    calendar text,
    -- JSON list of role letters and who holds them.
    raci text not null,
    -- JSON object: safeguard of a critical service (SUMUT 45(2)b) to the date of its proof.
    safeguards text not null,
    -- The profile of the last approved record; the row in `service` has the one that applies to new tickets.
    sla_profile text not null,
    -- When the owner last said that all of this is so.
    reviewed_at datetime,
    -- Lower-case code, name and keywords: what the search looks through.
    haystack text not null,
    version bigint not null
);
insert into service_entry (code, category, parts, parts_filled, endpoints, hours, raci, safeguards, sla_profile, haystack, version)
select code, 'application', '{}', 0, '[]', '', '[]', '{}', profile, lower(code || ' ' || name), 1 from service;

-- Who set which SLA profile, on which paper (SUMUT 51(3)).
create table service_sla (
    id integer primary key,
    service text not null references service (code),
    profile text not null,
    state text not null,
    reason text not null,
    proposed_by bigint not null references account (id),
    proposed_at datetime not null,
    -- The process owner who set or refused it.
    decided_by bigint references account (id),
    decided_at datetime,
    decision_reason text,
    document_number text,
    document_date text
);
create index service_sla_service on service_sla (service, id);

-- Critical status: proposed by the agency, determined by the ICT office (SUMUT 51(2)).
create table critical_proposal (
    id integer primary key,
    service text not null references service (code),
    -- To give the status or to end it.
    kind text not null,
    state text not null,
    reason text not null,
    evidence text not null,
    proposed_by bigint not null references account (id),
    proposed_at datetime not null,
    decided_by bigint references account (id),
    decided_at datetime,
    decision_reason text,
    document_number text,
    document_date text,
    -- What kind of paper it is, in free words.
    instrument text,
    -- The profile of new tickets from the determination on.
    profile text
);
create index critical_proposal_service on critical_proposal (service, id);
create index critical_proposal_state on critical_proposal (state, id);
