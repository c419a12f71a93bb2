"""The Strategy page: what is chosen for a person, what goes on following the data, and the table of every method."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from logs import NOW, planned, started, step, write

from studio.app import labels, methods
from studio.app.drafts import Draft
from studio.app.main import Shell
from studio.app.outlook import outlook, subject
from studio.app.pages import Services
from studio.app.runs import run_name, start_run
from studio.app.tabs import strategy as page
from studio.app.times import describe_seconds, describe_span, gpu_words
from studio.events import Finished
from studio.hardware import GIGABYTE, Machine
from studio.pace import Span
from studio.strategies import STRATEGIES
from studio.strategies.families import FAMILIES
from studio.strategies.measured import measurement
from studio.tasks import TASKS

LONG = "text,label\n" + "".join(f"a {'good' if n % 2 else 'bad'} film {n},{n % 2}\n" for n in range(1600))


def chosen_card(services: Services, draft: Draft) -> dict[str, Any]:
    drawn = page.preset_cards(services, draft, subject(services, draft))
    card: dict[str, Any] = next(card for card in drawn["cards"] if card["key"] == drawn["selected"])
    return card


def test_opening_the_page_chooses_what_is_recommended(shell: Shell, services: Services, text_draft: Draft) -> None:
    assert not text_draft.strategy and shell.locked(text_draft, "train")
    draft = shell.go(text_draft.change(page="data"), "strategy")
    assert draft.preset == "recommended" and draft.strategy["name"] == "lp-ft"
    assert services.drafts.load(draft.id) == draft and not shell.locked(draft, "train")
    card = chosen_card(services, draft)
    assert card["title"] == "Recommended for your data" and card["text"].startswith("LP-FT: ")
    assert "With so little data" in card["text"]


def test_what_was_recommended_follows_the_data_and_what_was_chosen_does_not(
    shell: Shell, services: Services, text_draft: Draft, upload: Callable[[Draft, Path], Draft], tmp_path: Path
) -> None:
    few = shell.go(text_draft, "strategy")
    file = tmp_path / "longer.csv"
    file.write_text(LONG, encoding="utf-8")
    more = shell.go(upload(few, file), "train")
    assert (few.strategy["name"], more.strategy["name"], more.preset) == ("lp-ft", "layerwise", "recommended")
    own = page.choose_method(few, {"key": "bitfit"})
    kept = shell.go(upload(own, file), "train")
    assert kept.strategy == {"name": "bitfit"} and chosen_card(services, kept)["title"] == "Your own choice"
    recommended = page.preset_cards(services, kept, subject(services, kept))["cards"][0]
    assert recommended["text"].startswith("Layer-wise learning rates: ")


def test_settings_of_a_run_are_kept_as_they_are(services: Services, text_draft: Draft) -> None:
    draft = text_draft.configure({"strategy": {"name": "full"}}).change(preset=None)
    assert page.settle(services, draft) == draft


@pytest.mark.parametrize("preset", ["recommended", "quick", "thorough"])
def test_card_and_numbers_say_the_same(services: Services, text_draft: Draft, preset: str) -> None:
    draft = page.choose_preset(services, text_draft, {"key": preset})
    changed = {**draft.config, "training": {**draft.training, "epochs": 40}}
    for each in (draft, draft.change(config=changed)):  # as a demo changes its preset
        about = subject(services, each)
        now = outlook(services, about, each.run_config())
        tags = [tag["text"] for tag in chosen_card(services, each)["tags"]]
        assert now.time_words in tags and now.memory_words in tags
        assert now.time_words in page.numbers_html(now, "")


def test_a_preset_is_one_name_and_a_strategy_another(services: Services, text_draft: Draft) -> None:
    quick = page.choose_preset(services, text_draft, {"key": "quick"})
    assert run_name(quick).endswith("· Layer freezing (Quick)")
    assert run_name(page.choose_method(quick, {"key": "lora"})).endswith("· LoRA")


def test_a_name_that_nobody_gave_follows_the_choices(services: Services, text_draft: Draft) -> None:
    with gr.Blocks():
        fields, _widgets = labels.naming(services)
    quick = page.choose_preset(services, text_draft, {"key": "quick"})
    for chosen in (quick, page.choose_method(quick, {"key": "lora"})):
        _shown, name, tags, notes = fields.show(chosen)
        assert name["value"] == "" and name["placeholder"] == run_name(chosen)
        assert labels.entered(chosen, name["value"], tags, notes).label.name == ""
    assert labels.entered(quick, " Mine ", "", "").label.name == "Mine"


# --- every method -----------------------------------------------------------------------------------


def test_every_strategy_stands_in_one_family_the_best_known_first() -> None:
    placed = [strategy.name for family in FAMILIES for strategy in methods.members(family)]
    assert sorted(placed) == sorted(STRATEGIES.names)
    first = {family.name: next(methods.members(family)).name for family in FAMILIES}
    assert (first["low-rank"], first["full"], first["frozen"]) == ("lora", "full", "freeze")


def test_the_table_says_what_each_method_takes_and_what_was_measured(services: Services, text_draft: Draft) -> None:
    draft = page.choose_method(text_draft, {"key": "lora"})
    about = subject(services, draft)
    table = methods.methods(services, draft, about)
    rows = {row["key"]: row for group in table["groups"] for row in group["rows"]}
    assert set(rows) == set(STRATEGIES.names) and table["selected"] == "lora"
    now = outlook(services, about, draft.run_config())
    assert rows["lora"]["cells"]["time"]["text"] == now.time_words
    assert rows["lora"]["cells"]["memory"]["text"] == now.memory_words
    assert rows["full"]["cells"]["share"]["sort"] == 1.0
    known = measurement("text-classification")
    assert known and rows["lora"]["cells"]["score"]["sort"] == known.methods["lora"].score
    assert "GPU" in rows["qlora"]["disabled"] and "share" not in rows["qlora"]["cells"]


def test_what_was_measured_is_of_strategies_and_tasks_that_there_are() -> None:
    known = {task.name: table for task in TASKS if (table := measurement(task.name))}
    assert len(known) == 2
    for table in known.values():
        assert set(table.methods) <= set(STRATEGIES.names) and "full" in table.methods and table.seeds >= 3
        assert all(0 < score.share <= 1 and 0 < score.score < 1 for score in table.methods.values())


def test_a_picture_is_drawn_where_something_was_measured(text_draft: Draft) -> None:
    drawn = methods.picture(page.choose_method(text_draft, {"key": "oft"}))
    assert drawn.count("ui-tradeoff-point") > 25 and drawn.count("ui-tradeoff-chosen") == 2
    assert "2,000 training examples" in drawn and "Training from scratch reached 68%" in drawn
    other = methods.picture(Draft(id="0" * 24, config={"task": "object-detection"}))
    assert "was not measured for this task" in other and "tradeoff" not in other


# --- times ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "about 5 s"), (88, "about 90 s"), (100, "about 2 min"), (7200, "about 2 h"), (1e6, "about 12 days")],
)
def test_estimates_do_not_pretend_to_be_exact(seconds: float, words: str) -> None:
    assert describe_seconds(seconds) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (Span(18, 20, 23), "about 20 s"),
        (Span(18, 30, 47), "20 to 45 s"),
        (Span(40, 80, 160), "1 to 3 min"),
        (Span(3000, 5000, 9000), "1 to 2 h"),
        (Span(90_000, 150_000, 300_000), "1 to 3 days"),
        (Span(1, 2, 4), "about 5 s"),
    ],
)
def test_what_is_not_known_well_is_said_as_a_range(span: Span, words: str) -> None:
    assert describe_span(span) == words


def test_a_gpu_is_spoken_of_where_it_would_help() -> None:
    here, long = Machine(2, GIGABYTE, ()), Span(500, 600, 700)
    assert "about 40 s on a GPU" in gpu_words(long, here, 40)
    assert gpu_words(long, here, 400) == "" == gpu_words(Span(30, 40, 50), here, 5)


def test_finished_runs_correct_the_next_estimate(services: Services, text_draft: Draft) -> None:
    draft = page.choose_preset(services, text_draft, {"key": "quick"})
    before = outlook(services, subject(services, draft), draft.run_config())
    begun = start_run(services, draft)
    run = services.store.find(str(begun.run))
    assert run is not None and run.meta["expected"]["fixed"] == before.estimate.fixed_seconds
    run.dequeue()
    took = 3 * before.estimate.seconds
    write(
        run,
        started(),
        planned(total_steps=10),
        step(10),
        Finished(reason="completed", best_step=10, seconds=took, time=NOW + took),
    )
    after = outlook(services, subject(services, draft), draft.run_config())
    assert after.estimate.seconds == pytest.approx(before.estimate.seconds)
    assert 2 < after.span.seconds / before.span.seconds < 3
