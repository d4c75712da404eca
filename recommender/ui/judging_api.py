"""What the Judge page and the owner's page ask of the server, as JSON by POST.

Every request may be forged: each brings its token, by which alone it is known whose slot or
whose campaign it may touch, and all it says is checked before anything is done. Tokens travel
in the body, never in an address that a log would keep; no address of a visitor is read.
Answers to annotators hold nothing that tells the systems, which `view` sees to.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from recommender.annotation.campaign import CampaignError
from recommender.annotation.judgement import JudgingError, LapsedError, parse_judgement
from recommender.annotation.kept import Annotator, UnknownError
from recommender.annotation.records import AnnotationStore
from recommender.annotation.service import forget
from recommender.annotation.slots import Judging
from recommender.annotation.view import campaign_view, case_view, next_view, progress_view
from recommender.store import StoreError
from recommender.ui.guidelines import as_html
from recommender.ui.owner_api import OwnerApi

log = logging.getLogger(__name__)

Answer = dict[str, Any]
PATH = "/annotation"
LARGEST = 256 * 1024  # bytes of a request


def judging_routes(recommender: Any) -> list[Mount]:
    """The routes of both pages over the recommender's store."""
    shelf = Shelf(recommender)
    owner = OwnerApi(recommender, lambda: shelf.store)
    actions = {**JudgingApi(shelf).actions, **owner.actions}
    return [
        Mount(
            PATH,
            routes=[Route(f"/{n}", _endpoint(a), methods=["POST"]) for n, a in actions.items()],
        )
    ]


class Shelf:
    """The store of campaigns, opened when the first request comes."""

    def __init__(self, recommender: Any) -> None:
        self.settings = recommender.settings
        self._lock = threading.Lock()
        self._store: AnnotationStore | None = None

    @property
    def store(self) -> AnnotationStore:
        with self._lock:
            if self._store is None:
                self._store = AnnotationStore(self.settings.store_path)
            return self._store


class JudgingApi:
    """What an annotator's page asks."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.actions: Mapping[str, Callable[[Mapping[str, Any], str], Answer]] = {
            "enter": self.enter, "case": self.case, "vote": self.vote, "skip": self.skip,
            "undo": self.undo, "names": self.names, "forget": self.forget,
        }  # fmt: skip

    def enter(self, data: Mapping[str, Any], account: str) -> Answer:
        """Begin or go on: by the token of an invitation, or by a campaign's own link, there
        as one's account where one is logged in."""
        store, token, key = self._shelf.store, data.get("token"), data.get("join")
        if key and account:
            annotator, token = store.login(str(key), account, token)
        elif key and not token:
            annotator, token = store.join(str(key))
        else:
            annotator = store.annotator(token)
        campaign = store.campaign(annotator.campaign)
        shown = campaign_view(campaign) | {"guidelines": as_html(campaign.plan["guidelines"])}
        told: Answer = {"token": token, "annotator": annotator.id, "campaign": shown}
        if campaign.status != "open":
            return told | {"progress": progress_view(store, annotator), "case": None}
        return told | self._on(annotator, "")

    def case(self, data: Mapping[str, Any], account: str) -> Answer:
        """The next case, or one of the annotator's own by its slot."""
        return self._on(self._who(data), data.get("slot"))

    def vote(self, data: Mapping[str, Any], account: str) -> Answer:
        """Keep a judgement; with "stay" the same case comes back, else the next."""
        who, slot = self._who(data), str(data.get("slot", ""))
        store = self._shelf.store
        judgement = parse_judgement(data.get("judgement"), store.campaign(who.campaign))
        Judging(store).vote(who, slot, judgement)
        return {"kept": slot, **self._on(who, slot if data.get("stay") else "")}

    def skip(self, data: Mapping[str, Any], account: str) -> Answer:
        who = self._who(data)
        Judging(self._shelf.store).skip(who, str(data.get("slot", "")))
        return self._on(who, "")

    def undo(self, data: Mapping[str, Any], account: str) -> Answer:
        who, slot = self._who(data), str(data.get("slot", ""))
        Judging(self._shelf.store).undo(who, slot)
        return self._on(who, slot)

    def names(self, data: Mapping[str, Any], account: str) -> Answer:
        who, slot = self._who(data), str(data.get("slot", ""))
        left, right = Judging(self._shelf.store).names(who, slot)
        return {"names": {"a": left, "b": right}, **self._on(who, slot)}

    def forget(self, data: Mapping[str, Any], account: str) -> Answer:
        """Delete all that is kept of the annotator, and say how many rows went."""
        settings, who = self._shelf.settings, self._who(data)
        erased = forget(settings.store_path, settings.data, who.id, search=False)
        return {"deleted": sum(erased.rows.values()), "rows": dict(erased.rows)}

    def _who(self, data: Mapping[str, Any]) -> Annotator:
        return self._shelf.store.annotator(data.get("token"))

    def _on(self, who: Annotator, slot: Any) -> Answer:
        store = self._shelf.store
        case = case_view(store, who, str(slot)) if slot else next_view(Judging(store), who)
        return {"progress": progress_view(store, who), "case": case}


def _endpoint(action: Callable[[Mapping[str, Any], str], Answer]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> JSONResponse:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:
                return _refused("the request is too large", 413)
        try:
            data = json.loads(body)
            json.dumps(data, ensure_ascii=False).encode()  # half a character can't be kept
        except (ValueError, RecursionError):
            return _refused("the request is no JSON in UTF-8", 400)
        if not isinstance(data, dict):
            return _refused("the request must be an object", 400)
        return await run_in_threadpool(_answered, action, data, _account(request))

    return endpoint


def _answered(
    action: Callable[[Mapping[str, Any], str], Answer], data: Mapping[str, Any], account: str
) -> JSONResponse:
    try:
        return JSONResponse(action(data, account), headers={"cache-control": "no-store"})
    except UnknownError as error:
        return _refused(str(error), 403)
    except LapsedError as error:
        return _refused(str(error), 409, lapsed=True)
    except JudgingError as error:
        return _refused(str(error), 409)
    except (CampaignError, ValueError) as error:
        return _refused(str(error), 400)
    except StoreError:
        log.exception("the store failed")
        return _refused("this could not be kept; please try again", 503)
    except Exception:
        log.exception("a request of the annotation pages failed")
        return _refused("this failed on our side; please try again", 500)


def _refused(line: str, status: int, **more: Any) -> JSONResponse:
    return JSONResponse({"error": line[:1].upper() + line[1:].rstrip(".") + ".", **more}, status)


def _account(request: Request) -> str:
    """Who is logged in by Hugging Face, where a Space offers that; "" for the others."""
    session = request.scope.get("session") or {}
    subject = session.get("oauth_info", {}).get("userinfo", {}).get("sub")
    return subject if isinstance(subject, str) else ""
