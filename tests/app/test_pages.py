"""From the first choice to the run file: what each click does to the draft, as plain functions."""

import copy
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import gradio as gr
import pytest
import tiny
import yaml
from logs import NOW, at_work, checked, make_run, planned, started, step, write

from components.forms import FormValue
from studio.app import (
    adding,
    column_roles,
    imports,
    labels,
    rows_section,
    run_comparison,
    run_list,
    split_section,
    undo,
)
from studio.app.clicks import Click
from studio.app.drafts import OWN, Draft, Label
from studio.app.fixes import found_html
from studio.app.main import Shell
from studio.app.model_cards import recommended
from studio.app.nested import leaves
from studio.app.outlook import outlook, preset_draft, subject
from studio.app.pages import Services
from studio.app.repeating import command_line
from studio.app.runs import config_of, flat_settings, run_name, start_run, with_settings
from studio.app.settings import all_panels, changes, enter, form_value
from studio.app.tabs import data as data_tab
from studio.app.tabs import model as model_tab
from studio.app.tabs import runs as runs_tab
from studio.app.tabs import strategy as strategy_tab
from studio.app.tabs import train as train_tab
from studio.config import RunConfig
from studio.data.assembly import assemble
from studio.data.columns import SPLITS
from studio.data.importing import import_source
from studio.data.limits import Limits
from studio.errors import StudioError
from studio.events import Finished, Layers, RateTest, Status
from studio.files import read_json, replace_json
from studio.forecast import image_side
from studio.models import local
from studio.paths import Home
from studio.presets import PRESETS
from studio.store import Store
from studio.strategies import STRATEGIES
from studio.tasks import TASKS
from studio.tasks.base import Task

MESSY = "text,label,remark\n" + "".join(
    f"{'' if n % 9 == 0 else f'a good film {n}'},{'' if n % 11 == 5 else ('good', 'bad', 'so-so')[n % 3]},{n}\n"
    for n in range(90)
)


@pytest.fixture
def ready(services: Services, text_draft: Draft) -> Draft:
    """Everything is chosen: only Start is left."""
    return services.drafts.save(strategy_tab.choose_preset(services, text_draft, {"key": "quick"}))


# --- drafts -----------------------------------------------------------------------------------------


def test_a_draft_comes_back_as_it_was_saved(services: Services, ready: Draft) -> None:
    assert services.drafts.load(ready.id) == ready
    assert ready.data.columns == {"text": "text", "label": "label"} and ready.strategy["name"] == "freeze"


@pytest.mark.parametrize("unknown", [None, "", "../../etc/passwd", "x" * 24, "0" * 23, "0" * 24 + "/.."])
def test_an_id_that_is_none_gives_a_fresh_draft(services: Services, unknown: str | None) -> None:
    draft = services.drafts.load(unknown)
    assert draft.id != unknown and draft == Draft(id=draft.id)


def test_a_draft_of_another_version_starts_anew_under_its_id(services: Services, ready: Draft) -> None:
    file = services.home.drafts / f"{ready.id}.json"
    replace_json(file, {**read_json(file), "no such choice": 1})
    assert services.drafts.load(ready.id) == Draft(id=ready.id)


def test_a_draft_of_a_newer_studio_is_told_and_kept(services: Services, shell: Shell, ready: Draft) -> None:
    """The browser begins another draft; after an update, the old one is still there."""
    file = services.home.drafts / f"{ready.id}.json"
    newer = {**read_json(file), "version": 99}
    replace_json(file, newer)
    draft_id, _, said, *_ = shell._load(ready.id)
    assert draft_id != ready.id and "newer version" in said and read_json(file) == newer
    assert shell._load(draft_id)[2] == ""


def test_the_link_of_a_run_opens_it_where_it_can_be_looked_at(services: Services, shell: Shell) -> None:
    run = make_run(services.store)
    done = Finished(reason="completed", best_step=1, seconds=1.0, time=NOW + 9)
    for events, page in (([started(), planned(), step(1)], "train"), ([done], "test")):
        write(run, *events)
        services.workspaces.current.opening[:] = [run.id]
        draft = services.drafts.load(shell._load(None)[0])
        assert (draft.run, draft.page) == (run.id, page)


# --- 1 Model ----------------------------------------------------------------------------------------


def test_another_task_starts_anew_and_the_same_one_does_not(services: Services, ready: Draft) -> None:
    assert model_tab.choose_task(services, ready, {"key": ready.task}) is ready
    other = model_tab.choose_task(services, ready, {"key": "image-classification"})
    config = {"task": "image-classification", "model": {"id": "starter/photo"}}
    kept = {str(ready.task): ready.choices()}
    assert other.change(undo=None) == Draft(
        id=ready.id, page=ready.page, folders=ready.folders, demo=OWN, config=config, kept=kept
    )


