"""The report: all records of a folder in Markdown, with the paper's figures beside and plots.

Promises that every row names its number of cases and its interval, and that the report says
what stands for what. It computes nothing: the records hold the figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recommender.evaluation.metrics import Figure
from recommender.evaluation.paper import published
from recommender.evaluation.records import figure_of, read_records, read_talks
from recommender.evaluation.report_talks import talk_sections
from recommender.evaluation.runs import write_whole
from recommender.evaluation.tasks import ALL, TASKS

_SHOWN = ("AUC", "accuracy", "accuracy as it is", "Brier", "HR@1", "HR@3", "HR@5", "HR@10",
          "NDCG@3", "NDCG@5", "NDCG@10", "MRR", "R@20", "R@50", "R@100")  # fmt: skip
_COLOUR, _PAPER_COLOUR = "#3b5b92", "#b08d2f"

Record = Mapping[str, Any]


def write_report(out: Path) -> Path:
    """Write `report.md` and its plots below a folder of records; gives the report's path."""
    by_task: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in read_records(out):
        by_task[record["task"], record["data_set"]].append(record)
    talks = read_talks(out)
    lines = ["# Evaluation", "", *_head([*(r for rs in by_task.values() for r in rs), *talks])]
    for name, data in sorted(by_task, key=lambda key: (list(TASKS).index(key[0]), key[1])):
        records = sorted(by_task[name, data], key=lambda r: -_lead(r).value)
        usual = data == TASKS[name].data
        plot = out / "plots" / f"{name}{'' if usual else '-' + data.replace(' ', '-')}.svg"
        _plot(plot, records)
        lines += _section(name, data, records, plot.relative_to(out).as_posix())
    lines += talk_sections(talks)
    path = out / "report.md"
    write_whole(path, "\n".join(lines) + "\n")
    return path


def _head(records: Sequence[Record]) -> list[str]:
    files = {name: digest for record in records for name, digest in record["data"].items()}
    codes = sorted({record["code"] for record in records})
    return [
        "Each row is a run; intervals are 95 % bootstrap intervals over its cases. Candidates "
        "with equal scores share their ranks' expectation.",
        "",
        f"Code: {', '.join(codes)}. Data:",
        "",
        *(f"- `{name}`: SHA-256 `{digest}`" for name, digest in sorted(files.items())),
        "",
    ]


def _section(name: str, data: str, records: Sequence[Record], plot: str) -> list[str]:
    task = TASKS[name]
    # Among the first ten of ten candidates everything is.
    all_of = () if task.negatives == ALL else (f"HR@{task.others + 1}", f"R@{task.others + 1}")
    shown = [f for f in _SHOWN if f not in all_of and any(f in r["figures"] for r in records)]
    lines = [f"## {task.title} {task.form}, {data}", ""]
    said = next((r["example"] for r in records if r.get("example")), "")
    example = f" For example: “{said}”." if said else ""
    for told in sorted({r["stands_for"] for r in records if r["stands_for"]}):
        lines += [f"Stand-in: {told}.{example}", ""]
    lines += [_row(["ranker", "n", *shown]), _row(["---"] * (len(shown) + 2))]
    for record in records:
        cells = [_cell(figure_of(record, figure)) for figure in shown]
        lines.append(_row([record["ranker"], str(record["n"]), *cells]))
    for method, figures in published(name, data).items():
        cells = [_plain(figures.get(figure)) for figure in shown]
        lines.append(_row([f"*paper: {method}*", "", *cells]))
    lines += ["", f"![{_lead_name(records[0])} by ranker]({plot})", "", *_beside(records), ""]
    return lines + _combinations(task.form, records) + _wordings(records)


def _combinations(form: str, records: Sequence[Record]) -> list[str]:
    """Whether tuned models were tuned on the task's combination of aspects at all."""
    told = {r["ranker"].split(" as ")[0]: r["combination_seen"]
            for r in records if "combination_seen" in r}  # fmt: skip
    lines = [f"{name} was {'' if seen else 'not '}tuned on instructions of {form}."
             for name, seen in sorted(told.items())]  # fmt: skip
    return [*lines, ""] if lines else []


