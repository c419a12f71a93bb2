"""3 Strategy: how much of the model to train. Presets and a suggestion first, then every method and every setting."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import gradio as gr

from components.cards import Cards
from components.changes import Changes
from components.forms import Form
from components.layers import LayerStrip
from components.notices import heading, notice
from components.tables import metric_cards
from studio.app import settings
from studio.app.architectures import READING
from studio.app.drafts import Draft
from studio.app.model_cards import size
from studio.app.outlook import SUGGESTED, Outlook, Subject, outlook, preset_draft, subject, suggested, why_not_fitting
from studio.app.pages import Page, Section, Services, Wire, joined
from studio.app.undo import taken, undoing
from studio.errors import StudioError
from studio.language import _, sentences
from studio.presets import PRESETS
from studio.strategies import STRATEGIES
from studio.strategies.base import GROUPS, Strategy
from studio.tasks import TASKS
from studio.tasks.texts import LengthOptions
from studio.token_findings import MAX_LENGTH, Finding

SECONDS_BETWEEN_CHECKS = 0.5  # while it is being read how the model is built
LENGTH_TITLE = str(LengthOptions.model_fields["max_length"].title)
REPLACED, RESET = "strategy", "settings"  # the places of this page where something can be undone
INVITATION = _("Quick shows a result the soonest; you can always run another one after it.")


def build(services: Services) -> Page:
    head = gr.HTML()
    seen = gr.HTML(elem_id="unseen")
    remedies = Changes(
        title=_("Can be changed:"), press=_("Change"), press_all=_("Change all"), sign="plus", elem_id="remedies"
    )
    presets = Cards(elem_id="presets")
    replaced = undoing(REPLACED)
    with gr.Row(elem_classes="split-row"):
        with gr.Column(scale=3, min_width=300):
            numbers = gr.HTML(elem_id="strategy-numbers")
            verdict = gr.HTML(elem_id="strategy-verdict")
        with gr.Column(scale=2, min_width=260):
            strip = LayerStrip(elem_id="layers")
    with gr.Accordion(_("More methods"), open=False, elem_id="ways"):
        ways = Cards(elem_id="strategy")
    with gr.Accordion(_("Advanced: every setting"), open=False, elem_id="advanced"):
        search = gr.Textbox(
            label=_("Find a setting"), placeholder=_("such as: learning rate"), max_lines=1, elem_id="find-setting"
        )
        changed = Changes(elem_id="changes")
        reset = undoing(RESET)
        form = Form(elem_id="settings")
    waiting = gr.Timer(SECONDS_BETWEEN_CHECKS, active=False)
    decided = [numbers, verdict, strip, ways, changed, form]
    outputs = [waiting, head, seen, remedies, presets, *decided]

    def show(draft: Draft) -> list[Any]:
        if missing_before(services, draft):
            return [gr.skip()] * len(outputs)
        try:
            ready = services.architectures.current(draft) is not None
        except StudioError as error:
            problem = error.explanation
            said = notice("bad", problem.what, problem.why, problem.what_to_do)
            return unready(gr.Timer(active=False), said)
        if not ready:
            return unready(gr.Timer(active=True), heading(_("One moment"), READING))
        about = subject(services, draft)
        title = heading(_("How much should the model learn?"), INVITATION)
        found = services.unseen.current(draft, services.datasets)
        timer = gr.Timer(active=found is None)
        offered = [timer, title, *show_unseen(found or ()), preset_cards(services, draft, about)]
        if draft.strategy:
            return [*offered, *show_decided(services, draft, about)]
        return [*offered, *undecided(method_cards(draft, about))]

    wires = [
        Wire(waiting.tick, lambda draft: draft),
        Wire(remedies.select, partial(read_longer, services)),
        Wire(presets.select, partial(choose_preset, services), event=True),
        Wire(ways.select, choose_method, event=True),
        Wire(search.change, lambda draft, text: draft.change(search=(text or "").strip()), [search]),
        Wire(changed.select, put_back, event=True),
        Wire(form.input, settings.enter, event=True),
    ]
    way_on = ("train", _("Continue to training"))
    pieces = joined(Section(outputs, show, wires), replaced, reset)
    return Page("strategy", _("Strategy"), *pieces, partial(missing, services), way_on=way_on)


def show_decided(services: Services, draft: Draft, about: Subject) -> list[Any]:
    """What the chosen strategy means, and every setting: updates for the widgets below the presets."""
    config = draft.run_config()
    now = outlook(services, about, config)
    reasons = suggested(services, draft, about).reasons if draft.preset == SUGGESTED else ()
    return [
        numbers_html(now),
        verdict_html(now, reasons),
        {"layers": list(now.layers)},
        method_cards(draft, about),
        {"changes": settings.changes(draft, config, now.unused_settings)},
        settings.form_value(draft, config, now.unused_settings, now.steps),
    ]


def undecided(methods: dict[str, Any]) -> list[Any]:
    """As long as no strategy is chosen: nothing in place of what `show_decided` shows."""
    return ["", "", {"layers": []}, methods, {"changes": []}, {"groups": []}]


def missing_before(services: Services, draft: Draft) -> bool:
    return draft.task is None or draft.model is None or services.datasets.imported(draft) is None


def unready(timer: gr.Timer, said: str) -> list[Any]:
    """The page while the model is not known yet: a message in place of the choices."""
    nothing: dict[str, Any] = {"cards": [], "selected": None}
    return [timer, said, *show_unseen(()), nothing, *undecided(nothing)]


def missing(services: Services, draft: Draft) -> str:
    if not draft.strategy:
        return _("Choose how much to train first.")
    return settings.refusal(draft) or hindrance(services, draft)


def hindrance(services: Services, draft: Draft) -> str:
    """Why the model cannot be trained as it is chosen, once it is known how it is built."""
    architecture = None if missing_before(services, draft) else services.architectures.current(draft)
    return why_not_fitting(draft.run_config(), architecture.structure) if architecture else ""


# --- drawing ------------------------------------------------------------------------------------


def show_unseen(found: Sequence[Finding]) -> list[Any]:
    """What the model does not see of the texts, and what a press changes about it."""
    said = "".join(notice(each.tone, each.what, each.why, each.what_to_do) for each in found)
    longer = [{"key": MAX_LENGTH, "title": LENGTH_TITLE, "value": f"{each.longer:,}"} for each in found if each.longer]
    return [said, {"changes": longer}]


def preset_cards(services: Services, draft: Draft, about: Subject) -> dict[str, Any]:
    """What is suggested, with the reasons, and each preset; with what it would train and how long it would take."""

    def tags(choice: Draft) -> list[dict[str, str]]:
        would = outlook(services, about, choice.run_config())
        return [
            {"text": _("trains {size} parameters", size=size(would.preview.trainable))},
            {"text": would.time_words},
            {"text": would.memory_words, "tone": would.tone},
        ]

    cards = [
        {
            "key": each.name,
            "title": each.title,
            "text": each.sentence,
            "icon": each.icon,
            "tags": tags(preset_draft(services, draft, about, each.name)),
        }
        for each in PRESETS
    ]
    suggestion = suggested(services, draft, about)
    way = STRATEGIES[suggestion.settings["strategy"]["name"]].title
    cards.append(
        {
            "key": SUGGESTED,
            "title": _("Suggested for your data"),
            "text": _("{strategy}, by rules for data like yours.", strategy=way),
            "icon": "sparkles",
            "tags": tags(draft.configure(suggestion.settings)),
        }
    )
    return {"label": _("How much to train"), "selected": draft.preset, "cards": cards}


def method_cards(draft: Draft, about: Subject) -> dict[str, Any]:
    """Every strategy with its sentence, and where this model cannot be trained so, the reason."""

    def tags(strategy: Strategy) -> list[dict[str, str]]:
        count = strategy.preview(about.structure, strategy.Options()).trainable
        return [{"text": _("trains {size} parameters", size=size(count))}]

    def why_not(strategy: Strategy) -> str | None:
        kind = TASKS[str(draft.task)].model
        return strategy.why_not_task(kind) or strategy.why_not(about.structure) or strategy.why_not_here()

    cards = [
        {
            "key": strategy.name,
            "title": strategy.title,
            "text": strategy.sentence,
            "group": strategy.group,
            "disabled": (reason := why_not(strategy)),
            "tags": [] if reason else tags(strategy),
        }
        for strategy in sorted(STRATEGIES, key=lambda entry: GROUPS.index(entry.group))
    ]
    return {"label": _("Method (strategy)"), "selected": draft.strategy.get("name"), "cards": cards}


def verdict_html(now: Outlook, reasons: Sequence[str]) -> str:
    """Whether it fits, and why it was suggested."""
    verdict = notice("bad", now.problem) if now.problem else notice(now.tone, now.verdict)
    return verdict + (notice("info", _("Why this is suggested"), sentences(*reasons)) if reasons else "")


def numbers_html(now: Outlook) -> str:
    return metric_cards(
        [
            {
                "label": _("Trained parameters"),
                "value": size(now.preview.trainable),
                "note": _("{share:.1%} of all", share=now.share),
            },
            {"label": _("Time on this machine"), "value": now.time_words, "note": _("an estimate")},
            {"label": _("Memory"), "value": now.memory_words, "note": _("an estimate")},
        ]
    )


# --- changing the draft ---------------------------------------------------------------------------


def choose_preset(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    chosen = preset_draft(services, draft, subject(services, draft), str(event["key"])).change(refused={})
    return instead_of_own(draft, chosen)


def read_longer(services: Services, draft: Draft) -> Draft:
    """The draft with the length that is proposed, if it still is."""
    proposed = next(
        (each.longer for each in services.unseen.current(draft, services.datasets) or () if each.longer), None
    )
    return draft.configure({MAX_LENGTH: proposed}) if proposed else draft


def choose_method(draft: Draft, event: dict[str, Any]) -> Draft:
    """Another strategy with its own settings and its recommended learning rate; the rest stays."""
    strategy = {"name": STRATEGIES[str(event["key"])].name}
    chosen = draft.without("training.learning_rate").configure({"strategy": strategy}).change(preset=settings.CUSTOM)
    return instead_of_own(draft, chosen)


def instead_of_own(draft: Draft, chosen: Draft) -> Draft:
    """The choice; what somebody had set by hand and it replaces is offered back."""
    if draft.preset != settings.CUSTOM:
        return chosen
    return taken(draft, chosen, REPLACED, _("Your own settings were replaced."))


def put_back(draft: Draft, event: dict[str, Any]) -> Draft:
    key = str(event["key"])
    said = _("The setting was reset.") if key else _("All settings were reset.")
    return taken(draft, settings.put_back(draft.change(preset=settings.CUSTOM), key), RESET, said)