def test_what_was_chosen_for_another_task_is_kept_and_comes_back(services: Services, ready: Draft) -> None:
    other = model_tab.choose_task(services, ready, {"key": "image-classification"})
    assert (said := undo.offered(other, model_tab.TASK)) and "is kept" in said.said
    stored = services.drafts.load(services.drafts.save(other.configure({"data.limit": 40})).id)
    back = model_tab.choose_task(services, stored, {"key": ready.task})
    assert back.choices() == {**ready.choices(), "demo": OWN} and back.run_config() == ready.run_config()
    assert (said := undo.offered(back, model_tab.TASK)) and "is back" in said.said
    again = undo.undo_last(model_tab.TASK, None, back)
    assert again.config == stored.config and undo.offered(again, model_tab.TASK) is None
    assert model_tab.choose_task(services, again, {"key": ready.task}).choices() == back.choices()
    nothing = model_tab.choose_task(services, Draft(id=ready.id), {"key": ready.task})
    other = model_tab.choose_task(services, nothing, {"key": "image-classification"})
    assert other.undo is None and not other.kept, "a task alone is no loss, nor is a model that the page chose"


def test_a_model_is_recommended_and_chosen_for_whoever_has_chosen_none(services: Services, shell: Shell) -> None:
    draft = model_tab.choose_task(services, services.drafts.load(None), {"key": "text-classification"})
    assert draft.model == "starter/text" and shell.way(draft)["reason"] == "", "the way on is open at once"
    head, cards = model_tab.starting_models(services).show(draft)
    card = next(card for card in cards["value"]["cards"] if card["key"] == draft.model)
    assert card["tags"][0]["text"] == "recommended" and "MiniLM L6 is recommended" in head
    for own in ("hub/model", None):  # as a person chose it, or as an earlier version left it
        stored = services.drafts.save(draft.without("model").merge({"model": {"id": own}} if own else {}))
        shell._load(stored.id)
        assert services.drafts.load(stored.id).model == (own or "starter/text"), "what is shown is what is chosen"
    needs_a_download = model_tab.choose_task(services, draft, {"key": "object-detection"})
    assert needs_a_download.model is None
    told = model_tab.starting_models(services).show(needs_a_download)[0]
    assert "recommended" not in told and ("downloaded once" in told or "Connect to the internet" in told)
    small = replace(services.machine, memory_bytes=0)
    assert recommended(draft, services.home, small, False) is None, "what does not fit is left to the person"


def test_choices_that_a_press_replaces_are_offered_back_until_something_else_is_chosen(
    services: Services, ready: Draft
) -> None:
    own = ready.configure({"training.epochs": 7, "strategy.last_blocks": 1}).change(preset="custom")
    presses: list[tuple[str, Callable[[Draft], Draft]]] = [
        (strategy_tab.REPLACED, lambda draft: strategy_tab.choose_preset(services, draft, {"key": "balanced"})),
        (strategy_tab.REPLACED, lambda draft: strategy_tab.choose_method(draft, {"key": "full"})),
        (strategy_tab.RESET, lambda draft: strategy_tab.put_back(draft, {"key": ""})),
        (strategy_tab.RESET, lambda draft: strategy_tab.put_back(draft, {"key": "training.epochs"})),
    ]
    for place, press in presses:
        after = press(own)
        assert after.config != own.config and undo.offered(after, place)
        assert undo.undo_last(place, None, after) == own
        later = after.configure({"training.seed": 4})
        assert undo.offered(later, place) is None and undo.undo_last(place, None, later) is later
    assert strategy_tab.choose_preset(services, ready, {"key": "balanced"}).undo is None, "nothing of one's own is lost"


def test_another_model_keeps_the_data_and_forgets_the_strategy(
    services: Services, ready: Draft, text_model: Path, tmp_path: Path
) -> None:
    import shutil

    twin = shutil.copytree(text_model, tmp_path / "twin")
    changed = model_tab.choose_folder(services, ready, str(twin))
    assert changed.model == str(twin) and changed.dataset == ready.dataset and changed.strategy == {}
    assert changed.folders == (str(text_model), str(twin))


def test_tasks_stand_below_the_headings_of_their_groups() -> None:
    class Late(Task):
        name, title, sentence, icon = "late", "Late", "Comes last, and belongs to the first group.", "text"
        group = next(iter(TASKS)).group

    TASKS.add(Late())
    try:
        cards = model_tab.task_cards(Draft(id="0" * 24))["cards"]
    finally:
        TASKS.remove("late")
    groups = [card["group"] for card in cards]
    begins = [group for number, group in enumerate(groups) if number == 0 or groups[number - 1] != group]
    assert len(begins) == len(set(groups)) > 1, "each group comes once"
    assert {card["key"] for card in cards} == {*TASKS.names, "late"}
    assert next(card["group"] for card in cards if card["key"] == "late") == groups[0]


@pytest.mark.parametrize("wrong", ["", "  ", "/no/such/folder", None])
def test_a_folder_that_is_none_is_refused(services: Services, wrong: str | None) -> None:
    with pytest.raises(StudioError, match="There is no folder"):
        model_tab.choose_folder(services, Draft(id="0" * 24, config={"task": "text-classification"}), wrong)


def test_a_model_of_the_other_kind_is_refused(services: Services, image_model: Path) -> None:
    draft = Draft(id="0" * 24, config={"task": "text-classification"})
    with pytest.raises(StudioError, match="cannot read text"):
        model_tab.choose_folder(services, draft, str(image_model))


# --- 2 Data -----------------------------------------------------------------------------------------


def test_the_upload_is_kept_and_its_temporary_copy_is_not(services: Services, text_draft: Draft, reviews: Path) -> None:
    assert text_draft.source and Path(text_draft.source).read_bytes() == reviews.read_bytes()
    assert services.home.uploads in Path(text_draft.source).parents and text_draft.title == "reviews.csv"