def _wordings(records: Sequence[Record]) -> list[str]:
    """How a language model's figures move with the words, on the same cases."""
    told = [r for r in records if " as " in r["ranker"]]
    if len(told) < 2:
        return []
    lines = ["Wordings of the instruction, each asked the same cases:", ""]
    lines += [_row(["template", "n", "seen in tuning", _lead_name(told[0])]), _row(["---"] * 4)]
    seen = {True: "yes", False: "no", None: "not known"}
    for record in told:
        told_before = seen[record.get("template_seen")]
        cells = [record["template"], str(record["n"]), told_before, _cell(_lead(record))]
        lines.append(_row(cells))
    for known, name in ((True, "seen in tuning"), (False, "never seen")):
        values = [_lead(r).value for r in told if r.get("template_seen") is known]
        if values:
            mean = sum(values) / len(values)
            lines.append(_row([f"*{len(values)} {name}: mean; lowest to highest*", "", "",
                               f"{mean:.3f}; {min(values):.3f} to {max(values):.3f}"]))  # fmt: skip
    return [*lines, ""]


def _beside(records: Sequence[Record]) -> list[str]:
    names = [
        "coverage@1", "novelty@5", "popularity bias", "calibration error", "wrong output", "ties",
        "greatest change by shuffling", "first pick kept", "ms a case", "MB to ask", "peak MB",
    ]  # fmt: skip
    lines = [_row(["ranker", *names]), _row(["---"] * (len(names) + 1))]
    for record in records:
        beside, stable = record["beside"], record.get("stability", {})
        cells = [
            beside.get("coverage@1"), beside.get("novelty@5"), beside.get("popularity_bias"),
            record["calibration"].get("error"), record["figures"]["wrong"]["value"],
            beside.get("ties"), stable.get("greatest_change"), stable.get("first_pick_kept"),
            record["ms_per_case"].get("median"), record.get("mb_per_case", {}).get("median"),
            record.get("peak_memory_mb"),
        ]  # fmt: skip
        lines.append(_row([record["ranker"], *(_plain(c, 3) for c in cells)]))
    return lines


def _lead(record: Record) -> Figure:
    found = figure_of(record, _lead_name(record))
    if found is None:
        raise ValueError(f"the record of {record['ranker']} on {record['task']} has no HR@1")
    return found


def _lead_name(record: Record) -> str:
    """The figure that a task is first looked at for."""
    return "AUC" if "AUC" in record["figures"] else "HR@1"


def _plot(path: Path, records: Sequence[Record]) -> None:
    """HR@1 of each run with its interval, and the paper's as lines."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    path.parent.mkdir(parents=True, exist_ok=True)
    leads = [_lead(record) for record in records][::-1]
    names = [record["ranker"] for record in records][::-1]
    figure, axes = pyplot.subplots(figsize=(7, 1.2 + 0.32 * len(records)), layout="constrained")
    whiskers = [
        [max(0.0, f.value - f.low) for f in leads],  # a mean may round to beyond its interval
        [max(0.0, f.high - f.value) for f in leads],
    ]
    axes.barh(names, [f.value for f in leads], xerr=whiskers, color=_COLOUR, height=0.6)
    for method, figures in published(records[0]["task"], records[0]["data_set"]).items():
        axes.axvline(figures["HR@1"], color=_PAPER_COLOUR, linewidth=1, linestyle="--")
        axes.annotate(
            method, (figures["HR@1"], 1.0), xycoords=("data", "axes fraction"), rotation=45,
            fontsize=7, color=_PAPER_COLOUR,
        )  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"{_lead_name(records[0])}, with its 95 % interval; dashed: the paper")
    # Without a date and with fixed ids the same records give the same file.
    with mpl.rc_context({"svg.hashsalt": "evaluation"}):
        figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(figure: Figure | None) -> str:
    return "" if figure is None else f"{figure.value:.4f} ({figure.low:.3f}–{figure.high:.3f})"


def _plain(value: float | None, digits: int = 4) -> str:
    return "" if value is None else f"{value:.{digits}f}"
