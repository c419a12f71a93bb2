"""What benchmarks/strategies.py found, as a table (Markdown) and as a figure (SVG, written by hand)."""

import math
from dataclasses import dataclass
from html import escape
from statistics import mean, stdev
from typing import Any

Row = dict[str, Any]
REFERENCE = "full"
WIDTH, HEIGHT = 960, 560
LEFT, RIGHT, TOP, BOTTOM = 70, 30, 60, 60
LINE = 13  # pixels between two labels
FRAME, WORDS, POINT, SPECIAL = "#94a3b8", "#1e293b", "#4f46e5", "#c2410c"
SPECIAL_ARMS = (REFERENCE, "scratch", "suggested", "default")


@dataclass(frozen=True)
class Line:
    """Means over the seeds. accuracy in percent with its standard error (nan for a single run).

    difference: to full fine-tuning on the same rows, in points, with its standard error.
    costs: by device, (seconds, megabytes) of a run.
    """

    name: str
    runs: int
    accuracy: float
    error: float
    difference: float
    difference_error: float
    share: float
    costs: dict[str, tuple[float, float]]


def lines(rows: list[Row]) -> list[Line]:
    """The best first; what the model cannot be trained by is left out."""
    good: dict[str, dict[int, Row]] = {}
    for row in rows:
        if "accuracy" in row:
            good.setdefault(row["strategy"], {})[row["seed"]] = row
    found = []
    for name, runs in good.items():
        accuracies = [100 * run["accuracy"] for run in runs.values()]
        beside = good.get(REFERENCE, {})
        differences = [100 * (runs[seed]["accuracy"] - beside[seed]["accuracy"]) for seed in runs if seed in beside]
        found.append(
            Line(
                name,
                len(runs),
                mean(accuracies),
                _standard_error(accuracies),
                mean(differences) if differences else math.nan,
                _standard_error(differences),
                mean(run["trainable"] / run["total"] for run in runs.values()),
                _costs(list(runs.values())),
            )
        )
    return sorted(found, key=lambda line: -line.accuracy)


def _costs(runs: list[Row]) -> dict[str, tuple[float, float]]:
    by_device: dict[str, list[Row]] = {}
    for run in runs:
        by_device.setdefault(run["device"], []).append(run)
    return {
        device: (mean(run["seconds"] for run in some), mean(run["megabytes"] for run in some))
        for device, some in by_device.items()
    }


def table(rows: list[Row], data: str) -> str:
    devices = sorted({row["device"] for row in rows if "device" in row}, reverse=True)
    costs = [f"{what}, {device.split(':')[0]}" for device in devices for what in ("seconds", "MB")]
    head = ("strategy", "seeds", "test accuracy", "beside full", "trained", *costs)
    text = [data, "", _cells(head), _cells(["---"] * len(head))]
    for line in lines(rows):
        difference = f"{line.difference:+.1f}" + _plus_minus(line.difference_error)
        text.append(
            _cells(
                (
                    line.name,
                    str(line.runs),
                    f"{line.accuracy:.1f}" + _plus_minus(line.error),
                    "" if math.isnan(line.difference) else difference,
                    f"{line.share:.2%}",
                    *(
                        f"{number:,.0f}" if number is not None else ""
                        for device in devices
                        for number in line.costs.get(device, (None, None))
                    ),
                )
            )
        )
    reasons: dict[str, list[str]] = {}
    for name, why in sorted({(row["strategy"], row["failed"]) for row in rows if "failed" in row}):
        reasons.setdefault(why, []).append(name)
    text += ["", *(f"- {', '.join(names)}: {why}" for why, names in reasons.items())]
    return "\n".join(text).rstrip() + "\n"