@pytest.mark.parametrize("change", ["plain", "fractions", "limit", "unstratified"])
def test_the_screen_counts_what_a_worker_takes_to_the_row(
    services: Services, upload: Callable[[Draft, Path], Draft], text_model: Path, tmp_path: Path, change: str
) -> None:
    file = tmp_path / "messy.csv"
    file.write_text(MESSY, encoding="utf-8")
    draft = model_tab.choose_task(services, services.drafts.load(None), {"key": "text-classification"})
    draft = upload(model_tab.choose_folder(services, draft, str(text_model)), file)
    changes: dict[str, dict[str, Any]] = {
        "plain": {},
        "fractions": {"data.split": {"train": 0.5, "validation": 0.3, "test": 0.2, "seed": 3}},
        "limit": {"data.limit": 30},
        "unstratified": {"data.split.stratify": False},
    }
    draft = strategy_tab.choose_preset(services, draft.configure(changes[change]), {"key": "quick"})
    run = services.store.find(str(start_run(services, draft).run))
    assert run is not None
    config, task = RunConfig.from_file(run.config_file), TASKS[str(draft.task)]
    imported = import_source(config.data.source, config.data.reading, services.home, Limits())
    worker = assemble(imported, config.data, task.columns, task.check)
    screen = services.datasets.assembled(draft)
    assert screen.table.equals(worker.table) and screen.counts == worker.counts
    told = {split: sum(counts.get(split, 0) for counts in screen.counts.values()) for split in SPLITS}
    assert told == worker.table["split"].value_counts().to_dict()
    assert sum(told.values()) == (30 if change == "limit" else 90 - screen.dropped)
    assert screen.dropped == len({n for n in range(90) if n % 9 == 0 or n % 11 == 5})


def test_the_tables_show_pages_of_rows_and_of_what_is_left_out(
    services: Services, upload: Callable[[Draft, Path], Draft], tmp_path: Path
) -> None:
    file = tmp_path / "messy.csv"
    file.write_text(MESSY, encoding="utf-8")
    draft = upload(Draft(id="a" * 24, config={"task": "text-classification"}), file)
    page = services.datasets.preview({"draft": draft.id, "start": 80, "count": 20})
    assert page["total"] == 90 and len(page["rows"]) == 10 and page["rows"][0]["row"] == "81"
    problems = services.datasets.problems({"draft": draft.id, "start": 0, "count": 100})
    assert sum(row["then"] == "left out" for row in problems["rows"]) >= services.datasets.assembled(draft).dropped
    assert services.datasets.preview({"draft": "x"})["rows"] == [] == services.datasets.problems({})["rows"]


def test_what_is_said_of_classes_counts_no_row(
    services: Services, upload: Callable[[Draft, Path], Draft], tmp_path: Path
) -> None:
    def said(*more: str) -> tuple[str, list[Any]]:
        rows = [f"a film number {n},{('Good', 'good', 'bad')[n % 3]}" for n in range(60)]
        (tmp_path / "capitals.csv").write_text("\n".join(["text,label", *rows, *more]), encoding="utf-8")
        draft = upload(Draft(id="a" * 24, config={"task": "text-classification"}), tmp_path / "capitals.csv")
        shown = services.datasets.problems({"draft": draft.id, "start": 0, "count": 100})["rows"]
        return found_html(services.datasets.assembled(draft), TASKS[str(draft.task)]), [
            (row["row"], row["then"]) for row in shown
        ]

    title, rows = said()
    assert "Everything can be used: 60 texts.<" in title and rows == [("", None)]
    title, rows = said("a film number 2,bad", ",bad")
    assert "Left out, for the reason given: 1 text. Used with a note: 1 text." in title
    assert ("", None) in rows and (61, "used") in rows and (62, "left out") in rows


@pytest.mark.parametrize("task", [*TASKS], ids=lambda task: task.name)
def test_every_task_says_how_its_data_is_brought(task: Task) -> None:
    assert adding.invitation_to(task).endswith(".")


def test_a_column_that_is_taken_back_leaves_the_other_choices(services: Services, ready: Draft) -> None:
    changed = column_roles.map_columns(0, ready, None)
    assert services.drafts.load(services.drafts.save(changed).id) == changed
    assert changed.data.columns == {"label": "label"} and changed.model == ready.model
    assert column_roles.map_columns(1, ready, "text").data.columns == {"text": "text", "label": "text"}
    assert column_roles.map_columns(9, ready, "text") is ready


def test_a_list_that_the_focus_passes_chooses_nothing(services: Services, ready: Draft) -> None:
    asked = ready.without("data.columns.label")
    assert column_roles.choose(services, 1, asked, "label") is asked
    assert column_roles.choose(services, 1, asked, "text").data.columns["label"] == "text"
    assert column_roles.choose(services, 9, asked, "text") is asked
    for name, value in (("delimiter", ","), ("skip", 0)):
        steps = imports.read_with(services, name, asked, value)
        with pytest.raises(StopIteration) as end:
            next(steps)
        assert end.value.value is asked


