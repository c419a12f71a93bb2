"""Charts that are drawn as text."""

import re

import pytest

from components.charts.curve import curve_html
from components.charts.tradeoff import Point, tradeoff_html


def test_a_small_curve_says_what_it_shows() -> None:
    text = curve_html([0.0, 2.0, 1.0], "Learning <rate>", "first", "last", "A note.")
    assert "Learning &lt;rate&gt;" in text and "peaks at 2" in text and "A note." in text
    points = re.search(r'polyline class="ui-curve-line" points="([^"]*)"', text)
    assert points is not None
    heights = [float(point.split(",")[1]) for point in points[1].split()]
    assert heights[1] < heights[2] < heights[0]
    assert curve_html([1.0], "x", "a", "b") == ""


def test_a_tradeoff_names_the_chosen_and_who_has_room_beside_it() -> None:
    def point(title: str, x: float, y: float, **more: bool) -> Point:
        return Point(title, x, y, 0.01, f"{x:.0%}", f"{y:.0%}", **more)

    near = [point("<one>", 0.01, 0.8, is_named=True), point("two", 0.011, 0.801, is_chosen=True)]
    far = [point("three", 1.0, 0.9, is_named=True), point("four", 0.1, 0.85)]
    text = tradeoff_html([*near, *far], "Gain", "cost", "gain", "A note.")
    assert re.findall(r"ui-tradeoff-name[^>]*>([^<]*)<", text) == ["two", "three"]
    assert "The best is three with 90%." in text and "&lt;one&gt;: 80%, trains 1%" in text and "A note." in text
    places = dict(
        zip(("one", "two", "three", "four"), re.findall(r'point[^"]*" style="left:([\d.]+)%', text), strict=True)
    )
    assert float(places["four"]) == pytest.approx((float(places["one"]) + float(places["three"])) / 2, abs=0.02)
    assert tradeoff_html([], "x", "a", "b") == ""
