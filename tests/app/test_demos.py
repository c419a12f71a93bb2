"""The guided demos: one click fills every step, and what was chosen before comes back."""

from collections.abc import Generator
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Literal

import pytest
from demos_here import installed

from studio.app import demos
from studio.app.demo_list import DEMOS
from studio.app.demo_times import seconds_taken, time_words
from studio.app.drafts import OWN, Draft
from studio.app.fixes import PLACE, fix, offers, undo
from studio.app.main import Shell
from studio.app.nested import leaves
from studio.app.outlook import outlook, preset_draft, subject
from studio.app.pages import Services
from studio.app.tabs import model as model_tab
from studio.app.times import newest_runs
from studio.app.undo import undo_last
from studio.data.sources import SAMPLE, SAMPLES
from studio.errors import StudioError
from studio.events import Finished, Started
from studio.models.starters import PREFIX
from studio.run_summary import RunSummary

SHOWN = [pytest.param(demo, id=demo.name, marks=installed(demo)) for demo in DEMOS]


def finish(work: Generator[str, None, Draft]) -> Draft:
    while True:
        try:
            next(work)
        except StopIteration as end:
            draft: Draft = end.value
            return draft


@pytest.mark.parametrize("demo", SHOWN)
def test_a_demo_needs_nothing_that_is_not_there(demo: demos.Demo, services: Services) -> None:
    sample = SAMPLES[demo.source.removeprefix(SAMPLE)]
    draft = finish(demos.begin(services, services.drafts.load(None), demo.name))
    config = draft.run_config()
    assert draft.preset == demo.preset and demos.current(draft) is demo
    assert leaves(draft.config).items() >= leaves(demo.config).items()
    assert all(demos.words(draft.change(page=page)).endswith(".") for page in ("data", "strategy", "train", "test"))
    assert config.task == sample.task and config.model.id.startswith(PREFIX)
    preset = preset_draft(services, draft, subject(services, draft), demo.preset)
    assert config.strategy == preset.run_config().strategy
    assembled = services.datasets.assembled(draft)
    assert offers(draft, assembled) == []  # what can be put right has been


def test_a_demo_whose_model_is_not_installed_says_how_large_it_is_and_how_to_get_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demos, "locate_starter", lambda starter, home: None if starter.extra else home.root)
    lacking = partial(demos.lacking_model, home=services.home)
    cards = demos.cards(services.drafts.load(None), lambda demo: "", lacking)["cards"]
    reasons = {card["key"]: card["disabled"] for card in cards if card.get("disabled")}
    assert list(reasons) == ["machines"] and "71 MB" in reasons["machines"] and "--extra speech" in reasons["machines"]


def test_what_a_demo_put_right_can_be_taken_back_and_put_right_again(services: Services) -> None:
    draft = finish(demos.begin(services, services.drafts.load(None), "messages"))
    assert draft.data.cleaning.labels == {"delivey": "delivery", "acount": "account"}
    assembled = services.datasets.assembled(draft)
    assert set(assembled.counts) == {"account", "defect", "delivery", "payment", "product question", "returns"}
    as_it_came = undo(draft, {"key": ""})
    assert len(services.datasets.assembled(as_it_came).counts) == 8
    assert fix(services, as_it_came).change(undo=None) == draft
    assert undo_last(PLACE, None, as_it_came).run_config() == draft.run_config()
    cleaning = fix(services, as_it_came, "copies").data.cleaning
    assert cleaning.model_dump(exclude_defaults=True) == {"copies": "drop"}


def test_one_s_own_choices_are_set_aside_and_come_back(services: Services, text_draft: Draft) -> None:
    name = next(iter(DEMOS)).name
    shown = finish(demos.begin(services, text_draft, name))
    assert shown.model != text_draft.model and shown.own is not None
    again = finish(demos.begin(services, shown, name))
    back = demos.own_data(again)
    assert back.demo == OWN
    assert back.model_dump(exclude={"demo", "own"}) == text_draft.model_dump(exclude={"demo", "own"})
    assert demos.own_data(back) == back


def test_after_a_demo_its_model_is_taken_on_to_data_of_one_s_own(services: Services) -> None:
    shown = finish(demos.begin(services, services.drafts.load(None), next(iter(DEMOS)).name))
    own = demos.go_on_with_own(shown)
    assert (own.task, own.model, own.source, own.demo) == (shown.task, shown.model, None, OWN)


