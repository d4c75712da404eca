"""What the owner's page asks: campaigns made and closed, links, figures, files.

Each request brings the owner's token. A campaign is made in a thread of its own, one at a
time, since its replies may take minutes; the page asks how far it is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from recommender.annotation import export
from recommender.annotation.campaign import Campaign, CampaignError, parse_campaign
from recommender.annotation.figures import as_csv, figures_of, progress
from recommender.annotation.kept import UnknownError
from recommender.annotation.records import AnnotationStore
from recommender.annotation.replies import open_for
from recommender.annotation.service import make_campaign

log = logging.getLogger(__name__)

Answer = dict[str, Any]
MOST_LINKS = 100  # at once


@dataclass
class Job:
    """A campaign that is being made."""

    name: str
    done: int = 0
    of: int = 0
    campaign: str = ""
    join: str = ""
    alike: int = 0
    error: str = ""

    @property
    def over(self) -> bool:
        return bool(self.campaign or self.error)


class OwnerApi:
    """The owner's requests over one recommender and its store."""

    def __init__(self, recommender: Any, store: Callable[[], AnnotationStore]) -> None:
        self._recommender, self._opened = recommender, store
        self._job: Job | None = None
        self._lock = threading.Lock()
        self.actions: Mapping[str, Callable[[Mapping[str, Any], str], Answer]] = {
            "owner/campaigns": self._guarded(self.campaigns),
            "owner/create": self._guarded(self.create),
            "owner/job": self._guarded(self.job),
            "owner/invite": self._guarded(self.invite),
            "owner/status": self._guarded(self.status),
            "owner/figures": self._guarded(self.figures),
            "owner/file": self._guarded(self.file),
        }

    def _guarded(
        self, action: Callable[[Mapping[str, Any]], Answer]
    ) -> Callable[[Mapping[str, Any], str], Answer]:
        def run(data: Mapping[str, Any], account: str) -> Answer:
            if not self._opened().is_owner(data.get("token")):
                raise UnknownError(
                    "this link is not the owner's; `python -m recommender annotate owner` "
                    "gives a new one"
                )
            return action(data)

        return run

    def campaigns(self, data: Mapping[str, Any]) -> Answer:
        store = self._opened()
        return {
            "campaigns": [
                {"id": kept.id, "name": kept.name, "status": kept.status, "created": kept.created,
                 "systems": list(kept.systems), "progress": progress(store, kept.id)}
                for kept in store.campaigns()
            ]
        }  # fmt: skip

    def create(self, data: Mapping[str, Any]) -> Answer:
        """Begin to make a campaign from TOML in words. Raises `CampaignError`."""
        campaign = parse_campaign(str(data.get("toml", "")), None)
        with self._lock:
            if self._job is not None and not self._job.over:
                raise CampaignError(f"{self._job.name!r} is still being made; wait for it")
            self._job = Job(campaign.name)
        threading.Thread(target=self._make, args=(campaign, self._job), daemon=True).start()
        return self.job(data)

    def _make(self, campaign: Campaign, job: Job) -> None:
        def report(done: int, of: int) -> None:
            job.done, job.of = done, of

        app = self._recommender
        try:
            opened = open_for(
                campaign, app.settings, app.store, catalog=app.catalog, retriever=app.retriever
            )
            job.campaign, job.join, job.alike = make_campaign(
                self._opened(), campaign, opened, report
            )
        except (ValueError, RuntimeError, OSError) as error:
            log.debug("making a campaign failed", exc_info=True)
            job.error = str(error).split("\n")[0] or type(error).__name__
        except Exception:
            log.exception("making a campaign failed")
            job.error = "this failed on our side; the log says more"

    def job(self, data: Mapping[str, Any]) -> Answer:
        return {"job": None if self._job is None else vars(self._job) | {"over": self._job.over}}

    def invite(self, data: Mapping[str, Any]) -> Answer:
        """Tokens of new annotators; shown once, since only their hashes are kept."""
        count = data.get("count")
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_LINKS:
            raise CampaignError(f"count is {str(count)[:20]}; expected 1 to {MOST_LINKS}")
        made = [self._opened().invite(str(data.get("campaign"))) for _ in range(count)]
        return {"invited": [{"annotator": who.id, "token": token} for who, token in made]}

    def status(self, data: Mapping[str, Any]) -> Answer:
        status = data.get("status")
        if status not in ("open", "closed"):
            raise CampaignError(f"status is {str(status)[:20]!r}; expected open or closed")
        self._opened().set_status(str(data.get("campaign")), str(status))
        return self.campaigns(data)

    def figures(self, data: Mapping[str, Any]) -> Answer:
        return {"figures": figures_of(self._opened(), str(data.get("campaign"))).as_dict()}

    def file(self, data: Mapping[str, Any]) -> Answer:
        """A file to save: "figures" as CSV, "judgements" or "pairs" as JSON lines."""
        kind, campaign = data.get("kind"), str(data.get("campaign"))
        store = self._opened()
        if kind == "figures":
            return _file(f"{campaign}.csv", as_csv(figures_of(store, campaign)))
        if kind == "judgements":
            return _file(f"{campaign}.jsonl", export.as_lines(export.judgements(store, campaign)))
        if kind == "pairs":
            lines = "".join(pair.as_line() for pair in export.pairs(store, campaign))
            return _file(f"{campaign}-pairs.jsonl", lines)
        raise CampaignError(f"kind is {str(kind)[:20]!r}; expected figures, judgements or pairs")


def _file(name: str, content: str) -> Answer:
    return {"file": {"name": name, "content": content}}
