"""What is drawn of a search: every number can be read without seeing a colour or a length."""

import re

from components.charts.best_so_far import best_so_far_html
from components.charts.parallel import parallel_html
from components.charts.slices import slices_html
from components.sweep_board import board_button, trials_table


def test_the_best_so_far_stays_level_until_a_better_one_comes() -> None:
    html = best_so_far_html([0.5, 0.4, 0.9], [0.5, 0.5, 0.9], "Best", lambda value: f"{value:.1f}")
    points = re.search(r'<polyline class="ui-curve-line" points="([^"]*)"', html)
    assert points is not None
    heights = [point.partition(",")[2] for point in points[1].split()]
    assert heights[0] == heights[1] == heights[2] == heights[3] != heights[4] and html.count("<circle") == 3
    assert "Best: 0.5 after the first trial, 0.9 after 3." in html
    assert best_so_far_html([0.5], [0.5], "Best", str) == ""


def test_slices_mark_the_best_and_those_that_ended_early() -> None:
    points = [
        {"x": 0.0, "y": 0.0, "words": "<first>", "is_best": False, "is_whole": False},
        {"x": 1.0, "y": 1.0, "words": "second", "is_best": True, "is_whole": True},
    ]
    html = slices_html([{"title": "Epochs", "begin": "1", "end": "5", "points": points}], "Accuracy")  # type: ignore[typeddict-item]
    assert html.index("ui-sweep-early") < html.index("ui-sweep-best") and "&lt;first&gt;" in html
    assert 'aria-label="Epochs and Accuracy of 2 trials"' in html
    assert slices_html([], "Accuracy") == ""


def test_parallel_coordinates_have_a_line_for_each_trial() -> None:
    axes = [{"title": "Epochs", "low": "1", "high": "5"}, {"title": "Accuracy", "low": "50%", "high": "90%"}]
    traces = [
        {"places": [1.0, 1.0], "worth": 1.0, "words": "best"},
        {"places": [0.0, 0.0], "worth": 0.0, "words": "worst"},
    ]
    html = parallel_html(axes, traces)  # type: ignore[arg-type]
    assert html.count("<polyline") == 2 and html.index("worst") < html.index("best"), "the best one lies on top"
    assert parallel_html(axes[:1], traces) == ""  # type: ignore[arg-type]


def test_the_table_holds_a_button_for_each_trial() -> None:
    html = trials_table(
        ["Rank", "Accuracy"], [["1", "90%"], ["2", "<b>"]], [board_button("r", "Open", "Open 1"), ""], "All"
    )
    assert html.count("<tr>") == 3 and 'data-key="r"' in html and "&lt;b&gt;" in html
    assert 'aria-label="Open 1"' in html and 'aria-label="All"' in html