def test_a_demo_that_cannot_be_filled_leaves_everything_as_it_was(
    services: Services, text_draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.drafts.save(text_draft)

    def refuse(*_: object) -> None:
        raise StudioError("The model is damaged.")

    monkeypatch.setattr(demos, "subject", refuse)
    with pytest.raises(StudioError, match="damaged"):
        finish(demos.begin(services, text_draft, next(iter(DEMOS)).name))
    assert services.drafts.load(text_draft.id) == text_draft


def test_data_of_one_s_own_ends_the_demo(services: Services, tmp_path: Path) -> None:
    shown = finish(demos.begin(services, services.drafts.load(None), next(iter(DEMOS)).name))
    assert demos.current(shown.configure({"data.source": str(tmp_path / "mine.csv")})) is None


def test_the_first_images_are_of_all_classes(services: Services) -> None:
    draft = services.drafts.save(finish(demos.begin(services, services.drafts.load(None), "digits")))
    page = services.datasets.preview({"draft": draft.id, "start": 0, "count": 12})
    assert [row["label"]["text"] for row in page["rows"]] == [*"0123456789", "0", "1"]
    after = services.datasets.preview({"draft": draft.id, "start": 12, "count": 2})
    assert [row["label"]["text"] for row in after["rows"]] == ["2", "3"] and page["total"] == 900


@pytest.mark.parametrize("demo", SHOWN)
def test_the_card_says_how_long_it_takes_here(demo: demos.Demo, services: Services) -> None:
    draft = finish(demos.begin(services, services.drafts.load(None), demo.name))
    expected = outlook(services, subject(services, draft), draft.run_config()).time_words
    told = time_words(services, demo, newest_runs(services))
    if services.datasets.assembled(draft).together:  # the splits have not quite the shares that the card goes by
        assert told.startswith("Trains in ")
    else:
        assert told == f"Trains in {expected}"
    stopped = ended(services, draft, "stopped", 100)
    assert seconds_taken(demo, draft.run_config(), [stopped]) is None
    last = ended(services, draft, "completed", 34)
    assert seconds_taken(demo, draft.run_config(), [stopped, last]) == 34
    assert time_words(services, demo, newest_runs(services)) == "Last time: about 35 s"
    other = next(each for each in DEMOS if each is not demo)
    assert time_words(services, other, newest_runs(services)).startswith("Trains in")


def ended(services: Services, draft: Draft, reason: Literal["stopped", "completed"], seconds: float) -> RunSummary:
    """A run of these choices that was at work for so long."""
    run = services.store.create(draft.run_config().to_text(), "a run")
    run.annotate(data=draft.title)
    begun = Started(time=1000.0, device="cpu", precision="fp32", threads=1, version="1")
    log = [begun, Finished(time=1000.0 + seconds, reason=reason, best_step=1, seconds=seconds)]
    run.events_file.write_text("".join(f"{event.model_dump_json()}\n" for event in log), encoding="utf-8")
    summary = services.index.summary(run)
    assert summary is not None
    return summary


@pytest.mark.parametrize("order", list(permutations(("demo", "own", "other"))))
def test_own_data_can_be_replaced_and_comes_back_in_every_order(
    services: Services, shell: Shell, text_draft: Draft, order: tuple[str, ...]
) -> None:
    """Of an example only the choices are made, its data is not read."""
    example = {"task": "image-classification", "data": {"source": DEMOS["digits"].source}}
    page, draft = shell.pages["data"], text_draft
    for place in (*order, "own", "back"):
        if place == "demo":
            draft = draft.fresh(demo="digits", own=demos.set_aside(draft), config=example)
        elif place == "own":
            draft = finish(model_tab.choose_demo(services, draft, {"key": OWN}))
        else:
            task = text_draft.task if place == "back" else "search"
            draft = model_tab.choose_task(services, draft, {"key": task})
        shown = {widget.elem_id: new for widget, new in zip(page.outputs, page.show(draft), strict=True)}
        assert place == "demo" or shown["adding"]["visible"]
    assert draft.run_config() == text_draft.run_config() and draft.dataset == text_draft.dataset
    assert shown["adding"]["label"] == "Use other data" and not shown["adding"]["open"]
