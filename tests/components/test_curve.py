"""Charts that are drawn as text."""

import re

from components.charts.curve import curve_html


def test_a_small_curve_says_what_it_shows() -> None:
    text = curve_html([0.0, 2.0, 1.0], "Learning <rate>", "first", "last", "A note.")
    assert "Learning &lt;rate&gt;" in text and "peaks at 2" in text and "A note." in text
    points = re.search(r'polyline class="ui-curve-line" points="([^"]*)"', text)
    assert points is not None
    heights = [float(point.split(",")[1]) for point in points[1].split()]
    assert heights[1] < heights[2] < heights[0]
    assert curve_html([1.0], "x", "a", "b") == ""
