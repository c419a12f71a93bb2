"""The Hugging Face Hub: can it be reached, what does it hold, and what do its refusals mean.

Nothing is asked of the Hub before a person asks for something there. The token is the usual one of
huggingface_hub (HF_TOKEN or its login); it is sent to the Hub and nowhere else, see `studio.hub_token` for whom.
"""

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from studio.errors import StudioError
from studio.files import read_cache, replace_cache
from studio.hub_token import ONLY_OPEN, Token, token_for
from studio.language import _, packed, sentences, unpacked
from studio.paths import Home
from studio.room import FULL

TIMEOUT_SECONDS = 5.0
REMEMBERED_SECONDS = 60.0
OFFLINE_REASON = _("The studio was started in offline mode (HF_HUB_OFFLINE).")


@dataclass(frozen=True)
class Found:
    """One model of a search. parameters and licence are what the repository says; None where it says nothing."""

    id: str
    downloads: int
    likes: int
    licence: str | None
    parameters: int | None
    gated: bool
    has_safetensors: bool


@dataclass(frozen=True)
class SearchResult:
    """models: best match first. Not reachable: `reason` says why in a sentence, and models is empty."""

    reachable: bool
    reason: str = ""
    models: tuple[Found, ...] = ()


@dataclass(frozen=True)
class Reach:
    reachable: bool
    reason: str = ""


def work_offline() -> None:
    """From now on no library of this process asks the Hub for anything, and only errors are printed.

    The environment alone is not enough: where the process was forked, the libraries have read it already.
    """
    from huggingface_hub import constants
    from huggingface_hub.utils import disable_progress_bars
    from transformers.utils.logging import disable_progress_bar, set_verbosity_error

    os.environ["HF_HUB_OFFLINE"] = "1"  # for what this process starts
    constants.HF_HUB_OFFLINE = True
    disable_progress_bars()
    disable_progress_bar()
    set_verbosity_error()
    quieten()


def quieten() -> None:
    """No word, at each start, of a package that would make some 4-bit models faster on a CPU."""
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)


def reach(home: Home | None = None) -> Reach:
    """Whether the Hub answers, with the reason where it does not. One short request, remembered for a minute."""
    from huggingface_hub import constants, get_session

    known = last_reach(home)
    if known is not None:
        return known
    try:
        get_session().head(constants.ENDPOINT, timeout=TIMEOUT_SECONDS)
        answer = Reach(True)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong here is the answer
        answer = Reach(False, explain_failure(error, "").explanation.why)
    replace_cache(
        (home or Home.find()).cache / "hub.json",
        {
            "time": time.time(),
            "endpoint": constants.ENDPOINT,
            "reachable": answer.reachable,
            "reason": packed(answer.reason),
        },
    )
    return answer


def last_reach(home: Home | None = None) -> Reach | None:
    """What was found out about the Hub within the last minute, without asking it; None where nobody asked."""
    from huggingface_hub import constants

    if constants.is_offline_mode():
        return Reach(False, OFFLINE_REASON)

    def recent(known: dict[str, Any]) -> Reach | None:
        is_recent = 0 <= time.time() - known["time"] < REMEMBERED_SECONDS
        return (
            Reach(known["reachable"], unpacked(known["reason"]))
            if is_recent and known["endpoint"] == constants.ENDPOINT
            else None
        )

    return read_cache((home or Home.find()).cache / "hub.json", recent)


def is_reachable(home: Home | None = None) -> bool:
    return reach(home).reachable


