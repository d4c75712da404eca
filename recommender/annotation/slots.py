"""Who judges what: slots given out, votes taken, and what an annotator sees of a case.

Promises: a comparison gets just the judgements that its campaign asks for, however many
annotators are at it at once and whatever is sent twice; a slot that was left is given to
somebody else once its lease is over; what an annotator sees tells nothing of the systems.
"""

from __future__ import annotations

import json
import random
import secrets
import sqlite3
import time
from collections.abc import Callable

from recommender.annotation.campaign import LIST
from recommender.annotation.judgement import Judgement, JudgingError, LapsedError
from recommender.annotation.kept import Annotator
from recommender.annotation.records import AnnotationStore, now

GIVEN, JUDGED, SKIPPED = "given", "judged", "skipped"

_FREE = """
select c.id from annotation_comparisons c
where c.campaign = :campaign
  and not exists (select 1 from annotation_slots s
                  where s.comparison = c.id and s.annotator = :annotator and
                        not (s.status = 'given' and s.lease_until <= :now))
  and (c.gold <> '' or (
      select count(*) from annotation_slots s
      where s.comparison = c.id and s.annotator <> :annotator and
            (s.status = 'judged' or (s.status = 'given' and s.lease_until > :now))
  ) < :needed)
"""


class Judging:
    """Giving slots and taking votes, over one store.

    `clock` gives seconds. `chance` draws cases and sides; nobody can guess what it draws unless
    another one is given, as simulations do to be repeatable.
    """

    def __init__(
        self, store: AnnotationStore, clock: Callable[[], float] = time.time,
        chance: random.Random | None = None,
    ) -> None:  # fmt: skip
        self.store, self.clock = store, clock
        self.chance = chance or secrets.SystemRandom()

    def next_slot(self, annotator: Annotator) -> str:
        """The slot that the annotator is at, or a new one; "" where nothing is left.

        Raises `JudgingError` where the campaign is closed.
        """
        with self.store.writing() as db:
            campaign = self._open(db, annotator)
            instant = self.clock()
            mine = db.execute(
                "select id from annotation_slots where annotator = ? and status = 'given' "
                "and lease_until > ? order by number limit 1", [annotator.id, instant],
            ).fetchone()  # fmt: skip
            if mine is not None:
                self._renew(db, mine["id"], campaign, instant)
                return str(mine["id"])
            found = db.execute(
                _FREE,
                {"campaign": campaign["id"], "annotator": annotator.id, "now": instant,
                 "needed": campaign["judgements"]},
            ).fetchall()  # fmt: skip
            return self._give(db, annotator, [row["id"] for row in found], campaign, instant)

    def _give(
        self, db: sqlite3.Connection, annotator: Annotator, free: list[int],
        campaign: sqlite3.Row, instant: float,
    ) -> str:  # fmt: skip
        """A slot in a comparison at random, so that its place says nothing."""
        if not free:
            return ""
        comparison = self.chance.choice(free)
        # Given to this annotator before and left: the sides that were drawn then stay.
        before = db.execute(
            "select id from annotation_slots where comparison = ? and annotator = ?",
            [comparison, annotator.id],
        ).fetchone()
        if before is not None:
            db.execute(
                "update annotation_slots set given = ? where id = ?", [instant, before["id"]]
            )
            self._renew(db, before["id"], campaign, instant)
            return str(before["id"])
        slot = secrets.token_urlsafe(12)
        number = db.execute(
            "select coalesce(max(number), 0) + 1 from annotation_slots where annotator = ?",
            [annotator.id],
        ).fetchone()[0]
        db.execute(
            "insert into annotation_slots values (?, ?, ?, ?, 'given', ?, ?, ?)",
            [slot, comparison, annotator.id, self.chance.randrange(2), number, instant,
             instant + campaign["lease_s"]],
        )  # fmt: skip
        return slot

    def _renew(
        self, db: sqlite3.Connection, slot: str, campaign: sqlite3.Row, instant: float
    ) -> None:
        db.execute(
            "update annotation_slots set lease_until = ? where id = ?",
            [instant + campaign["lease_s"], slot],
        )

    def vote(self, annotator: Annotator, slot: str, judgement: Judgement) -> None:
        """Keep a judgement; sent again it changes nothing, changed it takes the place of the
        one before. Raises `JudgingError`."""
        with self.store.writing() as db:
            campaign = self._open(db, annotator)
            row = self._own(db, annotator, slot)
            self._still_needed(db, row, campaign)
            self._complete(campaign, judgement)
            kept = db.execute("select * from annotation_votes where slot = ?", [slot]).fetchone()
            if kept is not None and kept["names_seen"]:
                if _same(db, kept, judgement):
                    return
                raise JudgingError("you have seen the names, so this judgement stays as it is")
            if kept is None:
                seconds = round(self.clock() - row["given"], 1)
                db.execute(
                    "insert into annotation_votes (slot, choice, tags, words, seconds, created) "
                    "values (?, ?, ?, ?, ?, ?)",
                    [slot, *_told(judgement), seconds, now()],
                )
            elif not _same(db, kept, judgement):
                db.execute(
                    "update annotation_votes set choice = ?, tags = ?, words = ?, "
                    "changed = changed + 1 where slot = ?",
                    [*_told(judgement), slot],
                )
            db.execute("delete from annotation_grades where slot = ?", [slot])
            db.executemany(
                "insert into annotation_grades values (?, ?, ?, ?, ?)",
                [[slot, g.question, g.side, g.place, g.value] for g in judgement.grades],
            )
            db.execute("update annotation_slots set status = 'judged' where id = ?", [slot])

    def skip(self, annotator: Annotator, slot: str) -> None:
        """Leave a case to others; a judgement of it goes. Raises `JudgingError`."""
        with self.store.writing() as db:
            self._open(db, annotator)
            self._own(db, annotator, slot)
            self._not_named(db, slot)
            _unvote(db, slot)
            db.execute("update annotation_slots set status = 'skipped' where id = ?", [slot])

    def undo(self, annotator: Annotator, slot: str) -> None:
        """Take a judgement, or a skip, back; the case is asked anew. Raises `JudgingError`."""
        with self.store.writing() as db:
            campaign = self._open(db, annotator)
            row = self._own(db, annotator, slot)
            self._not_named(db, slot)
            self._still_needed(db, row, campaign)
            _unvote(db, slot)
            db.execute(
                "update annotation_slots set status = 'given', given = ?, lease_until = ? "
                "where id = ?", [self.clock(), self.clock() + campaign["lease_s"], slot],
            )  # fmt: skip

    def names(self, annotator: Annotator, slot: str) -> tuple[str, str]:
        """The systems left and right of a judged case; from then on its judgement stays.

        Raises `JudgingError` before the vote, and where the campaign does not tell.
        """
        with self.store.writing() as db:
            row = self._own(db, annotator, slot)
            kept = self.store.campaign(annotator.campaign)
            if row["status"] != JUDGED:
                raise JudgingError("the names are told after the vote")
            if not kept.plan["names"]:
                raise JudgingError("this campaign does not tell the names")
            db.execute("update annotation_votes set names_seen = 1 where slot = ?", [slot])
            compared = db.execute(
                "select one, other from annotation_comparisons where id = ?", [row["comparison"]]
            ).fetchone()
            one, other = compared["one"], compared["other"]
            return (other, one) if row["turned"] else (one, other)

    # --- checks ---------------------------------------------------------------------------

    def _open(self, db: sqlite3.Connection, annotator: Annotator) -> sqlite3.Row:
        row: sqlite3.Row = db.execute(
            "select * from annotation_campaigns where id = ?", [annotator.campaign]
        ).fetchone()
        if row["status"] != "open":
            raise JudgingError("this campaign is closed; what you judged is kept")
        return row

    def _own(self, db: sqlite3.Connection, annotator: Annotator, slot: str) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute(
            "select * from annotation_slots where id = ? and annotator = ?",
            [str(slot)[:100], annotator.id],
        ).fetchone()
        if row is None:
            raise JudgingError("this case was not given to you")
        return row

    def _still_needed(
        self, db: sqlite3.Connection, slot: sqlite3.Row, campaign: sqlite3.Row
    ) -> None:
        """A lease that is over is no harm, unless others have filled the place."""
        if slot["status"] == JUDGED or (
            slot["status"] == GIVEN and slot["lease_until"] > self.clock()
        ):
            return
        taken = db.execute(
            "select count(*) from annotation_slots s join annotation_comparisons c "
            "on c.id = s.comparison where s.comparison = ? and s.annotator <> ? and c.gold = '' "
            "and (s.status = 'judged' or (s.status = 'given' and s.lease_until > ?))",
            [slot["comparison"], slot["annotator"], self.clock()],
        ).fetchone()[0]
        if taken >= campaign["judgements"]:
            raise LapsedError(
                "this case was left for so long that it went to somebody else; go on with the next"
            )

    def _complete(self, campaign: sqlite3.Row, judgement: Judgement) -> None:
        plan = json.loads(campaign["plan"])
        if plan["grades"] != "required":
            return
        asked = sum(
            2 * (1 if question["of"] == LIST else plan["picks"])
            for question in plan["questions"]["question"]
        )
        if len(judgement.grades) < asked:
            raise JudgingError(f"{asked - len(judgement.grades)} grades are missing")

    def _not_named(self, db: sqlite3.Connection, slot: str) -> None:
        row = db.execute(
            "select names_seen from annotation_votes where slot = ?", [slot]
        ).fetchone()
        if row is not None and row["names_seen"]:
            raise JudgingError("you have seen the names, so this judgement stays as it is")


def _told(judgement: Judgement) -> list[str]:
    return [judgement.choice, json.dumps(judgement.tags), judgement.words]


def _same(db: sqlite3.Connection, kept: sqlite3.Row, judgement: Judgement) -> bool:
    grades = db.execute(
        "select question, side, place, value from annotation_grades where slot = ?", [kept["slot"]]
    ).fetchall()
    return [kept["choice"], kept["tags"], kept["words"]] == _told(judgement) and (
        {tuple(row) for row in grades}
        == {(g.question, g.side, g.place, g.value) for g in judgement.grades}
    )


def _unvote(db: sqlite3.Connection, slot: str) -> None:
    for table in ("annotation_grades", "annotation_votes"):
        db.execute(f"delete from {table} where slot = ?", [slot])
