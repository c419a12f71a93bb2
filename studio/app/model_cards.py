"""Models as the first page shows them: cards of what is here, of the curated list, and of a search."""

from pathlib import Path
from typing import Any, Literal

from components.notices import notice
from studio.app.drafts import Draft
from studio.app.glossary import explained
from studio.app.times import GPU, describe_seconds, with_gpu
from studio.errors import StudioError
from studio.hardware import GIGABYTE, Machine, free_disk_bytes
from studio.language import _, plural, sentences
from studio.models import local
from studio.models.catalog import ModelCard, cards_for, find_card
from studio.models.estimates import PROCESS_BYTES, seconds_of_a_pass
from studio.models.hub import SearchResult
from studio.models.local import ModelInfo
from studio.models.sources import local_folder, locate
from studio.models.speed import has_matrix_units, speed_of
from studio.models.starters import PREFIX, STARTERS
from studio.paths import Home
from studio.tasks import TASKS
from studio.training.optimizers import OPTIMIZERS

BYTES_A_NUMBER = 4
MANY, SHORT_TEXT = 1000, 60  # examples; tokens of a text
LONG_SECONDS = 60.0


def here(draft: Draft, home: Home, trust_remote_code: bool) -> list[ModelInfo]:
    """Models on this machine that the draft's task can start from."""
    task = TASKS[str(draft.task)]
    folders = tuple(Path(folder) for folder in draft.folders)
    found = [info for info in local.on_this_machine(folders, home, trust_remote_code) if info.fits(task.model)]
    meant_for = {info.id: card.tasks if (card := find_card(info.id)) else (task.name,) for info in found}
    return [info for info in found if task.name in meant_for[info.id]]


def recommended(draft: Draft, home: Home, machine: Machine, trust_remote_code: bool) -> str | None:
    """The model to start from for whoever has not chosen: one that is here and fits this machine, or None. The curated
    list comes first, which has what to try first in front."""
    infos = {info.id: info for info in here(draft, home, trust_remote_code)}
    curated = [card.id for card in cards_for(str(draft.task)) if card.id in infos]
    order = [*curated, *(model_id for model_id in infos if model_id not in curated)]
    fits = (each for each in order if fit_tag(infos[each].parameters, machine)["tone"] != "bad")
    return next(fits, None)


def unusable_folders(draft: Draft, trust_remote_code: bool) -> list[ModelInfo]:
    """Folders that the person named and that cannot be used any more."""
    found = [local.describe_folder(Path(folder), folder, trust_remote_code) for folder in draft.folders]
    return [info for info in found if info.problems]


def _broken_card(info: ModelInfo, draft: Draft) -> dict[str, Any]:
    return {
        "key": info.id,
        "title": title_of(info.id),
        "text": _("A model folder of this machine."),
        "icon": TASKS[str(draft.task)].icon,
        "tags": [{"text": _("cannot be used"), "tone": "bad"}],
        "disabled": info.problems[0],
    }


def cards(draft: Draft, home: Home, machine: Machine, hub_reason: str, trust_remote_code: bool) -> dict[str, Any]:
    """Cards of everything that is offered: what needs no download first.

    hub_reason: why the Hub was found unreachable, or "" where nobody has asked it or it answered.
    """
    infos = {info.id: info for info in here(draft, home, trust_remote_code)}
    broken = unusable_folders(draft, trust_remote_code)
    curated = {card.id: card for card in cards_for(str(draft.task))}
    order = [*infos, *(model_id for model_id in curated if model_id not in infos)]
    first = recommended(draft, home, machine, trust_remote_code)
    shown = [
        _card(model_id, curated.get(model_id), infos.get(model_id), machine, hub_reason, draft, home)
        for model_id in order
    ]
    for card in shown:
        if card["key"] == first:
            card["tags"].insert(0, {"text": _("recommended"), "tone": "accent"})
    return {
        "label": _("Starting model"),
        "selected": draft.model,
        "cards": shown + [_broken_card(info, draft) for info in broken],
    }


def found_cards(result: SearchResult, draft: Draft, machine: Machine) -> dict[str, Any]:
    """Cards of a search of the Hub."""
    entries = []
    for found in result.models:
        tags = [{"text": size(found.parameters)}] if found.parameters else []
        tags += [{"text": found.licence}] if found.licence else []
        tags += [{"text": plural("{n:,} download", "{n:,} downloads", found.downloads)}]
        tags += [fit_tag(found.parameters, machine)] if found.parameters else []
        entries.append(
            {
                "key": found.id,
                "title": found.id.rpartition("/")[2],
                "text": _("by {owner}", owner=found.id.rpartition("/")[0] or "Hugging Face"),
                "icon": TASKS[str(draft.task)].icon,
                "tags": tags,
                "disabled": "" if found.has_safetensors else _("Its weights are not in the safe format (safetensors)."),
            }
        )
    return {"label": _("Found on the Hub"), "selected": draft.model, "cards": entries}


def summary(draft: Draft, home: Home, trust_remote_code: bool = False) -> str:
    """One line on the chosen model, or what to do."""
    if draft.model is None:
        return ""
    try:
        folder = locate(draft.model, draft.value("model.revision"), home)
    except StudioError as error:
        problem = error.explanation
        return notice("bad", problem.what, problem.why, problem.what_to_do)
    folder = folder or local_folder(draft.model)
    if folder is None:
        return notice(
            "warning",
            _("{model} is no longer on this machine.", model=title_of(draft.model)),
            "",
            _("Choose it again."),
        )
    info = local.describe_folder(folder, draft.model, trust_remote_code)
    if info.problems:
        return notice(
            "bad",
            _("{model} cannot be used any more.", model=title_of(draft.model)),
            sentences(*info.problems),
            _("Choose another model."),
        )
    return notice(
        "good",
        _("{model} is ready.", model=title_of(draft.model)),
        explained(
            plural(
                "{n:,} parameter, {megabytes:,.0f} MB on disk, kind {kind}.",
                "{n:,} parameters, {megabytes:,.0f} MB on disk, kind {kind}.",
                info.parameters,
                megabytes=info.disk_bytes / 1000**2,
                kind=info.model_type,
            ),
            "parameter",
        ),
    )


