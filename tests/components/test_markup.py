"""Markup made in Python: everything from data is escaped, and what is drawn is complete."""

import pytest

from components.charts.bars import bars_html, counts_html
from components.icons import DRAWINGS, icon
from components.notices import badge, empty, heading, notice, outline
from components.tables import metric_cards, simple_table
from components.theme import css_paths, head, logo, studio_theme

EVIL = "<img src=x onerror=\"alert('x')\">"


@pytest.mark.parametrize(
    "markup",
    [
        notice("bad", EVIL, EVIL, EVIL),
        heading(EVIL, EVIL),
        empty("chart", EVIL, EVIL),
        outline([(EVIL, EVIL)]),
        badge(EVIL),
        bars_html([{"label": EVIL, "value": 0.5, "other": 0.1}], EVIL, EVIL),
        counts_html([{"label": EVIL, "train": 2, "test": 1}], (("train", EVIL), ("test", EVIL))),
        metric_cards([{"label": EVIL, "value": EVIL, "note": EVIL}]),
        simple_table([{"key": "a", "title": EVIL, "kind": EVIL}], [{"a": EVIL}], caption=EVIL),
        simple_table([{"key": "a", "title": "A", "kind": "badge"}], [{"a": {"text": EVIL}}]),
        head(f'/x"{EVIL}'),
    ],
)
def test_data_never_becomes_markup(markup: str) -> None:
    assert "<img" not in markup and "&lt;img" in markup


def test_icons_are_drawings_and_unknown_names_raise() -> None:
    assert all("<svg" in icon(name) for name in DRAWINGS)
    with pytest.raises(KeyError, match="No icon is called 'nothing'"):
        icon("nothing")
    with pytest.raises(ValueError, match="tone"):
        badge("x", "pink")


def test_bars_are_sorted_and_many_are_folded() -> None:
    few = bars_html([{"label": "small", "value": 0.1}, {"label": "large", "value": 0.9}])
    assert few.index("large") < few.index("small") and "90 %" in few and "<details" not in few
    many = counts_html([{"label": f"class {at}", "train": at + 1} for at in range(77)])
    assert "Show all 77" in many and many.index("class 76") < many.index("class 3<")
    assert bars_html([]) and counts_html([])
    assert "1,234" in bars_html([{"label": "a", "value": 1234}], percent=False)


def test_rows_that_differ_are_marked() -> None:
    table = simple_table(
        [{"key": "a", "title": "A"}], [{"a": 1}, {"a": 2}], highlight=lambda row: bool(row["a"] == 2), caption="Both"
    )
    assert table.count("ui-row-marked") == 1 and "<caption>Both</caption>" in table


def test_theme_is_complete_and_asks_nothing_of_other_hosts() -> None:
    studio_theme()
    assert all(path.is_file() for path in css_paths()) and logo().startswith("<svg")
    text = head("/plotly.js", "/fonts/") + "".join(path.read_text(encoding="utf-8") for path in css_paths())
    assert "//" not in text.replace("// ", "").replace("http://www.w3.org", "")
    assert "/fonts/inter-greek-wght-normal.woff2" in text and 'src="/plotly.js"' in text
    assert "data:font/woff2;base64," in head("/plotly.js")
