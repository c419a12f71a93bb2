"""Markup made in Python: everything from data is escaped, and what is drawn is complete."""

import re
from html import escape

import pytest

from components.charts.bars import bars_html, counts_html
from components.charts.framed_image import framed_html, level_of, with_score_choice
from components.charts.histogram import Marker, histogram_html, short_number
from components.charts.marked_text import colours_of, label_legend, marked_html
from components.icons import DRAWINGS, icon
from components.isolates import isolated
from components.notices import badge, empty, facts, heading, notice, outline
from components.progress import progress_html
from components.tables import metric_cards, simple_table
from components.terms import Term, explained
from components.theme import css_paths, head, logo, studio_theme

EVIL = "<img src=x onerror=\"alert('x')\">"


@pytest.mark.parametrize(
    ("sentence", "read"),
    [
        ("The class 'جيد جدا' has 3 rows.", "The class '[جيد جدا]' has 3 rows."),
        ("טוב, רע and 2 more", "[טוב], [רע] and 2 more"),
        ("From 'צ'ק 2-א' to b", "From '[צ'ק 2-א]' to b"),
        ("a \u202eb", "a [\u202e]b"),
        ("Zoë & 好", "Zoë & 好"),
    ],
)
def test_what_is_written_from_right_to_left_is_set_apart(sentence: str, read: str) -> None:
    assert isolated(sentence).replace("\u2068", "[").replace("\u2069", "]") == read
    for markup in (notice("bad", sentence, sentence, sentence), heading(sentence), empty("chart", sentence)):
        assert escape(isolated(sentence)) in markup


@pytest.mark.parametrize(
    "markup",
    [
        notice("bad", EVIL, EVIL, EVIL),
        heading(EVIL, EVIL),
        empty("chart", EVIL, EVIL),
        outline([(EVIL, EVIL)]),
        facts([(EVIL, EVIL)]),
        progress_html(EVIL, 1, 2),
        badge(EVIL),
        bars_html([{"label": EVIL, "value": 0.5, "other": 0.1}], EVIL, EVIL),
        counts_html([{"label": EVIL, "train": 2, "test": 1}], (("train", EVIL), ("test", EVIL))),
        marked_html(EVIL + EVIL, [{"start": 0, "end": 20, "label": EVIL, "note": EVIL}]),
        label_legend({EVIL: 1}),
        with_score_choice("", EVIL),
        histogram_html([1.0], [Marker(1.0, EVIL)], EVIL),
        metric_cards([{"label": EVIL, "value": EVIL, "note": EVIL}]),
        simple_table([{"key": "a", "title": EVIL, "kind": EVIL}], [{"a": EVIL}], caption=EVIL),
        simple_table([{"key": "a", "title": "A", "kind": "badge"}], [{"a": {"text": EVIL}}]),
        head(f'/x"{EVIL}'),
    ],
    ids=lambda markup: markup.split('"')[1],  # its class; all of it holds random names
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
    assert few.index("large") < few.index("small") and "90%" in few and "<details" not in few
    near = bars_html([{"label": "nearly all", "value": 0.99999}, {"label": "hardly any", "value": 0.00001}])
    assert "99.9%" in near and "0.1%" in near, "never all or nothing of what only comes near it"
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
    assert "/fonts/inter-greek-wght-normal.woff2" in text and 'href="/plotly.js"' in text
    assert "data:font/woff2;base64," in head("/plotly.js")


def test_pieces_are_marked_where_they_are_and_overlaps_are_drawn_once() -> None:
    pieces = [
        {"start": 4, "end": 7, "label": "b"},
        {"start": 0, "end": 5, "label": "a"},
        {"start": 8, "end": 99, "label": "c"},
        {"start": 50, "end": 60, "label": "d"},
    ]
    html = marked_html("0123456789", pieces)
    assert html.count("<mark") == 2 and ">01234<span" in html and "</mark>567<mark" in html and ">89<span" in html
    assert marked_html("x < y", []) == '<span class="ui-marked">x &lt; y</span>'


def test_an_image_with_frames_is_one_image_whatever_its_labels_say() -> None:
    html = framed_html(EVIL, (8, 8), [{"box": [0, 0, 1, 1], "label": EVIL, "score": 0.5}], EVIL)
    assert html.count("<img") == 1 and html.count("&lt;img") == 4
    assert "ui-frame-label" not in framed_html("a.png", (8, 8), [{"box": [0, 0, 1, 1], "label": "x"}], compact=True)


def test_a_label_has_the_same_colour_in_every_text() -> None:
    assert colours_of(["b", "a", "b"]) == colours_of(["a", "b"]) == {"a": 0, "b": 1}
    assert "ui-colour-1" in marked_html("bb", [{"start": 0, "end": 1, "label": "b"}], labels=["a", "b"])
    assert len(set(colours_of([str(n) for n in range(20)]).values())) == 8


@pytest.mark.parametrize(("score", "level"), [(None, 4), (0.0, 0), (0.29, 0), (0.3, 1), (0.5, 2), (0.89, 3), (1.0, 4)])
def test_a_frame_says_how_much_certainty_it_reaches(score: float | None, level: int) -> None:
    assert level_of(score) == level


def test_a_histogram_counts_every_number_and_places_its_markers() -> None:
    html = histogram_html([0.0, 0.0, 10.0], [Marker(5.0, "here")], bins=2)
    assert html.count("height:100.0%") == 1 and html.count("height:50.0%") == 1 and "left:50.00%" in html
    assert histogram_html([], []) == "" and histogram_html([float("nan")]) == ""
    assert histogram_html([7.0, 7.0]), "all the same"
    outside = histogram_html([0.0, 1.0], [Marker(9.0, "far")])
    assert "0 to 9; far 9" in outside and "left:100.00%" in outside


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (12, "12"),
        (1234.6, "1,235"),
        (0.037128, "0.03713"),
        (-2.5, "-2.5"),
        (5.2e9, "5.2e+09"),
        (1e-9, "1e-09"),
    ],
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert short_number(number) == text


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("The loss & the loss of epochs.", "The [loss] &amp; the loss of [epochs]."),
        ("Lossless & early.", "Lossless &amp; early. [?] [?]"),
        ("Epoch: <b>", "[Epoch]: &lt;b&gt; [?]"),
    ],
)
def test_terms_in_a_sentence_become_buttons(sentence: str, shown: str) -> None:
    terms = (Term("loss", "loss", ""), Term("epoch", "epoch", ""))
    markup = explained(sentence, terms)
    assert re.sub(r"<button[^>]*>(.*?)</button>", r"[\1]", markup) == shown
    assert heading("Title", markup).count("<button") == 2


def test_a_term_is_found_in_scripts_without_spaces() -> None:
    assert ">損失</button>が" in explained("学習で損失が減る。", [Term("loss", "損失", "")])