def search(query: str, tags: Sequence[str], limit: int = 20, home: Home | None = None) -> SearchResult:
    """Models under any of the Hub's pipeline tags whose name holds `query`, the most downloaded first.

    Never raises for a failing network.
    """
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    answer, token = reach(home), token_for(home or Home.find())
    if not answer.reachable:
        return SearchResult(False, answer.reason)
    fields = ("downloads", "likes", "tags", "gated", "safetensors")
    found: dict[str, Found] = {}
    try:
        for tag in tags:
            parameters: dict[str, Any] = {"search": query.strip(), "pipeline_tag": tag, "filter": "safetensors"}
            parameters |= {"sort": "downloads", "direction": -1, "limit": limit, "expand": list(fields)}
            # Our own request: huggingface_hub's list_models repeats a failing one for 25 s.
            response = get_session().get(
                f"{constants.ENDPOINT}/api/models",
                params=parameters,
                headers=build_hf_headers(token=token),
                timeout=TIMEOUT_SECONDS,
            )
            hf_raise_for_status(response)
            found |= {entry["id"]: _read(entry) for entry in response.json()}
    except Exception as error:  # noqa: BLE001 - shown beside the search field
        return SearchResult(False, explain_failure(error, query, token).explanation.why)
    ordered = sorted(found.values(), key=lambda model: -model.downloads)
    return SearchResult(True, models=tuple(ordered[:limit]))


def _read(entry: dict[str, Any]) -> Found:
    tags = entry.get("tags") or []
    licences = [tag.removeprefix("license:") for tag in tags if tag.startswith("license:")]
    weights = entry.get("safetensors") or {}
    return Found(
        id=entry["id"],
        downloads=int(entry.get("downloads") or 0),
        likes=int(entry.get("likes") or 0),
        licence=licences[0] if licences else None,
        parameters=weights.get("total"),
        gated=bool(entry.get("gated")),
        has_safetensors="safetensors" in tags,
    )


def explain_failure(error: Exception, model_id: str, token: Token = None) -> StudioError:
    """A failure of huggingface_hub or of the network below it, in plain words. token: with which it was asked."""
    from httpx2 import HTTPError, TimeoutException
    from huggingface_hub import errors

    what = _("The model '{model}' could not be fetched from the Hub.", model=model_id)
    elsewhere = _("Connect to the internet and try again, or choose a model that is on this machine.")
    if isinstance(error, StudioError):
        return error
    if isinstance(error, errors.GatedRepoError):
        return StudioError(
            _("The model '{model}' asks for a permission first.", model=model_id),
            _("Its owner wants people to accept conditions on its Hub page."),
            ONLY_OPEN
            if token is False
            else _("Accept them there, log in with `hf auth login` (or set HF_TOKEN), and try again."),
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return StudioError(
            _("There is no model '{model}' on the Hub, or it is private.", model=model_id),
            _("The Hub knows no such name, or it is not shown without a login that may see it."),
            sentences(
                _("Check the spelling."),
                ONLY_OPEN
                if token is False
                else _("For a private model, log in with `hf auth login` (or set HF_TOKEN)."),
            ),
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return StudioError(what, _("The model has no such revision."), _("Leave the revision empty, or correct it."))
    if isinstance(error, errors.HFValidationError):
        return StudioError(what, _("This is no name that a Hub model can have."), _("Write it as owner/name."))
    if isinstance(error, OSError) and error.errno in FULL:
        return StudioError(
            what,
            _("The disk is full."),
            _(
                "Free some space, on the Runs page under Free space or with `studio clean`, then try again: "
                "what is there is kept."
            ),
        )
    if isinstance(error, errors.OfflineModeIsEnabled):
        return StudioError(what, OFFLINE_REASON, _("Unset HF_HUB_OFFLINE and start again, or choose a local model."))
    if isinstance(error, TimeoutException):
        return StudioError(what, _("The Hub did not answer in time."), elsewhere)
    if isinstance(error, errors.HfHubHTTPError):
        status = getattr(error.response, "status_code", "?")
        return StudioError(what, _("The Hub answered with error {status}.", status=status), _("Try again in a while."))
    if isinstance(error, errors.LocalEntryNotFoundError | HTTPError | ConnectionError):
        return StudioError(what, _("The Hub cannot be reached from this machine."), elsewhere)
    return StudioError(what, f"{type(error).__name__}: {error}", _("Try again, or choose another model."))