def test_the_preview_is_drawn_anew_for_another_column(services: Services, ready: Draft) -> None:
    with gr.Blocks():
        table = rows_section.preview(services)
    (_title, query), (_title, again) = table.show(ready), table.show(ready.configure({"data.limit": 30}))
    (_title, other) = table.show(column_roles.map_columns(1, ready, "text"))
    assert query == again != other


def test_a_list_shows_again_what_is_chosen_where_a_choice_is_refused(
    services: Services, shell: Shell, text_draft: Draft
) -> None:
    draft, page = services.drafts.save(text_draft.change(page="data")), shell.pages["data"]
    wire = next(wire for wire in page.wires if [getattr(each, "label", "") for each in wire.inputs] == ["Encoding"])
    click = Click(shell, page, wire)
    *_, (_, said, _, _, _, _, *updates) = click.handle_slowly(gr.EventData(None, None), draft.id, "utf-16-le")
    shown = dict(zip(click.drawn, updates, strict=True))
    assert "There are no rows in reviews.csv." in said and shown[wire.inputs[0]]["value"] == "utf-8"


def test_columns_that_cannot_be_are_explained_on_the_page(services: Services, shell: Shell, ready: Draft) -> None:
    twice = column_roles.map_columns(1, ready, "text")
    assert "two roles" in data_tab.missing(services, twice)
    page = shell.pages["data"]
    shown = {widget.elem_id: new for widget, new in zip(page.outputs, page.show(twice), strict=True)}
    assert "two roles" in shown["unusable"]["value"]
    places = list(shown)
    assert places.index("unusable") < places.index("preview"), "beside the columns that it speaks of"


def test_the_split_slider(ready: Draft) -> None:
    moved = split_section.move_split(ready, {"train": 0.6, "validation": 0.2, "test": 0.2})
    split = moved.data.split
    assert (split.train, split.validation, split.test) == (0.6, 0.2, 0.2)
    assert split.seed == ready.data.split.seed
    with pytest.raises(StudioError, match="add up to 1"):
        split_section.move_split(ready, {"train": 0.9, "validation": 0.2, "test": 0.2})


def test_class_folders_of_images(services: Services, image_draft: Draft) -> None:
    assert services.datasets.assembled(image_draft).counts.keys() == {"across", "upright"}
    page = services.datasets.preview({"draft": image_draft.id})
    assert page["layout"] == "gallery" and page["rows"][0]["thumbnail"]["src"].startswith("gradio_api/file=")


def test_data_in_which_nothing_is_marked_leads_nowhere(
    services: Services, shell: Shell, text_draft: Draft, upload: Callable[[Draft, Path], Draft], tmp_path: Path
) -> None:
    """Training would refuse it with the same words."""
    (tmp_path / "plain.jsonl").write_text("".join(f'{{"text": "a film {n}", "spans": []}}\n' for n in range(40)))
    other = model_tab.choose_task(services, text_draft, {"key": "token-classification"})
    draft = upload(other.configure({"model.id": text_draft.model}), tmp_path / "plain.jsonl").change(page="data")
    page = shell.pages["data"]
    shown = {widget.elem_id: new for widget, new in zip(page.outputs, page.show(draft), strict=True)}
    assert "Nothing is marked in any text." in shown["unusable"]["value"] and not shown["glance"]["visible"]
    assert shell.way(draft)["reason"] == shell.locked(draft, "strategy") != ""
    assert shown["dropped"] == gr.update(visible=False), "an empty table below the reason says nothing"


# --- 3 Strategy -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "image"])
def test_the_preview_is_what_the_strategy_does(services: Services, request: pytest.FixtureRequest, kind: str) -> None:
    from studio.engine.preparation import load_model, prepare
    from studio.engine.trainable import apply_strategy
    from studio.models.heads import structure_of_model

    draft: Draft = request.getfixturevalue(f"{kind}_draft")
    draft = draft.configure({"strategy": {"name": "full"}})
    about, config = subject(services, draft), draft.run_config()
    assembled, imported = services.datasets.assembled(draft), services.datasets.imported(draft)
    assert imported is not None
    task, table = config.chosen_task, assembled.table
    loaded = load_model(task, table, about.info.folder, config.task_options, {}, False)
    prepared = prepare(task, loaded, table, imported.files, lambda done, total: None)
    structure = structure_of_model(prepared.model, prepared.new_parameters)
    assert about.rows["train"] == len(prepared.examples["train"])
    fitting = [each for each in STRATEGIES if not each.why_not(about.structure) and not each.why_not_here()]
    assert len(fitting) > 15
    for strategy in fitting:
        chosen = draft.configure({"strategy": {"name": strategy.name}}).run_config()
        told = outlook(services, about, chosen)
        model = apply_strategy(chosen, replace(prepared, model=copy.deepcopy(prepared.model)), structure)
        trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
        assert told.preview.trainable == trained, strategy.name
        assert told.preview.total - about.structure.count(about.structure.head) == sum(
            each.numel()
            for name, each in model.named_parameters()
            if not re.search("original_module|ranknum", name)
            and not any(head in name for head in heads(about.structure.head))
        ), strategy.name
        assert len(told.layers) == len(about.structure.blocks) + 2


def heads(names: tuple[str, ...]) -> set[str]:
    return {name.split(".")[0] for name in names}


