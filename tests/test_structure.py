"""The house as a whole: imports go down only, heavy libraries have homes, files have a line.

Imports are read from the source, also those inside functions and for types alone, so that
nothing heavy is loaded here.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("prompts", "retrieval", "recommender", "benchmarks")
LONGEST = 300

# From the ground up; a module belongs to the longest name that fits. A module may import
# its own floor and the floors below.
FLOORS = {
    "prompts": 0, "retrieval": 0,
    "recommender.settings": 1, "recommender.command_failure": 1, "recommender.dialogue": 1, "recommender.language_model": 1,
    "recommender.adapter_card": 1,
    "recommender.understanding": 2, "recommender.ranking": 2, "recommender.evidence": 2,
    "recommender.claims": 2, "recommender.explanation": 2, "recommender.store": 2,
    "recommender.wording": 2, "recommender.answers": 2,
    "recommender.live": 2, "recommender.own_files": 2,
    "recommender.erasure": 2, "recommender.store_tables": 2, "recommender.facts": 2, "recommender.opening": 2,
    "recommender.calls": 2, "recommender.feedback": 2, "recommender.model_loading": 2, "recommender.serving": 2,
    "recommender.sessions": 2, "recommender.turn": 2, "recommender.engine": 3,
    "recommender.annotation": 4, "recommender.tuning": 4, "recommender.evaluation": 4,
    "recommender.catalog_commands": 4, "recommender.catalog_push": 4,
    "recommender.ui": 5, "recommender.__main__": 5, "benchmarks": 5,
    "app": 6,
}  # fmt: skip

HOMES = {
    "faiss": ("retrieval.nearest",),
    "sentence_transformers": ("retrieval.encoder", "recommender.tuning"),
    "bm25s": ("retrieval.lexical",),
    "pymilvus": ("retrieval.milvus",),
    "torch": (
        "recommender.language_model",
        "recommender.tuning",
        "recommender.evaluation",
        "benchmarks.gpu_models",
        "benchmarks.plain",
        "retrieval.device",
        "retrieval.openvino_encoder",
    ),
    "transformers": ("recommender.language_model", "recommender.tuning", "benchmarks.gpu_models"),
    "openvino": (
        "recommender.language_model.openvino_adapter",
        "recommender.language_model.openvino_context",
        "recommender.language_model.openvino_files",
        "recommender.language_model.openvino_graph",
        "recommender.language_model.openvino_model",
        "retrieval.openvino_encoder",
    ),
    "peft": ("recommender.language_model", "recommender.tuning", "benchmarks.gpu_models"),
    "bitsandbytes": ("recommender.language_model", "recommender.tuning"),
    "httpx": ("recommender.language_model", "benchmarks"),
    "gradio": ("app", "recommender.ui"),
    "spaces": ("recommender.ui",),
    "sqlite_utils": ("recommender.store", "recommender.store_tables", "recommender.annotation"),
    "evalica": ("recommender.annotation",),
    "krippendorff": ("recommender.annotation",),
    "pyarrow": ("retrieval.intake.parquet", "retrieval.intake.export"),
    "ftfy": ("retrieval.intake.cleaning",),
    "charset_normalizer": ("retrieval.intake.text",),
}

# Longer than LONGEST lines, each with the reason why it is one file all the same.
LONG = {
    "recommender/dialogue.py": "one vocabulary of plain data for all stages",
    "recommender/language_model/hugging_face.py": "one class that scores and writes by one cache",
    "recommender/language_model/replicas.py": "one class that asks and gives up in one event loop",
    "recommender/understanding/questions.py": "the kinds of question, in the order they are tried",
    "recommender/understanding/ranges.py": "the patterns of numbers, of which there are many",
}


def modules() -> Iterator[tuple[str, Path]]:
    yield "app", ROOT / "app.py"
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


MODULES = dict(modules())


@cache
def imported_by(module: str) -> frozenset[str]:
    """Full names of what a module imports, as modules where they are ours."""
    path = MODULES[module]
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *(node.module or "").split(".")]).strip(".")
            named = {f"{base}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else base for name in named}
    return frozenset(found)


def floor_of(module: str) -> int:
    parts = module.split(".")
    for size in range(len(parts), 0, -1):
        if ".".join(parts[:size]) in FLOORS:
            return FLOORS[".".join(parts[:size])]
    if module == "recommender":
        return 0  # the package itself; it holds no code
    raise AssertionError(f"{module} is on no floor; give it one in FLOORS")


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module: str) -> None:
    up = [name for name in imported_by(module) if name in MODULES
          and floor_of(name) > floor_of(module)]  # fmt: skip
    assert not up, f"{module}, floor {floor_of(module)}, imports {up} from above"


@pytest.mark.parametrize("room", ["prompts", "retrieval"])
def test_the_rooms_on_the_ground_know_nothing_of_each_other(room: str) -> None:
    other = {"prompts": "retrieval", "retrieval": "prompts"}[room]
    for module in MODULES:
        if module.split(".")[0] == room:
            assert not [n for n in imported_by(module) if n.split(".")[0] in (other, "recommender")]


def test_no_imports_go_in_a_circle() -> None:
    finished: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join((*path, module))
        if module not in finished:
            for name in imported_by(module):
                if name in MODULES and name != module:
                    visit(name, (*path, module))
            finished.add(module)

    for module in MODULES:
        visit(module, ())


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_stays_at_home(library: str) -> None:
    guests = [
        module
        for module in MODULES
        if any(name.split(".")[0] == library for name in imported_by(module))
        and not any(module == home or module.startswith(f"{home}.") for home in HOMES[library])
    ]
    assert not guests, f"{library} belongs to {HOMES[library]}, but {guests} import it"


def test_instructions_need_no_library_at_all() -> None:
    for module in MODULES:
        if module.split(".")[0] == "prompts":
            libraries = {name.split(".")[0] for name in imported_by(module)} - {"prompts"}
            assert libraries <= sys.stdlib_module_names


def test_help_loads_nothing_heavy() -> None:
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "recommender", "--help"],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    loaded = {line.split("|")[-1].strip() for line in finished.stderr.splitlines() if "|" in line}
    assert "recommender.settings" in loaded  # so that the names are read as they are written
    assert not loaded & {"torch", "transformers", "gradio", "faiss", "sentence_transformers"}


def test_a_long_file_has_its_reason() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in MODULES.values()
    }
    long = {path for path, length in lengths.items() if length > LONGEST}
    assert long <= set(LONG), f"more than {LONGEST} lines: {sorted(long - set(LONG))}"
    assert set(LONG) <= long, f"no longer long: {sorted(set(LONG) - long)}"


def test_the_file_map_of_the_readme_is_what_lies_on_the_disk() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w./-])[\w./-]+\.py\b", readme))
    on_disk = {path.relative_to(ROOT).as_posix() for path in MODULES.values() if _has_code(path)}
    missing, gone = on_disk - named, {n for n in named if not (ROOT / n).is_file()}
    assert not missing, f"README.md has no line for {sorted(missing)}"
    assert not gone, f"README.md names what is not there: {sorted(gone)}"


def _has_code(path: Path) -> bool:
    """Whether there is more than a docstring; empty packages need no line of their own."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return any(not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)) for n in body)
