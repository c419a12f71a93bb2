"""What a screen reader calls the controls of each page, as one text beside the tests: a change of it is seen in review.

`pytest tests/browser/test_demo.py --write-names` writes it anew.
"""

import re
from pathlib import Path
from typing import Any

from studio_page import Visitor

KEPT = Path(__file__).parent / "browser" / "control_names.txt"
ROLES = "button|link|radio|checkbox|combobox|textbox|searchbox|slider|spinbutton|switch|tab|menuitem"
CONTROL = re.compile(rf'^\s*- (?:\'|")?({ROLES})(?=[ :]|$)(?: "((?:[^"\\]|\\.)*)")?')
LETTERS = 60  # of a name that are kept: cards are called by all that they say
PAGES = ("model", "data", "strategy", "train", "test", "runs", "share")
UNFOLD = """() => {
  for (const fold of document.querySelectorAll("details:not([open], .ui-languages)")) fold.open = true;
  for (const fold of document.querySelectorAll("button.label-wrap:not(.open), .ui-fold-button[aria-expanded=false]")) {
    if (fold.checkVisibility()) fold.click();
  }
}"""


def control_names(visit: Visitor) -> str:
    """Of every page, in the order in which they are met; numbers, which differ from run to run, are a # each."""
    parts = []
    for page in PAGES:
        visit.step(page)
        settled(visit)
        visit.page.evaluate(UNFOLD)
        settled(visit)
        parts.append("\n".join([f"# {page}", *named(visit.page.locator("body").aria_snapshot())]))
    return "\n\n".join(parts) + "\n"


def named(snapshot: str) -> list[str]:
    """role "name" of each control, the same ones in a row once."""
    found: list[str] = []
    for line in snapshot.splitlines():
        control = CONTROL.match(line)
        if control is None:
            continue
        name = re.sub(r"[0-9][0-9.,:]*", "#", control[2] or "").replace("''", "'")[:LETTERS]
        words = f'{control[1]} "{name}"'
        if not found or found[-1] != words:
            found.append(words)
    return found


def settled(visit: Visitor) -> None:
    """Wait until the page has said the same three times."""
    before, same = "", 0
    while same < 2:
        visit.page.wait_for_timeout(300)
        now = visit.page.locator("body").aria_snapshot()
        before, same = now, same + 1 if now == before else 0


def check_names(names: str, write: Any) -> None:
    if write:
        KEPT.write_text(names, encoding="utf-8")
    unnamed = [line for line in names.splitlines() if line.endswith('""')]
    assert unnamed == [], "a screen reader has no name for these"
    assert names == KEPT.read_text(encoding="utf-8"), "pytest tests/browser/test_demo.py --write-names takes them anew"