def test_each_preset_is_offered_with_its_price(services: Services, text_draft: Draft) -> None:
    about = subject(services, text_draft)
    cards = strategy_tab.preset_cards(services, text_draft, about)["cards"]
    assert [card["key"] for card in cards] == ["recommended", *PRESETS.names]
    assert all(card["tags"][0]["text"].startswith("trains ") and len(card["tags"]) == 3 for card in cards)
    drafts = [preset_draft(services, text_draft, about, preset.name) for preset in PRESETS]
    trained = [outlook(services, about, draft.run_config()).preview.trainable for draft in drafts]
    assert trained == sorted(set(trained))
    assert trained[-1] == about.structure.total - about.structure.count(about.structure.fixed)


def test_settings_of_the_form_go_into_the_draft(services: Services, ready: Draft) -> None:
    faster = ready.configure({"training.learning_rate": 0.1})
    other = strategy_tab.choose_method(faster, {"key": "lora"})
    assert other.strategy == {"name": "lora"} and "learning_rate" not in other.training and other.preset == "custom"
    keys = {panel.owner or name: key for key, panel in all_panels().items() for name in panel.names}

    def entered(panel: str, name: str, value: str, draft: Draft = other) -> Draft:
        return enter(draft, {"group": keys[panel], "name": name, "value": value})

    assert entered("lora", "r", "4").run_config().strategy["r"] == 4
    assert entered("lora", "r", "8") is other  # nothing was changed
    assert entered("epochs", "epochs", "9").run_config().training.epochs == 9
    assert entered("freeze", "last_blocks", "3") is other  # another strategy's panel says nothing
    assert entered("epochs", "model", "x") is other  # nor does a made-up name
    first = entered("epochs", "epochs", "9", ready.without("strategy", "training").change(preset=None))
    assert first.strategy == {"name": "full"} and first.training["epochs"] == 9 and first.preset == "custom"


def test_what_cannot_be_used_stays_in_its_field_until_it_is_corrected(services: Services, ready: Draft) -> None:
    keys = {name: key for key, panel in all_panels().items() for name in panel.names if panel.section == "training"}

    def entered(draft: Draft, name: str, value: str) -> Draft:
        return enter(draft, {"group": keys[name], "name": name, "value": value})

    def field(draft: Draft, name: str) -> dict[str, Any]:
        drawn = form_value(draft, draft.run_config(), (), 10)
        return next(dict(each) for group in drawn["groups"] for each in group["fields"] if each["name"] == name)

    before = ready.run_config()
    with gr.Blocks():
        page = strategy_tab.build(services)
    refusals = {"often": "'often' is not a whole number; write it like 32.", "0": "It must be at least 1."}
    for entry, reason in refusals.items():
        refused = entered(ready, "epochs", entry)
        assert refused.run_config() == before
        assert (field(refused, "epochs")["value"], field(refused, "epochs")["problem"]) == (entry, reason)
        assert page.missing(refused) == f"Correct '{field(ready, 'epochs')['title']}' first: {reason}"
        other = entered(refused, "seed", "5")
        assert other.run_config().training.seed == 5 and field(other, "epochs")["value"] == entry
        corrected = entered(other, "epochs", "9")
        assert corrected.run_config().training.epochs == 9 and not page.missing(corrected)
        assert "problem" not in field(corrected, "epochs")
        assert not entered(refused, "epochs", str(before.training.epochs)).refused  # what was there before
        assert not strategy_tab.choose_preset(services, refused, {"key": "quick"}).refused
        assert not refused.configure({"model.id": "starter/other"}).refused  # another form


def test_an_entry_into_the_form_of_the_split_is_treated_alike(services: Services, text_draft: Draft) -> None:
    refused = split_section.enter_split(text_draft, {"group": "data", "name": "limit", "value": "5"})
    assert refused.data == text_draft.data and "must be at least 10" in data_tab.missing(services, refused)
    corrected = split_section.enter_split(refused, {"group": "data", "name": "limit", "value": "50"})
    assert corrected.data.limit == 50 and not data_tab.missing(services, corrected)


def test_before_one_is_chosen_nothing_speaks_of_a_choice(services: Services, text_draft: Draft) -> None:
    assert not text_draft.strategy
    with gr.Blocks():
        page = strategy_tab.build(services)
    shown = {output.elem_id: drawn for output, drawn in zip(page.outputs, page.show(text_draft), strict=True)}
    assert shown["presets"]["selected"] is None and shown["strategy-numbers"] == "" and not shown["strategy"]["groups"]
    assert page.missing(text_draft) == "Choose how much to train first."


