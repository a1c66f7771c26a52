-- Measured availability: what is promised, outages, planned maintenance, monitors, and who hears of it. Twin of the
-- file with the same name for the other database.

-- What the process owner promises beside the pack (SUMUT 51(4)b).
create table availability_goal (
    service text primary key references service (code),
    -- Name of a calendar of the pack; null: round the clock.
    calendar text,
    -- In hundredths of a percent.
    target bigint not null,
    version bigint not null
);

-- Something that looks whether a service answers.
create table monitor (
    id integer primary key,
    service text not null references service (code),
    name text not null,
    -- http, tcp, tls, dns or heartbeat.
    kind text not null,
    -- Address or host and port; empty for a heartbeat.
    target text not null,
    -- JSON object: what is expected beyond an answer.
    expected text not null,
    interval_seconds bigint not null,
    timeout_ms bigint not null,
    -- Failures in a row before an outage begins.
    failures_needed bigint not null,
    active boolean not null,
    -- Digest of the secret of a heartbeat.
    secret_hash text,
    -- unknown, up or down.
    state text not null,
    -- Failures in a row.
    failures bigint not null,
    -- When the first of them began.
    failing_since datetime,
    -- The last word about it, of a small set.
    result text not null,
    checked_at datetime,
    next_at datetime not null,
    -- A node is looking until then; its number tells an answer that comes too late.
    lease_until datetime,
    lease_no bigint not null,
    -- The outage it has begun and not ended.
    outage_id bigint,
    version bigint not null
);
create index monitor_next on monitor (next_at) where active;
create index monitor_service on monitor (service);

-- The last looks of each monitor; older ones are forgotten.
create table monitor_check (
    id integer primary key,
    monitor_id bigint not null references monitor (id),
    at datetime not null,
    ok boolean not null,
    millis bigint not null,
    result text not null
);
create index monitor_check_monitor on monitor_check (monitor_id, at);

-- Time in which a service could not be used as agreed.
create table outage (
    id integer primary key,
    service text not null references service (code),
    started_at datetime not null,
    ended_at datetime,
    severity text not null,
    cause text not null,
    origin text not null,
    note text not null,
    -- Number of the ticket it is worked on in.
    ticket text,
    monitor_id bigint references monitor (id),
    recorded_by bigint references account (id),
    recorded_at datetime not null,
    voided_at datetime,
    void_reason text,
    version bigint not null
);
create index outage_service on outage (service, started_at);
create index outage_started on outage (started_at, id);
create index outage_ticket on outage (ticket) where ticket is not null;

-- Planned maintenance of one or several services.
create table maintenance (
    id integer primary key,
    -- PML-2026-0004.
    code text not null unique,
    -- JSON list of the codes of services.
    services text not null,
    title text not null,
    message text not null,
    starts_at datetime not null,
    ends_at datetime not null,
    announced_at datetime not null,
    -- The part that does not count as downtime: it was announced early enough.
    excused_from datetime,
    excused_to datetime,
    cancelled_at datetime,
    cancel_reason text,
    created_by bigint not null references account (id),
    version bigint not null
);
create index maintenance_starts on maintenance (starts_at);

-- Addresses that hear of what the status page says.
create table status_subscriber (
    id integer primary key,
    email text not null unique,
    -- Digest of the mark in the links that are mailed to the address.
    mark_hash text not null unique,
    language text not null,
    asked_at datetime not null,
    confirmed_at datetime
);
