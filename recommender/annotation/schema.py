"""The tables of campaigns, as migrations of the store's file.

Names begin with what they are of, since the file holds the conversations as well.
"""

from __future__ import annotations

import secrets

import sqlite_utils
from sqlite_utils.migrations import Migrations

migrations = Migrations("instructrec-annotation")
_TABLES = """
create table annotation_campaigns (
    id text primary key, name text not null, status text not null, created text not null,
    judgements integer not null, lease_s real not null, plan text not null, join_hash text unique
);
create table annotation_cases (
    id integer primary key, campaign text not null references annotation_campaigns(id),
    number integer not null, session text, request text not null, detail text not null,
    unique (campaign, number)
);
create index annotation_cases_of_sessions on annotation_cases(session);
create table annotation_replies (
    "case" integer not null references annotation_cases(id), system text not null,
    picks text not null, primary key ("case", system)
);
create table annotation_comparisons (
    id integer primary key, "case" integer not null references annotation_cases(id),
    campaign text not null, one text not null, other text not null, gold text not null default '',
    unique ("case", one, other)
);
create index annotation_comparisons_of_campaigns on annotation_comparisons(campaign);
create table annotators (
    id text primary key, campaign text not null references annotation_campaigns(id),
    token_hash text not null unique, origin text not null, created text not null
);
create table annotation_slots (
    id text primary key, comparison integer not null references annotation_comparisons(id),
    annotator text not null references annotators(id), turned integer not null,
    status text not null, number integer not null, given real not null, lease_until real not null,
    unique (comparison, annotator), unique (annotator, number)
);
create table annotation_votes (
    slot text primary key references annotation_slots(id), choice text not null,
    tags text not null, words text not null, seconds real not null, created text not null,
    changed integer not null default 0, names_seen integer not null default 0
);
create table annotation_grades (
    slot text not null references annotation_slots(id), question text not null,
    side text not null, place integer not null, value integer not null,
    primary key (slot, question, side, place)
);
create table annotation_owner (one integer primary key check (one = 1), token_hash text not null);
"""


@migrations()
def create_annotation_tables(db: sqlite_utils.Database) -> None:
    for statement in _TABLES.split(";"):
        if statement.strip():
            db.execute(statement)


@migrations()
def add_secret(db: sqlite_utils.Database) -> None:
    """What makes the tokens of accounts, so that who knows an account can't make its token."""
    db.execute(
        "create table annotation_secret (one integer primary key check (one = 1), value text not null)"
    )
    db.execute("insert into annotation_secret values (1, ?)", [secrets.token_urlsafe(32)])