def test_a_strategy_that_cannot_be_trained_here_closes_the_way_on(
    shell: Shell, ready: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = ready.change(page="strategy")
    way = shell.way(draft)
    assert (way["key"], way["words"], way["reason"]) == ("train", "Continue to training", "")
    monkeypatch.setattr(type(STRATEGIES["boft"]), "why_not_here", lambda self: "Not on this machine.")
    assert shell.way(draft.configure({"strategy": {"name": "boft"}}))["reason"] == "Not on this machine."
    assert shell.way(draft.change(page="runs"))["key"] == ""


def test_what_differs_from_the_usual_can_be_put_back(ready: Draft) -> None:
    chosen = {"strategy": {"name": "lora", "r": 4}, "training": {"epochs": 9, "warmup": 0.1}}
    draft = ready.configure(chosen)
    found = changes(draft, draft.run_config(), ())
    assert [(change["key"], change["value"]) for change in found] == [("strategy.r", "4"), ("training.epochs", "9")]
    back = strategy_tab.put_back(draft, {"key": "training.epochs"})
    assert back.run_config().training.epochs == 3 and back.strategy["r"] == 4
    assert strategy_tab.put_back(draft, {"key": ""}).run_config().strategy["r"] == 8
    assert not changes(draft, draft.run_config(), {"epochs"})[1:]


def test_the_estimate_follows_the_size_that_inputs_get(
    services: Services, ready: Draft, upload: Callable[[Draft, Path], Draft], tmp_path: Path
) -> None:
    detecting = model_tab.choose_task(services, services.drafts.load(None), {"key": "object-detection"})
    detecting = model_tab.choose_folder(services, detecting, str(tiny.write_detection_model(tmp_path / "detr")))
    detecting = upload(detecting, tiny.write_boxes(tmp_path / "boxes.zip"))
    small, large = (subject(services, detecting.configure({"options.image_size": side})) for side in (64, 640))
    assert (small.length, large.length, subject(services, detecting).length) == (64, 640, 480)
    longest = subject(services, ready.configure({"options.max_length": 8})).length
    assert longest <= 8 <= subject(services, ready).length


def names_in(form: FormValue) -> set[str]:
    return {field["name"] for group in form["groups"] for field in group["fields"]}


def test_a_search_leaves_only_what_was_asked_for(ready: Draft) -> None:
    form = form_value(ready.change(search="learning rate"), ready.run_config(), (), 100)
    assert {"learning_rate", "warmup"} <= names_in(form) and "epochs" not in names_in(form)
    assert all(group["unfolded"] for group in form["groups"])
    said = "No setting matches 'xyzzy'."
    assert form_value(ready.change(search="xyzzy"), ready.run_config(), (), 100) == {"groups": [], "nothing": said}


def test_a_setting_that_nothing_reads_is_not_drawn(services: Services, ready: Draft) -> None:
    about = subject(services, ready)
    for name, read in (("freeze", True), ("full", False), ("gradual", True)):
        config = ready.configure({"strategy": {"name": name}}).run_config()
        form = form_value(ready, config, outlook(services, about, config).unused_settings, 100)
        assert ("cache_activations" in names_in(form)) == read, name


def test_layers_say_how_fast_and_when_they_learn(services: Services, ready: Draft) -> None:
    about = subject(services, ready)
    gradual = {"name": "gradual", "decay": 0.5, "until": 0.5}
    draft = ready.configure({"strategy": gradual, "training": {"learning_rate": 0.001}})
    told = outlook(services, about, draft.run_config()).layers
    assert told[-1]["note"] == "rate 0.001" and told[0]["note"].endswith(", after 50% of the training")
    draft = draft.configure({"strategy.every": "epochs"})
    told = outlook(services, about, draft.run_config()).layers
    assert told[-2]["note"] == "rate 0.0005, from pass 2 on"
    short = outlook(services, about, draft.configure({"training": {"epochs": 1}}).run_config()).layers
    assert short[-1]["state"] == "trained" and {layer["state"] for layer in short[:-1]} == {"frozen"}
    usual = ready.configure({"strategy": {"name": "freeze"}, "training": {}})
    plain = outlook(services, about, usual.run_config()).layers
    assert plain[0]["note"] == "" and plain[-1]["note"].startswith("rate ")


@pytest.mark.parametrize(
    ("file", "content", "side"),
    [
        ("preprocessor_config.json", {"size": {"height": 96, "width": 96}}, 96),
        ("preprocessor_config.json", {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}, 224),
        ("config.json", {"image_size": [160, 160]}, 160),
        ("config.json", {}, 224),
    ],
)
def test_estimates_count_images_as_large_as_the_model_reads_them(
    image_model: Path, tmp_path: Path, file: str, content: dict[str, Any], side: int
) -> None:
    folder = Path(shutil.copytree(image_model, tmp_path / "model"))
    config = {**(read_json(folder / "config.json") or {}), "image_size": None}
    (folder / "preprocessor_config.json").unlink()
    replace_json(folder / "config.json", config)
    replace_json(folder / file, {**(config if file == "config.json" else {}), **content})
    assert image_side(local.describe_folder(folder)) == side


# --- 4 Train, Runs ----------------------------------------------------------------------------------


def test_layers_of_a_run_learn_at_the_rate_that_was_found(services: Services) -> None:
    run = make_run(services.store)
    layers = Layers(step=0, states=("frozen", "trained", "trained"), rates=(0.0, 0.5, 1.0), time=NOW + 2)
    write(run, started(), planned(), layers)
    recommended = RunConfig.from_file(run.config_file).learning_rate
    notes = [layer["note"] for layer in train_tab.layers_of_run(run, services.states)]
    assert notes == ["", f"rate {recommended / 2:.2g}", f"rate {recommended:.2g}"]
    write(run, RateTest(rates=(0.1, 0.2), losses=(1.0, 0.5), chosen=0.03, time=NOW + 3))
    notes = [layer["note"] for layer in train_tab.layers_of_run(run, services.states)]
    assert notes == ["", "rate 0.015", "rate 0.03"]


def test_start_writes_the_run_file_of_the_draft(services: Services, ready: Draft) -> None:
    begun = start_run(services, ready)
    run = services.store.find(str(begun.run))
    assert run is not None and run.state().status == "queued"
    assert RunConfig.from_file(run.config_file) == ready.run_config()
    assert run.name.startswith("reviews.csv · ") and run.name.endswith(" · Layer freezing (Quick)")
    assert flat_settings(ready.run_config())["training.epochs"] == 20
    assert train_tab.once_more(begun, run) == "Train again with these settings"
    assert train_tab.once_more(begun.configure({"training.epochs": 7}), run) == "Train with the new settings"
    assert train_tab.once_more(Draft(id="a" * 24, run=run.id), run) == "Train again with these settings"


@pytest.mark.parametrize("lost", ["model.id", "data.source"])
def test_start_says_what_is_gone_and_makes_no_run(services: Services, ready: Draft, lost: str) -> None:
    with pytest.raises(StudioError):
        start_run(services, ready.configure({lost: "/no/such/place.csv"}))
    assert list(services.store) == []


def test_a_run_of_the_command_line_never_takes_the_data_of_the_draft(services: Services, ready: Draft) -> None:
    run = make_run(services.store, config=ready.run_config().to_text().replace("reviews", "elsewhere"))
    unknown = with_settings(services, ready, run)
    assert unknown.dataset is None and unknown.title == "elsewhere.csv"
    replace_json(run.dataset_file, {"dataset": ready.dataset})
    assert with_settings(services, ready.change(dataset="f" * 24), run).dataset == ready.dataset


def test_the_train_page_says_where_the_run_is(services: Services, shell: Shell, ready: Draft) -> None:
    page, run = shell.pages["train"], at_work(make_run(services.store, "my run"))

    def said() -> str:
        return str(page.show(ready.change(run=run.id))[0])

    write(run, started(), planned(), step(1))
    assert "my run" in said() and train_tab.SENTENCES["running"] in said()
    write(run, Finished(reason="early-stopping", best_step=1, seconds=2.0, time=NOW + 10.0))
    assert train_tab.EARLY in said()
    assert set(train_tab.SENTENCES) == set(get_args(Status))


def test_the_list_of_runs(services: Services, ready: Draft) -> None:
    run = services.store.find(str(start_run(services, ready).run))
    assert run is not None
    run.dequeue()
    ended = Finished(reason="completed", best_step=4, seconds=3.0, time=started().time + 60)
    write(run, started(), planned(), step(4), checked(4, 0.5, best=True), ended)
    row = run_list.run_page(services, {})["rows"][0]
    assert row["status"]["text"] == "Finished" and row["data"] == "reviews.csv"
    assert row["metric"] == "Accuracy: 50.0% (validation)" and row["duration"] == "1 min 0 s"
    run.annotate(preset="quick")
    assert "(Quick)" in run_list.run_page(services, {})["rows"][0]["strategy"], "told apart from others of its strategy"
    make_run(services.store, config="not: a run file\n")
    assert run_list.run_page(services, {})["total"] == 2
    assert [row["id"] for row in run_list.run_page(services, {"filter": "REVIEWS"})["rows"]] == [run.id]


def test_runs_are_renamed_deleted_and_restored(services: Services, ready: Draft) -> None:
    draft = start_run(services, ready).change(picked=None)
    draft = draft.change(picked=draft.run)
    run = services.store.find(str(draft.run))
    assert run is not None
    labels.write(services, partial(runs_tab.picked, services), draft, " Ein <Name> ", "one, Two,two ,", " tried ")
    assert (run.name, run.tags, run.notes) == ("Ein <Name>", ("one", "Two"), "tried")
    with pytest.raises(StudioError, match="needs a name"):
        labels.write(services, partial(runs_tab.picked, services), draft, " ", "", "")
    gone = runs_tab.delete_run(services, draft)
    assert gone.run is None and gone.picked is None and services.store.find(run.id) is None
    said = undo.offered(gone, runs_tab.PAGE)
    assert said and said.said == "'Ein <Name>' was deleted." and undo.offered(gone, "settings") is None
    back = undo.undo_last(runs_tab.PAGE, partial(runs_tab.restore_run, services), gone)
    assert back.picked == run.id and back.undo is None
    assert run.name == "Ein <Name>"


def test_the_command_repeats_a_run_wherever_it_lies(tmp_path: Path) -> None:
    home = Home(tmp_path / "my studio")
    run = make_run(Store(home))
    words = shlex.split(command_line(run, home), posix=sys.platform != "win32")
    assert [word.strip('"') for word in words] == ["studio", "train", str(run.config_file), "--home", str(home.root)]
    assert "--home" not in command_line(run, Home.usual())


def test_settings_that_differ_are_marked_and_first(services: Services, ready: Draft) -> None:
    one = services.store.find(str(start_run(services, ready).run))
    other = services.store.find(str(start_run(services, ready.configure({"training": {"epochs": 99}})).run))
    assert one is not None and other is not None
    html = run_comparison.differences_html([one, other])
    assert html.index("training.epochs") < html.index("data.source")
    assert config_of(one) == ready.run_config()


@pytest.mark.parametrize("task", [*TASKS], ids=lambda task: task.name)
def test_what_a_task_never_reads_is_not_shown(task: Task) -> None:
    config = RunConfig.from_text(f"task: {task.name}\nmodel: {{id: a/b}}\ndata: {{source: x}}\n")
    for settings in (flat_settings(config), leaves(yaml.safe_load(config.to_text()))):
        assert "training.epochs" in settings
        assert ("training.loss" in settings) == ("classes" in task.traits)
        assert ("training.mixup" in settings) == ("images" in task.traits)


def test_a_run_that_nobody_named_has_a_name_of_its_own(services: Services, ready: Draft) -> None:
    names = []
    for named in (Label(), Label(), Label(), Label(name="mine"), Label(name="mine")):
        draft = start_run(services, ready.change(label=named))
        names.append(services.store.find(draft.run).name)
    usual = run_name(ready)
    assert names == [usual, f"{usual} (2)", f"{usual} (3)", "mine", "mine"]


def test_runs_of_one_name_are_told_apart_where_they_are_compared(services: Services, ready: Draft) -> None:
    names = ("reg", "reg", "other")
    runs = [services.store.create(ready.run_config().to_text(), name) for name in names]
    apart = [*(f"reg · {run.id}" for run in runs[:2]), "other"]
    page = services.index.page(0, 10)
    assert sorted(run_comparison.offered(page, runs)) == sorted(zip(apart, (run.id for run in runs), strict=True))
    html = run_comparison.differences_html(runs)
    assert all(f">{name}</th>" in html for name in apart)
    curves, metric = run_comparison.loss_value(services, runs), run_comparison.metric_value(services, runs)
    assert curves and [each["name"] for each in curves["series"][::2]] == [f"{name} · train" for name in apart]
    assert metric and [each["name"] for each in metric["series"]] == apart


# --- the shell --------------------------------------------------------------------------------------


def test_each_step_waits_for_the_ones_before(services: Services, shell: Shell, ready: Draft) -> None:
    def locked(draft: Draft) -> list[str]:
        return [key for key in shell.pages if shell.locked(draft, key)]

    nothing = Draft(id=ready.id)
    assert locked(nothing) == ["data", "strategy", "train", "test"]
    assert shell.locked(nothing, "test") == "Choose an example or your own data first."
    assert locked(nothing.configure({"task": ready.task})) == ["data", "strategy", "train", "test"]
    with_model = nothing.configure({"task": ready.task, "model.id": ready.model})
    assert locked(with_model) == ["strategy", "train", "test"]
    assert shell.locked(with_model, "train") == "Add some data first."
    assert locked(ready.without("strategy")) == ["train", "test"] and locked(ready) == ["test"]
    begun = start_run(services, ready)
    run = services.store.find(str(begun.run))
    assert run is not None and locked(begun) == ["test"]
    run.dequeue()
    write(run, started(), planned(), Finished(reason="completed", best_step=4, seconds=3.0, time=started().time + 60))
    assert locked(begun) == []


def test_the_stepper_says_where_one_is(shell: Shell, ready: Draft) -> None:
    told = shell.steps(ready.change(page="strategy"))
    assert [step["state"] for step in told["steps"]] == ["done", "done", "current", "open", "locked"]
    assert [side["key"] for side in told["side"]] == ["projects", "runs", "share"]


@pytest.mark.parametrize("state", ["nothing", "ready", "gone"])
def test_every_page_is_drawn_whatever_is_chosen(shell: Shell, ready: Draft, state: str) -> None:
    draft = {"nothing": Draft(id=ready.id), "ready": ready, "gone": ready.change(dataset="f" * 24, run="x")}[state]
    for key, page in shell.pages.items():
        if state == "gone" and key == "strategy":
            assert shell.locked(draft, key)
        else:
            assert len(page.show(draft)) == len(page.outputs), key


def test_presets_leave_the_settings_of_the_task(services: Services, text_draft: Draft) -> None:
    draft = text_draft.configure({"options": {"max_length": 40}})
    assert preset_draft(services, draft, subject(services, draft), "thorough").options == {"max_length": 40}


def test_the_curve_of_the_learning_rate_follows_the_settings(ready: Draft) -> None:
    def drawn(**training: Any) -> str:
        from studio.app.settings import rate_curve

        return rate_curve(ready.configure({"strategy": {"name": "full"}, "training": training}).run_config(), 200)

    assert "begins at 5e-06, peaks at 5e-05, ends at" in drawn(learning_rate=5e-5, warmup=0.05)
    assert "when the checks stop improving" in drawn(schedule="reduce-on-plateau")
    assert "needs no schedule" in drawn(optimizer="schedule-free-adamw", schedule="linear")
    assert drawn(schedule="step") != drawn(schedule="cosine")


def test_what_is_recommended_stands_before_the_presets(services: Services, ready: Draft) -> None:
    about = subject(services, ready)
    cards = strategy_tab.preset_cards(services, ready, about)["cards"]
    assert [card["key"] for card in cards] == ["recommended", *PRESETS.names] and cards[0]["tags"]
    draft = strategy_tab.choose_preset(services, ready, {"key": "recommended"})
    assert draft.preset == "recommended" and draft.run_config().training.early_stopping == 3
    assert draft.options == ready.options
