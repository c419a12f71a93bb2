"""The Share page: what is told of a model in plain words, its link, and the model in one press."""

import json
from typing import Any

import gradio as gr
import pandas
import pytest
from logs import make_run, planned, started, write

from studio.app import packing
from studio.app.drafts import Draft
from studio.app.pages import Services
from studio.app.repeating import without_front_matter
from studio.app.runs import config_of
from studio.app.tabs import share
from studio.app.telling import download_evaluation, facts_of
from studio.events import Finished
from studio.exporters import EXPORTERS
from studio.files import replace_json
from studio.predictor import Step
from studio.store import Run


@pytest.fixture
def run(services: Services) -> Run:
    made = write(make_run(services.store), started(), planned(), Finished(reason="completed", best_step=1, seconds=1.0))
    made.test_rows_file.parent.mkdir(parents=True)
    confusion = {"labels": ["ham", "spam"], "counts": [[8, 2], [0, 10]], "marks": [["", ""], ["", ""]]}
    interval = {"counted": "18 of 20", "low": 0.764, "high": 0.991}
    found = {
        "metrics": {"accuracy": 0.9},
        "views": [{"kind": "confusion", "title": "", "data": confusion}],
        "intervals": {"accuracy": interval},
        "remarks": ["Always answering 'ham' would be right in 50.0% of cases."],
    }
    replace_json(made.scores_file, {"test": found})
    return made


def test_a_model_is_told_of_in_plain_words(services: Services, run: Run) -> None:
    config = config_of(run)
    assert config is not None
    told = dict(facts_of(services, run, config))
    assert told["How good it is"].startswith("90% right: 18 of 20. Most often confused: 'ham' with 'spam'.")
    assert "between 76.4% and 99.1%" in told["How good it is"] and "50.0%" in told["Good to know"]
    assert told["What it learned from"] == "It learned from 80 examples of nothing.csv."
    assert "Sort texts" in told["What it does"]


def test_where_there_is_nothing_to_share_a_press_leads_to_the_beginning(services: Services) -> None:
    with gr.Blocks():
        section = share.choosing_a_run(services)
    top, nothing, which_run = section.show(Draft(id="a" * 24, page="share"))
    assert "<h2>Share</h2>" in top and nothing["visible"] and not which_run["visible"]
    assert [wire.go for wire in section.wires] == [None, "model"]


def test_the_link_of_one_s_own_run_opens_it(services: Services, run: Run) -> None:
    with gr.Blocks():
        section = share.sending_the_link(services)
    draft = Draft(id="a" * 24, page="share", run=run.id)
    shown, who, link, works = section.show(draft)
    assert shown["visible"] and not who["visible"], "where one person is alone, nobody else is asked about"
    assert f"/shared/{run.id}/" in link["text"] and "on this computer" in str(works)


def test_the_test_results_are_written_by_a_press_and_downloaded_at_once(services: Services, run: Run) -> None:
    answer = json.dumps({"value": "ham", "details": {"probabilities": {"ham": 0.75}}})
    table = {"row": [3], "text": ["a"], "label": ["ham"], "answer": [answer], "marks": [["right"]]}
    pandas.DataFrame(table).to_parquet(run.test_rows_file)
    draft = services.drafts.save(Draft(id="a" * 24, page="share", run=run.id))
    with gr.Blocks():
        page = share.build(services)
    list(download_evaluation(services, draft))
    started = [each["start"] for each in page.show(draft) if isinstance(each, dict) and "start" in each]
    assert started == ["", "a-run-test-results.csv"]
    assert not any(each["start"] for each in page.show(draft) if isinstance(each, dict) and "start" in each)


def test_one_press_packs_the_format_that_needs_least_and_starts_its_download(
    services: Services, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pack(run: Run, exporter: str, to: Any, *_: Any) -> Any:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(exporter.encode())
        yield Step()
        return to

    monkeypatch.setattr(services.predictor, "export_archive", pack)
    draft = services.drafts.save(Draft(id="a" * 24, page="share", run=run.id))
    for fits, name in (({"folder", "merged"}, "a-run-merged.zip"), ({"folder"}, "a-run-folder.zip")):
        for exporter in EXPORTERS:
            monkeypatch.setattr(
                exporter, "why_not", lambda run, is_there=exporter.name in fits: "" if is_there else "No."
            )
        list(packing.download(services, draft))
        value = packing.archives(services, draft, run)
        assert value["start"] == name and name in {link["name"] for link in value["links"]}
        assert packing.archives(services, draft, run)["start"] == "", "once"


def test_the_card_is_shown_without_what_is_for_machines() -> None:
    assert without_front_matter("---\na: b\n---\n# Title\n") == "# Title\n"
