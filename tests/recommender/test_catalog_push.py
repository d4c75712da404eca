"""`catalog push`, and answers from the Milvus that it filled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scripted_models import FILMS, HashingEncoder, ScriptedModel

from recommender import catalog_push
from recommender.__main__ import main
from recommender.dialogue import Done
from recommender.engine import Recommender
from recommender.settings import Settings, SettingsError
from retrieval.milvus import MilvusError

pytest.importorskip("milvus_lite")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def pushed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    where = str(tmp_path / "films.db")
    options = {"catalog": str(FILMS), "to": where, "encoder": "", "data": tmp_path, "json": True}
    for _ in range(2):  # a second push takes the place of the first
        assert catalog_push._push(options, HashingEncoder()) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["items"] == len(FILMS.read_text(encoding="utf-8").splitlines())
    return where


def test_a_pushed_catalog_answers_as_the_one_in_memory_does(pushed: str, tmp_path: Path) -> None:
    found = []
    for where in ("faiss", pushed):
        settings = Settings(catalog=str(FILMS), data=tmp_path, model="none", retriever=where,
                            store=tmp_path / f"{len(found)}.db")  # fmt: skip
        recommender = Recommender(settings, encoder=HashingEncoder())
        session = recommender.open_session()
        replies = []
        for said in ("a scary film set in deep space, nothing after 1990", "something newer"):
            *_, done = recommender.reply(session.id, said)
            assert isinstance(done, Done)
            replies.append([pick.item.id for pick in done.reply.picks])
        found.append(replies)
        recommender.close()
    assert found[0] == found[1]
    assert all(found[0])


_PUSH = """
from recommender import catalog_push
options = {"catalog": str(FILMS), "to": where, "encoder": "", "data": folder, "json": True}
sys.exit(catalog_push._push(options, HashingEncoder()))
"""
_FIND = """
from recommender.opening import open_pushed
from retrieval.catalog import load_catalog
from retrieval.query import Query
found = open_pushed(load_catalog(str(FILMS)), HashingEncoder(), where)
print(len(found.retrieve(Query("a scary film set in space"), 5)))
"""


def test_another_process_finds_what_was_pushed(tmp_path: Path) -> None:
    """A file that is opened anew has loaded nothing yet; and nothing is said of the server's
    doings."""
    begin = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from scripted_models import FILMS, HashingEncoder\n"
        "folder, where = Path(sys.argv[2]), sys.argv[2] + '/films.db'\n"
    )
    for script in (_PUSH, _FIND):
        command = [sys.executable, "-c", begin + script, str(FILMS.parent), str(tmp_path)]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stderr
        assert "Traceback" not in told.stderr
    assert told.stdout.split() == ["5"]


def test_another_encoder_or_catalog_is_refused_with_what_to_run(
    pushed: str, tmp_path: Path
) -> None:
    for encoder, catalog in ((HashingEncoder("other"), str(FILMS)), (HashingEncoder(), "movies")):
        settings = Settings(catalog=catalog, data=tmp_path, model="none", retriever=pushed)
        with pytest.raises(MilvusError, match=r"run `python -m recommender catalog push"):
            Recommender(settings, encoder=encoder, language_model=ScriptedModel())


def test_nobody_at_an_address_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "push", str(FILMS), "--to", "http://127.0.0.1:9"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: http://127.0.0.1:9: ") and told.count("\n") == 1
    assert main(["catalog", "push", str(FILMS), "--to", "nowhere"]) == 2
    assert "--to is 'nowhere'; expected a file ending in .db" in capsys.readouterr().err


def test_where_items_are_searched_is_checked() -> None:
    for given in ("disk", ""):
        with pytest.raises(SettingsError, match="retriever is"):
            Settings(retriever=given)
