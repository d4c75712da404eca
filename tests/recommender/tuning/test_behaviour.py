"""Readers: what is held out never leaves them; broken files are named by line."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from small_data import GAMES, USERS, write_dialogues, write_games, write_lines

from recommender.tuning import (
    read_dialogues,
    read_films,
    read_games,
    read_own,
    read_reviews,
)
from recommender.tuning.behaviour import (
    BehaviourError,
    is_for_testing,
    leave_two_out,
    split_of_item,
)
from recommender.tuning.sources import read_sources


def write_csv(path: Path, *rows: tuple[object, ...]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.getvalue().encode()))


def test_the_last_item_is_dropped_and_the_one_before_kept_apart() -> None:
    history = leave_two_out("u", ["a", "b", "a", "c", "d"])  # what comes twice counts once
    assert history is not None
    assert (history.items, history.validation) == (("a", "b"), "c")
    assert leave_two_out("u", ["a", "b", "c"]) is None


def test_items_are_split_eight_to_one_to_one_and_always_alike() -> None:
    splits = [split_of_item(str(n)) for n in range(4000)]
    assert splits == [split_of_item(str(n)) for n in range(4000)]
    shares = [splits.count(s) / 4000 for s in ("train", "validation", "test")]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


def test_games_are_told_with_their_system_and_without_the_test_item(tmp_path: Path) -> None:
    write_games(tmp_path)
    games = read_games.read(tmp_path)
    assert games is not None and len(games.histories) == USERS
    held = {i for h in games.histories for i in (*h.items, h.validation)}
    assert not held & {str(GAMES + n) for n in range(USERS)}
    first = games.catalog["0"]
    assert first.title.endswith("(PS2)")
    assert games.catalog.brief(first) == f"{first.title}, playstation 2, game"
    assert set(games.files) == {"video_games/items.jsonl.gz", "video_games/sequences.jsonl.gz"}
    assert read_games.read(tmp_path / "elsewhere") is None


def test_movielens_takes_likes_in_time_and_the_facts_of_the_bundled_films(tmp_path: Path) -> None:
    folder = tmp_path / "movies" / "ml-latest-small"
    write_csv(folder / "movies.csv.gz", ("movieId", "title", "genres"),
              (1, "Alien (1979)", "Horror|Sci-Fi"), (2, "Third Man, The (1949)", "Film-Noir"),
              (3, "Obscure, The (Das Dunkle) (1955)", "Drama|IMAX"), (4, "Fourth (1960)", "War"),
              (5, "Fifth (1961)", "War"), (6, "No Year", "War"),
              (8, "Without a Theme (1962)", "War"))  # fmt: skip
    write_csv(folder / "tags.csv.gz", ("userId", "movieId", "tag", "timestamp"),
              (1, 3, "moody", 1), (1, 3, "In Netflix queue", 1), (2, 4, "Trenches", 1),
              (2, 5, "trenches", 1))  # fmt: skip
    rows = [
        (7, 5, 5.0, 50),
        (7, 8, 5.0, 45),
        (7, 1, 4.0, 10),
        (7, 2, 3.5, 15),
        (7, 3, 4.5, 20),
        (7, 4, 4.0, 30),
    ]
    write_csv(folder / "ratings.csv.gz", ("userId", "movieId", "rating", "timestamp"), *rows)
    write_lines(tmp_path / "movies" / "wikipedia_films.jsonl.gz",
                [{"title": "The Obscure", "year": 1955, "cast": ["Ada Low"], "extract": "A dark."}])  # fmt: skip
    films = read_films.read_movielens(tmp_path)
    assert films is not None
    history = films.histories[0]
    assert (history.items, history.validation) == (("1", "3"), "4")
    assert "deep space" in films.catalog["1"].facets["keywords"]  # the bundled film's
    obscure = films.catalog["3"]
    assert (obscure.name, obscure.facets["genres"]) == ("The Obscure (1955)", ("Drama",))
    assert (obscure.texts["synopsis"], obscure.facets["cast"]) == ("A dark.", ("Ada Low",))
    assert obscure.facets["keywords"] == ("moody",)
    assert "6" not in films.catalog and "8" not in films.catalog


def test_only_dialogues_of_the_training_half_are_read(tmp_path: Path) -> None:
    write_dialogues(tmp_path)
    talks = read_dialogues.read(tmp_path)
    assert talks is not None
    kept = {talk.id for talk in talks.talks}
    assert kept == {str(n) for n in range(12) if not is_for_testing(str(n))}
    assert 0 < len(kept) < 12
    talk = talks.talks[0]
    assert [said.by_user for said in talk.said] == [True, False, True]  # one side's are joined
    assert "(2001)" in talk.said[0].text and "@" not in talk.said[0].text
    assert talk.welcome == set(talk.said[1].items)  # suggested and liked, not just liked


def test_reviews_name_instruments_that_have_no_title(tmp_path: Path) -> None:
    def review(user: int, item: str, time: int, what: str) -> dict[str, object]:
        text = f"I wanted {what} for my stage and this was one of many that I have tried so far."
        return {"user_id": f"u{user}", "item_id": item, "rating": 5.0, "text": text, "time": time}

    things = {"i1": "a pop filter", "i2": "a guitar strap", "i3": "a piano bench", "i4": "a horn"}
    rows = [review(user, item, time, what) for user in range(5)
            for time, (item, what) in enumerate(things.items())]  # fmt: skip
    write_lines(tmp_path / "reviews" / "musical_instruments.jsonl.gz", rows)
    gear = read_reviews.read_instruments(tmp_path)
    assert gear is not None
    assert {r.item for r in gear.reviews} == {"i1", "i2"}  # the last two of each are held out
    assert gear.catalog["i1"].title in ("pop filter", "filter")


def test_records_and_steam_are_read(tmp_path: Path) -> None:
    write_lines(tmp_path / "cds" / "items.jsonl.gz",
                [{"item_id": 3, "title": "Blue  Hour", "categories": ["Jazz", "Bebop"]}])  # fmt: skip
    write_lines(tmp_path / "reviews" / "steam_games.jsonl.gz",
                [{"item_id": 10, "title": "Dig", "genres": ["Indie"], "developers": [],
                  "description": "Dig deep.", "release_date": "1 Nov, 2000"}])  # fmt: skip
    long = "A game about digging that I can recommend to all who like to dig for hours."
    write_lines(tmp_path / "reviews" / "steam.jsonl.gz",
                [{"user_id": "a", "item_id": 10, "recommended": True, "text": long},
                 {"user_id": "b", "item_id": 10, "recommended": False, "text": long},
                 {"user_id": "c", "item_id": 10, "recommended": True, "text": "good"}])  # fmt: skip
    records, steam = read_reviews.read_records(tmp_path), read_reviews.read_steam(tmp_path)
    assert records is not None and steam is not None
    assert records.catalog.brief(records.catalog["3"]) == "Blue Hour, jazz, bebop"
    assert [r.user for r in steam.reviews] == ["a"]
    assert steam.catalog["10"].name == "Dig (2000)"


@pytest.mark.parametrize("packed", [False, True])
def test_a_users_own_data_is_read(tmp_path: Path, packed: bool) -> None:
    items = "".join(json.dumps({"id": i, "title": f"T{i}", "genre": "x"}) + "\n" for i in "abcde")
    path = tmp_path / ("items.jsonl.gz" if packed else "items.jsonl")
    path.write_bytes(gzip.compress(items.encode()) if packed else items.encode())
    rows = [("u", "d", 5, "2020-04-01"), ("u", "a", 4, "2020-01-01"), ("u", "e", 1, "2020-01-02"),
            ("u", "b", "", "2020-02-01"), ("u", "c", 5, "2020-03-01"), ("v", "a", 5, "")]  # fmt: skip
    text = "user,item,rating,time\n" + "\n".join(",".join(map(str, row)) for row in rows)
    (tmp_path / "interactions.csv").write_text(text, "utf-8")
    own = next(b for b in read_sources(tmp_path) if b.name == "interactions")
    assert [(h.user, h.items, h.validation) for h in own.histories] == [("u", ("a", "b"), "c")]


def test_broken_files_are_named_by_line(tmp_path: Path) -> None:
    with pytest.raises(BehaviourError, match="no such folder"):
        read_sources(tmp_path / "none")
    (tmp_path / "interactions.csv").write_text("user,item\nu,a\n", "utf-8")
    with pytest.raises(BehaviourError, match=r"needs the items beside it"):
        read_own.read(tmp_path)
    (tmp_path / "items.jsonl").write_text('{"id": "a", "title": "A"}\n', "utf-8")
    with pytest.raises(BehaviourError, match="no user has four"):
        read_own.read(tmp_path)
    write_games(tmp_path)
    path = write_lines(tmp_path / "video_games" / "sequences.jsonl.gz",
                       [{"user_id": 1, "items": [1, 2, 3, 4]}, {"user_id": 2}])  # fmt: skip
    with pytest.raises(BehaviourError, match=r"sequences\.jsonl\.gz, line 2: .*lacks items"):
        read_games.read(tmp_path)
    path.write_bytes(b"no gzip")
    with pytest.raises(BehaviourError, match="can't be read"):
        read_games.read(tmp_path)
