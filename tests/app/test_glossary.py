"""The glossary: one table for the tips on the page and for a page of its own."""

import re

import pytest
from fastapi import FastAPI
from served import app_with
from starlette.testclient import TestClient

from studio.app import methods, quality
from studio.app.glossary import (
    OF_METRICS,
    OF_SETTINGS,
    TERMS,
    explained,
    method_terms,
    methods_explained,
    metric_words,
    on_the_page,
    term,
    what_is,
)
from studio.app.live import TERMS_OF_STATS
from studio.errors import StudioError
from studio.metrics import METRICS
from studio.paths import Home
from studio.strategies import STRATEGIES
from studio.training import TrainingOptions


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return app_with(Home(tmp_path_factory.mktemp("glossary") / "home"))


def test_every_term_is_explained_in_a_sentence_that_is_not_its_own_word() -> None:
    for each in TERMS:
        assert re.fullmatch(r"[a-z][a-z0-9-]*", each.name) and each.sentence.endswith("."), each.name
        assert len(each.sentence) <= 130, "a tip is read at a glance"
    words = [each.word for each in TERMS]
    assert len(set(words)) == len(words)


def test_what_settings_are_about_is_there() -> None:
    settings = {name for strategy in STRATEGIES for name in strategy.Options.model_fields}
    assert set(OF_SETTINGS) <= settings | set(TrainingOptions.model_fields)
    assert set(OF_SETTINGS.values()) | set(OF_METRICS.values()) | set(TERMS_OF_STATS.values()) <= set(TERMS.names)
    assert set(OF_METRICS) <= set(METRICS.names)
    assert "<button" in metric_words("f1_macro", "F1 (macro)") and metric_words("rmse", "RMSE") == "RMSE"


def test_a_term_nobody_knows_is_refused_where_it_is_written() -> None:
    for ask in (term, what_is, lambda name: explained("Some words.", name)):
        with pytest.raises(StudioError):
            ask("losss")


def test_methods_explain_each_term_where_it_comes_first() -> None:
    first, second = methods_explained(["The head learns, and then the head rests.", "A frozen head, and <adapters>."])
    assert re.findall(r"term-([\w-]+)", first) == ["head"] and first.count("<button") == 1
    assert re.findall(r"term-([\w-]+)", second) == ["frozen", "adapter"] and "&lt;" in second
    assert re.findall(r"term-([\w-]+)", method_terms(["LP-FT, as it is called.", "The heads learn."])) == [
        "lp-ft",
        "head",
    ]
    assert method_terms(["Nothing of that."]) == ""
    everything = "".join(
        words for said in methods.described().values() for words in (said["words"], said["text"], *said["notes"])
    )
    shown = re.findall(r"term-([\w-]+)", everything)
    assert len(set(shown)) == len(shown) and {"head", "adapter", "lora", "quantised"} <= set(shown) <= set(TERMS.names)


def test_scores_explain_themselves() -> None:
    cards = quality.score_cards({"f1_macro": 0.5, "accuracy": 0.9}, {})
    assert [re.findall(r"term-([\w-]+)", card["label"]) for card in cards] == [["accuracy"], ["f1"]]


def test_the_page_has_an_anchor_for_each_term_in_the_readers_language(app: FastAPI) -> None:
    with TestClient(app, base_url="http://127.0.0.1:7860") as browser:
        english = browser.get("/glossary")
        german = browser.get("/glossary", headers={"accept-language": "de"}).text
        served = browser.get("/config").text
    assert english.status_code == 200 and re.findall(r'<div id="([\w-]+)">', english.text) == sorted(
        TERMS.names, key=lambda name: TERMS[name].word.casefold()
    )
    assert 'lang="de"' in german and "{" not in german.split("<main>")[1]
    assert on_the_page()["action"] == "glossary" and TERMS["epoch"].sentence in served
