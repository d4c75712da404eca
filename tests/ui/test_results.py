"""The Results page: what was measured, beside what was published, in every theme and width."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from recorded import CHECKSUMS, write_run
from scripted import PAYLOADS, Served
from test_page import SMALL, WCAG

from recommender.evaluation.paper import PAPER, TRANSFER


@pytest.fixture
def runs(served: Served) -> Iterator[Path]:
    folder = served.recommender.settings.runs_path
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def results(visit: Callable[..., Page], served: Served) -> Callable[..., Page]:
    def open_results(where: str = "", **options: object) -> Page:
        page = visit(only_open=True, **options)
        page.goto(f"{served.url}results{where}")
        page.wait_for_selector(".results > *")
        return page

    return open_results


def row(page: Page, sheet: str, name: str) -> list[str]:
    line = page.locator(f".sheet.{sheet} tbody tr", has=page.get_by_role("rowheader", name=name))
    return line.first.locator("td").all_inner_texts()


def test_pages_lead_to_each_other(page: Page, served: Served) -> None:
    links = page.get_by_role("navigation", name="Pages")
    expect(links.get_by_role("link", name="Chat")).to_have_attribute("aria-current", "page")
    links.get_by_role("link", name="Results").click()
    page.wait_for_url(f"{served.url}results")
    expect(links.get_by_role("link", name="Results")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results")
    links.get_by_role("link", name="Chat").click()
    expect(page.locator(".chip").first).to_be_visible()


def test_without_runs_it_says_which_command_makes_them(results: Callable[..., Page]) -> None:
    page = results()
    expect(page.locator(".empty")).to_contain_text("python -m recommender evaluate sequential")
    expect(page.locator(".plot")).to_have_count(0)


def test_figures_stand_beside_the_published_ones(results: Callable[..., Page], runs: Path) -> None:
    record = write_run(runs, "sequential", "sasrec")
    write_run(runs, "sequential", "popularity", n=300)
    page = results()
    figure = record["figures"]["HR@1"]
    [n, first, *_] = row(page, "ours", "sasrec")
    assert n == "60"
    assert float(first.split()[0]) == pytest.approx(figure["value"], abs=5e-5)
    low, high = (float(end) for end in first.split()[1].split("–"))
    assert (low, high) == pytest.approx((figure["low"], figure["high"]), abs=5e-4)
    published = [float(cell) for cell in row(page, "paper", "SASRec")]
    assert published == list(PAPER["sequential"]["SASRec"].values())
    plots = page.locator(".plot-title").all_inner_texts()
    assert [text.split()[0] for text in plots] == [
        "HR@1", "HR@3", "HR@5", "NDCG@3", "NDCG@5", "NDCG@10", "MRR",
    ]  # fmt: skip
    assert page.locator(".plot").first.locator(".plot-row").count() == 2 + len(PAPER["sequential"])
    assert page.locator(".plot").first.locator(".chance").count() == 1
    told = (
        page.locator(".plot")
        .first.locator(".plot-row:not(.published)", has_text="sasrec")
        .inner_text()
    )
    assert f"{figure['value']:.3f}".lstrip("0") in told and "n 60" in told


def test_beside_cds_stand_the_papers_figures_of_transfer(
    results: Callable[..., Page], runs: Path
) -> None:
    write_run(runs, "sequential", "llm", data_set="amazon-2018 CDs_and_Vinyl")
    page = results()
    published = [float(cell) for cell in row(page, "paper", "SASRec, trained on CDs")]
    assert published == list(TRANSFER["sequential"]["SASRec, trained on CDs"].values())
    names = page.locator(".sheet.paper tbody th").all_inner_texts()
    assert names == list(TRANSFER["sequential"])


def test_a_task_is_chosen_and_stays_chosen(results: Callable[..., Page], runs: Path) -> None:
    write_run(runs, "sequential", "sasrec")
    write_run(runs, "product-search", "bm25")
    write_run(runs, "sequential", "ease", data_set="other games")
    page = results()
    headings = page.locator(".task h2")
    expect(headings).to_have_text(["Sequential recommendation, nine random negatives"] * 2)
    page.get_by_label("Data set").select_option("other games")
    expect(page.locator(".sheet.ours tbody tr")).to_have_count(1)
    page.get_by_label("Task").select_option("product-search")
    expect(page.locator(".results .note")).to_be_visible()
    page.get_by_label("Data set").select_option("video games")
    expect(headings).to_have_text(["Product search"])
    expect(page.locator(".stand-in")).to_contain_text("platform and kind stand for its category")
    page.reload()
    expect(headings).to_have_text(["Product search"])
    page.get_by_label("Task").select_option("all")
    expect(headings).to_have_count(2)


def test_what_is_downloaded_is_what_the_records_say(
    results: Callable[..., Page], runs: Path, tmp_path: Path
) -> None:
    record = write_run(runs, "sequential", 'a, "quoted" ranker')
    page = results()
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download CSV").click()
    caught.value.save_as(tmp_path / "results.csv")
    with (tmp_path / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    ours = {r["metric"]: r for r in rows if r["source"] == "measured"}
    assert set(ours) == set(record["figures"])
    for name, figure in record["figures"].items():
        found = [float(ours[name][end]) for end in ("value", "low", "high")]
        assert found == [figure["value"], figure["low"], figure["high"]]
        assert ours[name]["ranker"] == 'a, "quoted" ranker' and ours[name]["n"] == "60"
    [paper] = [r for r in rows if r["ranker"] == "InstructRec" and r["metric"] == "HR@1"]
    assert float(paper["value"]) == PAPER["sequential"]["InstructRec"]["HR@1"]


def test_controls_stand_in_the_table_alone(results: Callable[..., Page], runs: Path) -> None:
    write_run(runs, "sequential", "told")
    write_run(runs, "sequential", "sasrec")
    page = results()
    names = page.locator(".sheet.ours tbody th").all_inner_texts()
    assert names == ["sasrec", "told control"]
    assert page.locator(".plot-row", has_text="told").count() == 0
    assert page.locator(".sheet.ours tr", has_text="told").locator(".top").count() == 0


def test_the_best_of_few_cases_is_no_best_and_its_number_is_seen(
    results: Callable[..., Page], runs: Path
) -> None:
    # By its name's length the first is right more often; see `write_run`.
    few = write_run(runs, "sequential", "llm (with-a-name-that-is-longer)", n=20)
    many = write_run(runs, "sequential", "sasrec-x")
    assert few["figures"]["HR@1"]["value"] > many["figures"]["HR@1"]["value"]
    page = results()
    lines = page.locator(".sheet.ours tbody tr")
    assert lines.filter(has_text="llm").locator(".top").count() == 0
    assert lines.filter(has_text="sasrec-x").locator(".top").count() > 0
    seen = """(n) => { const a = n.getBoundingClientRect();
        const b = n.closest('.plot-name').getBoundingClientRect(); return a.right <= b.right + 1; }"""
    assert page.locator(".plot-about", has_text="n 20").first.evaluate(seen)


def test_a_filter_is_readable_in_the_dark(results: Callable[..., Page], runs: Path) -> None:
    write_run(runs, "sequential", "sasrec")
    page = results(color_scheme="dark")
    look = "(e) => { const s = getComputedStyle(e); return [s.backgroundColor, s.color]; }"
    ground, ink = page.get_by_label("Task").evaluate(look)
    assert ground == "rgb(22, 32, 29)" and ink == "rgb(228, 237, 231)"


def test_a_run_tells_how_it_was_made(results: Callable[..., Page], runs: Path) -> None:
    record = write_run(runs, "sequential", "sasrec")
    page = results()
    page.locator(".run summary").click()
    expect(page.locator(".run-command code")).to_have_text(record["command"])
    for said in (*CHECKSUMS, *CHECKSUMS.values(), record["code"], "weights sasrec"):
        expect(page.locator(".run-body")).to_contain_text(said)
    assert page.locator(".sureness circle").count() == len(record["calibration"]["bins"])


def test_a_broken_record_is_named_and_hides_no_other(
    results: Callable[..., Page], runs: Path
) -> None:
    write_run(runs, "sequential", "sasrec")
    for name, text in (("torn", '{"task": "sequ'), ("other", '{"task": "sequential"}')):
        (runs / name).mkdir()
        (runs / name / "record.json").write_text(text)
    page = results()
    expect(page.locator(".unreadable")).to_have_count(2)
    expect(page.locator(".unreadable", has_text="torn")).to_contain_text("can't be read")
    expect(page.locator(".sheet.ours tbody tr")).to_have_count(1)


def test_no_text_of_a_record_can_act(results: Callable[..., Page], runs: Path) -> None:
    for text in PAYLOADS:
        write_run(runs, "sequential", text[:200], stands_for=text[:200], command=text)
    page = results()
    assert page.locator(".sheet.ours tbody tr").count() == len(PAYLOADS)
    assert page.evaluate("window.x") is None
    assert page.locator(".results :is(img, script, form)").count() == 0


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280), ("light", 1280)])
def test_no_fault_of_access_and_no_sideways_scroll(
    results: Callable[..., Page], runs: Path, scheme: str, width: int
) -> None:
    write_run(runs, "sequential", "sasrec")
    write_run(runs, "sequential", "a-ranker-with-a-rather-long-name+and-another-one", n=30)
    page = results(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.locator(".run summary").first.click()
    found = Axe().run(page, options={"runOnly": WCAG}).response
    assert found["passes"], "axe checked nothing"
    assert [
        f"{v['id']}: {v['nodes'][0]['html'][:200]}"
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ] == []
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
