"""3 Strategy: how much of the model to train. Presets and a suggestion first, then every method and every setting."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import gradio as gr

from components.cards import Cards
from components.changes import Changes
from components.choice_table import ChoiceTable
from components.forms import Form
from components.layers import LayerStrip
from components.notices import heading, notice
from components.tables import metric_cards
from components.words import escape, markup
from studio.app import methods, settings
from studio.app.architectures import READING
from studio.app.drafts import Draft
from studio.app.glossary import method_terms, term
from studio.app.model_cards import size
from studio.app.outlook import (
    SUGGESTED,
    Outlook,
    Subject,
    gpu_note,
    outlook,
    preset_draft,
    subject,
    suggested,
    why_not_fitting,
)
from studio.app.pages import Page, Section, Services, Wire, joined
from studio.app.undo import taken, undoing
from studio.errors import StudioError
from studio.language import _, in_percent, number, sentences
from studio.presets import PRESETS
from studio.strategies import STRATEGIES
from studio.strategies.base import Strategy
from studio.tasks.texts import LengthOptions
from studio.token_findings import MAX_LENGTH, Finding

SECONDS_BETWEEN_CHECKS = 0.5  # while it is being read how the model is built
LENGTH_TITLE = str(LengthOptions.model_fields["max_length"].title)
REPLACED, RESET = "strategy", "settings"  # the places of this page where something can be undone
INVITATION = _("One is chosen for you. Quick shows a result the soonest; you can always run another one after it.")


def build(services: Services) -> Page:
    head = gr.HTML()
    seen = gr.HTML(elem_id="unseen")
    remedies = Changes(
        title=_("Can be changed:"), press=_("Change"), press_all=_("Change all"), sign="plus", elem_id="remedies"
    )
    presets = Cards(elem_id="presets")
    words = gr.HTML(elem_id="preset-terms")
    replaced = undoing(REPLACED)
    with gr.Row(elem_classes="split-row"):
        with gr.Column(scale=3, min_width=300):
            numbers = gr.HTML(elem_id="strategy-numbers")
            verdict = gr.HTML(elem_id="strategy-verdict")
        with gr.Column(scale=2, min_width=260):
            strip = LayerStrip(elem_id="layers")
    with gr.Accordion(_("More methods"), open=False, elem_id="ways"):
        picture = gr.HTML(elem_id="measured")
        ways = ChoiceTable(find=_("Find a method"), in_groups=_("By family"), elem_id="strategy")
    with gr.Accordion(_("Advanced: every setting"), open=False, elem_id="advanced"):
        search = gr.Textbox(
            label=_("Find a setting"), placeholder=_("such as: learning rate"), max_lines=1, elem_id="find-setting"
        )
        changed = Changes(elem_id="changes")
        reset = undoing(RESET)
        form = Form(elem_id="settings")
    waiting = gr.Timer(SECONDS_BETWEEN_CHECKS, active=False)
    decided = [numbers, verdict, strip, picture, ways, changed, form]
    outputs = [waiting, head, seen, remedies, presets, words, *decided]

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
        cards = preset_cards(services, draft, about)
        offered = [timer, title, *show_unseen(found or ()), cards, terms_html(cards["cards"])]
        return [*offered, *(show_decided(services, draft, about) if draft.strategy else undecided())]

    wires = [
        Wire(waiting.tick, partial(settle, services)),
        Wire(remedies.select, partial(read_longer, services)),
        Wire(presets.select, partial(choose_preset, services), event=True),
        Wire(ways.select, choose_method, event=True),
        Wire(search.change, lambda draft, text: draft.change(search=(text or "").strip()), [search]),
        Wire(changed.select, put_back, event=True),
        Wire(form.input, settings.enter, event=True),
    ]
    way_on = ("train", _("Continue to training"))
    pieces = joined(Section(outputs, show, wires), replaced, reset)
    needs, chooses = partial(missing, services), partial(settle, services)
    return Page("strategy", _("Strategy"), *pieces, needs, settle=chooses, way_on=way_on)


def show_decided(services: Services, draft: Draft, about: Subject) -> list[Any]:
    """What the chosen strategy means, and every setting: updates for the widgets below the presets."""
    config = draft.run_config()
    now = outlook(services, about, config)
    early = _("less if it stops early") if config.training.early_stopping else _("an estimate")
    return [
        heading(named(config.chosen_strategy), config.chosen_strategy.sentence, level=3)
        + numbers_html(now, gpu_note(services, about, config, now.span) or early),
        verdict_html(now),
        {"layers": list(now.layers)},
        methods.picture(draft),
        methods.methods(services, draft, about),
        {"changes": settings.changes(draft, config, now.unused_settings)},
        settings.form_value(draft, config, now.unused_settings, now.steps),
    ]


def undecided() -> list[Any]:
    """As long as no strategy is chosen: nothing in place of what `show_decided` shows."""
    return ["", "", {"layers": []}, "", {"groups": []}, {"changes": []}, {"groups": []}]


def missing_before(services: Services, draft: Draft) -> bool:
    return draft.task is None or draft.model is None or services.datasets.imported(draft) is None


def unready(timer: gr.Timer, said: str) -> list[Any]:
    """The page while the model is not known yet: a message in place of the choices."""
    nothing: dict[str, Any] = {"cards": [], "selected": None}
    return [timer, said, *show_unseen(()), nothing, "", *undecided()]


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
    longer = [{"key": MAX_LENGTH, "title": LENGTH_TITLE, "value": number(each.longer)} for each in found if each.longer]
    return [said, {"changes": longer}]


def preset_cards(services: Services, draft: Draft, about: Subject) -> dict[str, Any]:
    """What is recommended, with the reasons, each preset, and what a person has chosen beside these; with what each
    would train and how long it would take. The chosen card speaks of the draft as it is."""
    suggestion = suggested(services, draft, about)
    recommended = STRATEGIES[suggestion.settings["strategy"]["name"]]
    reasons = sentences(_("{method}.", method=named(recommended)), *suggestion.reasons[:2])
    offered = [
        (SUGGESTED, _("Recommended for your data"), reasons, "sparkles", draft.configure(suggestion.settings)),
        *(
            (each.name, each.title, each.sentence, each.icon, preset_draft(services, draft, about, each.name))
            for each in PRESETS
        ),
    ]
    if draft.strategy and draft.preset not in {name for name, *_others in offered}:
        own = named(STRATEGIES[str(draft.strategy["name"])])
        offered.append((settings.CUSTOM, _("Your own choice"), _("{method}.", method=own), "settings", draft))

    def tags(choice: Draft) -> list[dict[str, str]]:
        would = outlook(services, about, choice.run_config())
        return [
            {"text": _("trains {size} parameters", size=size(would.preview.trainable))},
            {"text": would.time_words},
            {"text": would.memory_words, "tone": would.tone},
        ]

    selected = draft.preset if draft.preset in PRESETS or draft.preset == SUGGESTED else settings.CUSTOM
    cards = [
        {"key": key, "title": title, "text": text, "icon": icon, "tags": tags(draft if key == selected else choice)}
        for key, title, text, icon, choice in offered
    ]
    return {"label": _("How much to train"), "selected": selected if draft.strategy else None, "cards": cards}


def terms_html(cards: Sequence[Mapping[str, Any]]) -> str:
    """What the words on the cards mean: a card is pressed as a whole, so they cannot stand in it."""
    explained = method_terms([each["text"] for each in cards])

    def drawn() -> str:
        words = explained.again()
        said = _("Terms explained:")
        return f"<p class='hint'>{escape(said)} {words}</p>" if words else ""

    return markup(drawn)


def named(strategy: Strategy) -> str:
    return _("{method}: {words}", method=strategy.title, words=strategy.plain)


def verdict_html(now: Outlook) -> str:
    """Whether it fits this machine, and why it cannot be trained at all."""
    return notice("bad", now.problem) if now.problem else notice(now.tone, now.verdict)


def numbers_html(now: Outlook, of_time: str) -> str:
    return metric_cards(
        [
            {
                "label": term("parameter", _("Trained parameters")),
                "value": size(now.preview.trainable),
                "note": _("{share} of all", share=in_percent(now.share, digits=1)),
            },
            {"label": _("Time on this machine"), "value": now.time_words, "note": of_time},
            {"label": _("Memory"), "value": now.memory_words, "note": _("an estimate")},
        ]
    )


# --- changing the draft ---------------------------------------------------------------------------


def settle(services: Services, draft: Draft) -> Draft:
    """Whoever has chosen nothing has what is recommended, and goes on having it when the data changes."""
    if (draft.strategy and draft.preset != SUGGESTED) or missing_before(services, draft):
        return draft
    try:
        if services.architectures.current(draft) is None:
            return draft
        about = subject(services, draft)
    except StudioError:
        return draft  # the page says why it cannot be drawn
    return preset_draft(services, draft, about, SUGGESTED)


def choose_preset(services: Services, draft: Draft, event: dict[str, Any]) -> Draft:
    name = str(event["key"])
    if name == settings.CUSTOM:  # it is chosen already
        return draft
    return instead_of_own(draft, preset_draft(services, draft, subject(services, draft), name).change(refused={}))


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