def title_of(model_id: str) -> str:
    card = find_card(model_id)
    return card.title if card else model_id.rstrip("/").rpartition("/")[2]


def size(parameters: int) -> str:
    """2,310, 150 k, 22.7 M, 1.2 B"""
    millions = parameters / 1e6
    if millions < 1:
        small = parameters < 10_000
        return _("{count:,}", count=parameters) if small else _("{thousands:.0f} k", thousands=parameters / 1000)
    if millions >= 1000:
        return _("{billions:.1f} B", billions=millions / 1000)
    return _("{millions:.3g} M", millions=millions)


def fit_tag(parameters: int, machine: Machine) -> dict[str, str]:
    """Whether the weights fit this machine: for training all of them, or only a new head.

    Head: the weights, and half as much again for what passes through them. The strategy page gives the estimate
    for the actual choice.
    """
    room = 0.8 * machine.training_memory_bytes
    if memory_for_all(parameters) < room:
        return {"text": _("fits this machine"), "tone": "good"}
    if PROCESS_BYTES + parameters * BYTES_A_NUMBER * 1.5 < room:
        return {"text": _("fits with few layers trained"), "tone": "warning"}
    return {"text": _("too large for this machine"), "tone": "bad"}


def memory_for_all(parameters: int) -> int:
    """Bytes for training all of a model: the process, and weights, gradients and AdamW's two moments in fp32."""
    return PROCESS_BYTES + int(parameters * BYTES_A_NUMBER * (2 + OPTIMIZERS["adamw"].state_floats))


def _card(
    model_id: str,
    card: ModelCard | None,
    info: ModelInfo | None,
    machine: Machine,
    hub_reason: str,
    draft: Draft,
    home: Home,
) -> dict[str, Any]:
    parameters = card.parameters if card else info.parameters if info else 0
    download = _("download {megabytes:,.0f} MB", megabytes=card.download_bytes / 1000**2) if card else ""
    missing = None if info or not model_id.startswith(PREFIX) else STARTERS[model_id.removeprefix(PREFIX)]
    if info:
        place = {"text": _("on this machine"), "tone": "good"}
    elif missing:
        place = {"text": _("not installed"), "tone": "info"}
    elif hub_reason:
        place = {"text": _("not reachable"), "tone": "bad"}
    else:
        place = {"text": download, "tone": "info"}
    return {
        "key": model_id,
        "title": card.title if card else title_of(model_id),
        "text": card.sentence if card else _words(info),
        "icon": TASKS[str(draft.task)].icon,
        "tags": [{"text": size(parameters)}, place, fit_tag(parameters, machine)],
        "details": [
            *([_("Licence {licence}", licence=card.licence), _reads(card)] if card else []),
            *([download] if download and hub_reason and not info else []),
            _("From {gigabytes:.1f} GB of memory to train all of it", gigabytes=memory_for_all(parameters) / GIGABYTE),
            *(with_a_gpu(card, machine, home) if card else []),
        ],
        "disabled": ""
        if info
        else sentences(missing.why_missing, missing.remedy)
        if missing
        else hub_reason or lack_of_disk(card),
    }


def with_a_gpu(card: ModelCard, machine: Machine, home: Home) -> list[str]:
    """For a model that makes people wait where there is no GPU: how long all of it takes here, and with a small one."""
    if machine.device != "cpu":
        return []
    is_text = not card.reads.endswith(" px")
    work = card.compute * (SHORT_TEXT if is_text else 1)

    def takes(device: Machine, half: bool) -> float:
        kind: Literal["text", "image"] = "text" if is_text else "image"
        return seconds_of_a_pass(work, kind, MANY, speed_of(device, home), machine.cores, half)

    here, there = takes(machine, has_matrix_units()), takes(with_gpu(machine), False)
    if here < LONG_SECONDS:
        return []
    times = {"here": describe_seconds(here), "gpu": GPU.name, "there": describe_seconds(there)}
    if is_text:
        return [_("All of it on 1,000 short texts once: {here} here, {there} with a GPU ({gpu})", **times)]
    return [_("All of it on 1,000 images once: {here} here, {there} with a GPU ({gpu})", **times)]


def _reads(card: ModelCard) -> str:
    is_size = card.reads.endswith(" px")
    if not card.compute:
        return _("Knows {sounds}", sounds=card.reads)
    return _("Image size {size}", size=card.reads) if is_size else _("Reads {languages}", languages=card.reads)


def lack_of_disk(card: ModelCard | None) -> str:
    """Why a model cannot be downloaded for want of space, or ""."""
    free = free_disk_bytes(hub_cache())
    if card is None or card.download_bytes < free:
        return ""
    return _(
        "Needs {needed:.1f} GB of disk; {free:.1f} GB are free.",
        needed=card.download_bytes / 1000**3,
        free=free / 1000**3,
    )


def hub_cache() -> Path:
    """Where huggingface_hub keeps its downloads."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def _words(info: ModelInfo | None) -> str:
    return _("A {kind} model in {folder}.", kind=info.model_type, folder=info.folder.name) if info else ""