def plot(rows: list[Row], data: str) -> str:
    """Accuracy against the share of trained parameters (logarithmic), a point a strategy with its standard error."""
    found = lines(rows)
    if not found:
        return ""
    across = _Axis(math.log10(min(line.share for line in found)) - 0.2, 0.1, LEFT, WIDTH - RIGHT)
    low = min(line.accuracy - (0 if math.isnan(line.error) else line.error) for line in found)
    high = max(line.accuracy + (0 if math.isnan(line.error) else line.error) for line in found)
    up = _Axis(low - 0.05 * (high - low) - 0.1, high + 0.05 * (high - low) + 0.1, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{WORDS}">',
        f"<title>{escape(data)}: test accuracy and share of trained parameters</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(LEFT, 24, escape(data), size=16),
        _text(LEFT, 42, "test accuracy in percent, mean of the seeds with one standard error", fill="#475569"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, "share of the parameters that train", anchor="middle"),
        *_grid(across, up),
        *_points(found, across, up),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


@dataclass(frozen=True)
class _Axis:
    """Maps values from `low` ... `high` to pixels from `start` ... `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def _grid(across: _Axis, up: _Axis) -> list[str]:
    parts = []
    for power in range(math.ceil(across.low), 1):
        x = across(power)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{FRAME}" stroke-width="0.5"/>')
        parts.append(_text(x, HEIGHT - BOTTOM + 18, f"{100 * 10.0**power:g} %", anchor="middle"))
    step = next((step for step in (0.5, 1, 2, 5, 10) if (up.high - up.low) / step <= 10), 20)
    for number in range(math.ceil(up.low / step), math.floor(up.high / step) + 1):
        y = up(number * step)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{FRAME}" stroke-width="0.5"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{number * step:g}", anchor="end"))
    return parts


def _points(found: list[Line], across: _Axis, up: _Axis) -> list[str]:
    """Labels go beside their point, or to the nearest free place, tied to it by a line."""
    parts, taken = [], [(across(math.log10(line.share)) - 5, up(line.accuracy) - 6, 10.0) for line in found]
    for line in found:
        x, y = across(math.log10(line.share)), up(line.accuracy)
        colour = SPECIAL if line.name in SPECIAL_ARMS else POINT
        if not math.isnan(line.error):
            ends = f"M{x:.1f} {up(line.accuracy - line.error):.1f}V{up(line.accuracy + line.error):.1f}"
            parts.append(f'<path d="{ends}" stroke="{colour}" stroke-opacity="0.5"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
        left, top = _free_place(x, y, 6.6 * len(line.name), taken)
        taken.append((left, top, 6.6 * len(line.name)))
        if abs(top + 6 - y) > LINE or not x - 12 - 6.6 * len(line.name) <= left <= x + 12:
            end = left if left > x else left + 6.6 * len(line.name)
            parts.append(f'<path d="M{x:.1f} {y:.1f}L{end:.1f} {top + 6:.1f}" stroke="{colour}" stroke-width="0.6"/>')
        parts.append(_text(left, top + 10, line.name, fill=colour))
    return parts


def _free_place(x: float, y: float, width: float, taken: list[tuple[float, float, float]]) -> tuple[float, float]:
    """Left and top of the label's box; boxes are LINE high."""
    places = [
        (start, y - 6 + shift)
        for reach in range(0, 300, 4)
        for shift in (-reach, reach)
        for start in (x + 8 + reach / 3, x - 8 - reach / 3 - width)
    ]
    for left, top in places:
        inside = left >= LEFT and left + width <= WIDTH - RIGHT and TOP <= top <= HEIGHT - BOTTOM - LINE
        if inside and not any(
            abs(top - other) < LINE and left < start + wide and start < left + width for start, other, wide in taken
        ):
            return left, top
    return places[0]


def _text(x: float, y: float, words: str, anchor: str = "start", size: int = 12, fill: str = WORDS) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}">{words}</text>'


def _cells(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


def _plus_minus(error: float) -> str:
    return "" if math.isnan(error) else f" ± {error:.1f}"


def _standard_error(values: list[float]) -> float:
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
