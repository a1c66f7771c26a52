-- Nothing lost: backups the installation makes by itself, and recurring work with its last outcome. Twin of the file with
-- the same name for the other database.

-- A backup that was asked for. The file lies in the folder of the settings, the row stays when the file is gone.
create table backup (
    id integer primary key,
    -- Name of its file.
    name text not null unique,
    -- `schedule` or `person`
    cause text not null,
    account_id bigint references account (id),
    -- `queued`, `running`, `good` or `failed`
    state text not null,
    asked_at datetime not null,
    finished_at datetime,
    -- Whoever makes or tests it has it until then, by the machine's clock.
    lease_until datetime,
    lease_no bigint not null default 0,
    tries bigint not null default 0,
    -- The node whose folder holds the file.
    node text not null default '',
    bytes bigint,
    row_count bigint,
    tickets bigint,
    file_count bigint,
    -- Attachments that rows name and the folder lacked.
    missing bigint,
    -- SHA-256 of the whole file.
    digest text,
    -- The file is encrypted.
    locked boolean not null default false,
    -- Why it failed.
    problem text,
    -- When it was last restored into scratch and checked, and what was wrong then.
    tested_at datetime,
    test_problem text,
    -- Somebody wants it tested again.
    test_asked boolean not null default false,
    copied_at datetime,
    copy_problem text,
    -- When its file was removed because newer ones are kept.
    removed_at datetime
);
create index backup_open on backup (id) where state in ('queued', 'running') or test_asked;

-- Recurring work: one row a job.
create table recurring (
    id integer primary key,
    name text not null unique,
    -- When a node last took it up, by the machine's clock.
    started_at datetime not null,
    finished_at datetime,
    -- What went wrong; nothing when all went well.
    problem text,
    node text not null
);

-- Signature (CMS, base64) over the text of the seal, by the certificate of the installation; none where there is none.
alter table seal add column signature text;
