-- The knowledge base: articles with all their texts, what they are found by, what readers said, the tickets they helped.
-- Twin of the file with the same name for the other database.

create table article (
    id integer primary key,
    -- Its word in addresses; never changes.
    slug text not null unique,
    version bigint not null,
    -- `draft`, `in_review`, `published` or `withdrawn`: where the newest text stands.
    state text not null,
    -- Who answers for it.
    agency text not null references agency (code),
    owner_id bigint not null references account (id),
    -- The newest text, and the one people read.
    edition bigint not null,
    published_edition bigint,
    published_at datetime,
    -- When somebody last said that it is right, for how many months that holds, and until when.
    checked_at datetime,
    review_months bigint not null,
    review_due datetime,
    -- Why it was withdrawn, and what is read in its place.
    reason text not null,
    successor text,
    helped bigint not null,
    not_helped bigint not null,
    created_at datetime not null,
    updated_at datetime not null
);
create index article_due on article (review_due) where published_edition is not null;
create index article_agency on article (agency, id);

-- Every text an article has had.
create table article_edition (
    id integer primary key,
    article_id bigint not null references article (id),
    edition bigint not null,
    title text not null,
    summary text not null,
    -- Markdown.
    body text not null,
    keywords text not null,
    -- `public`, `staff` or `agency`.
    audience text not null,
    service text references service (code),
    account_id bigint not null references account (id),
    at datetime not null,
    published_at datetime,
    unique (article_id, edition)
);
create index article_edition_service on article_edition (service) where service is not null;

-- The roots of words a published article is found by. `shelf` says for whom: `public`, `staff` or `agency:CODE`.
create table article_word (
    word text not null,
    shelf text not null,
    article_id bigint not null references article (id),
    weight bigint not null,
    primary key (word, shelf, article_id, weight)
) without rowid;
create index article_word_article on article_word (article_id);

-- Three letters in a row and the words they stand in, for words that were typed wrong.
create table article_gram (
    gram text not null,
    word text not null,
    primary key (gram, word)
) without rowid;

-- Whether an article helped somebody; `visitor` is a digest that names nobody.
create table article_answer (
    id integer primary key,
    article_id bigint not null references article (id),
    visitor text not null,
    helpful boolean not null,
    comment text not null,
    at datetime not null,
    unique (article_id, visitor)
);
create index article_answer_at on article_answer (at);

-- Tickets solved with an article (`solved_with`), and tickets an article was written after (`written_from`).
create table article_ticket (
    id integer primary key,
    article_id bigint not null references article (id),
    ticket_id bigint not null references ticket (id),
    use text not null,
    account_id bigint not null references account (id),
    at datetime not null,
    unique (article_id, ticket_id)
);
create index article_ticket_ticket on article_ticket (ticket_id);
create index article_ticket_at on article_ticket (at);

create table article_file (
    id integer primary key,
    article_id bigint not null references article (id),
    name text not null,
    media_type text not null,
    size bigint not null,
    sha256 text not null,
    account_id bigint not null references account (id),
    at datetime not null,
    unique (article_id, sha256)
);
