"""No page shows a sentence that readers of other languages would get in English."""

import re

import pytest
from logs import checked, make_run, planned, started, step, write
from unspoken import pseudo_language, unspoken

from components.words import speak
from studio.app.access.person import speaker_of
from studio.app.drafts import Draft
from studio.app.main import Shell
from studio.app.pages import Services
from studio.app.speaking import said_update
from studio.app.tabs import strategy as strategy_tab
from studio.data.fields import FIELDS
from studio.events import Finished

SENTENCE = re.compile(r"[A-Z][a-z]+ [a-z]+\b")  # names of models and of methods have more capitals
EXAMPLES = set(FIELDS["text"].examples)  # of the template


@pytest.mark.parametrize("state", ["nothing", "ready", "finished"])
def test_every_sentence_of_a_drawn_page_is_said(
    services: Services, shell: Shell, text_draft: Draft, state: str
) -> None:
    draft = strategy_tab.choose_preset(services, text_draft, {"key": "quick"})
    if state == "finished":
        run = make_run(services.store, "reviews.csv")
        write(run, started(), planned(), step(1), checked(1, 0.8, best=True))
        write(run, Finished(reason="completed", best_step=1, seconds=9.0))
        draft = draft.change(run=run.id, picked=run.id)
    drawn = services.drafts.save(Draft(id=draft.id) if state == "nothing" else draft)
    with pseudo_language(), speak(speaker_of("de")):
        for key, page in shell.pages.items():
            shown = [said_update(*pair) for pair in zip(page.outputs, page.show(drawn), strict=True)]
            left = [text for text in unspoken(shown) if SENTENCE.match(text)]
            assert set(left) <= EXAMPLES, f"{key}: wrap these in _()"
