"""What the pages and the command line ask of campaigns: made, invited to, closed, forgotten."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from recommender.annotation.campaign import Campaign
from recommender.annotation.records import AnnotationStore
from recommender.annotation.replies import Opened, Report, make
from recommender.erasure import Erased, erase
from recommender.store import StoreError

ANNOTATE, OWNER = "annotate", "campaigns"  # paths of the pages


def make_campaign(
    store: AnnotationStore, campaign: Campaign, opened: Opened, report: Report
) -> tuple[str, str, int]:
    """Make the replies and keep the campaign; gives its id, its join key, and how many
    comparisons fell away since both systems picked alike. Raises `CampaignError`."""
    made = make(campaign, opened, report)
    identity, key = store.create(campaign, made.cases)
    return identity, key, made.alike


def link(base: str, page: str, **fragment: str) -> str:
    """A link whose token stands behind "#", which browsers send to no server."""
    [(name, token)] = fragment.items()
    return f"{base.rstrip('/')}/{page}#{name}={token}"


def forget(store_path: Path, data: Path, *ids: str) -> Erased:
    """Forget conversations or annotators by id, in the store and in its backups.

    Raises `StoreError`.
    """
    try:
        return erase(store_path, data, ids)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"store {store_path}: could not be rewritten ({error})") from error
