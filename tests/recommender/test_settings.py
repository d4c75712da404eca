"""Settings: defaults, flags over environment, and what can't be used names itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.settings import Settings, SettingsError


def test_nothing_given_is_the_defaults() -> None:
    assert Settings.read({}, env={}) == Settings()


def test_a_flag_wins_over_the_environment() -> None:
    env = {"INSTRUCTREC_CANDIDATES": "10", "INSTRUCTREC_MODEL": "from-env"}
    settings = Settings.read({"candidates": "20", "model": None}, env=env)
    assert settings.candidates == 20
    assert settings.model == "from-env"


def test_text_becomes_the_kind_of_the_setting() -> None:
    env = {"INSTRUCTREC_RANK_WEIGHT": "0.5", "INSTRUCTREC_DATA": "/somewhere", "PORT": "8080"}
    settings = Settings.read({}, env=env)
    assert settings.rank_weight == 0.5
    assert settings.data == Path("/somewhere")
    assert settings.port == 8080


def test_our_own_name_of_a_port_wins_over_the_common_one() -> None:
    assert Settings.read({}, env={"PORT": "8080", "INSTRUCTREC_PORT": "9090"}).port == 9090


def test_the_store_lies_in_the_data_folder_unless_it_is_named() -> None:
    assert Settings(data=Path("d")).store_path == Path("d/store.db")
    assert Settings(data=Path("d"), store=Path("other.db")).store_path == Path("other.db")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quantization", "int3"), ("ranker", "oracle"), ("rank_weight", 1.5),
        ("rank_weight", float("nan")), ("candidates", 0), ("candidates", 101), ("picks", 0),
        ("picks", 41), ("explained", -1), ("rank_budget_s", 0), ("explain_budget_s", -1),
        ("search", "collaborative"), ("search", "dense,words"), ("search", ""),
        ("port", 0), ("port", 65536), ("understanding", "guess"), ("understand_budget_s", 0),
    ],
)  # fmt: skip
def test_a_value_out_of_bounds_names_its_setting(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} is .*expected"):
        Settings(**{name: value})


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(SettingsError, match="adapter"):
        Settings(model="none", adapter="checkpoints/films")
    with pytest.raises(SettingsError, match=r"understanding is 'model'.*where model is none"):
        Settings(model="none", understanding="model")
    assert Settings(model="none").understanding == "auto"


@pytest.mark.parametrize(("name", "text"), [("candidates", "many"), ("rank_weight", "half")])
def test_text_that_is_no_number_names_its_setting(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=rf"{name} is '{text}'"):
        Settings.read({name: text}, env={})
