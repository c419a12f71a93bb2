"""An image with labelled boxes over it: what was found in it, or the right answer."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from components.charts.marked_text import colours_of
from components.words import _, escape, in_percent, spoken

TALLEST = 440  # pixels on the screen
SCORES = (0.0, 0.3, 0.5, 0.7, 0.9)  # to choose from: frames with a lower score are hidden
USUAL = 0.5


def framed_html(
    src: str,
    size: tuple[float, float],
    frames: Sequence[Mapping[str, Any]],
    alt: str = "",
    labels: Sequence[str] = (),
    compact: bool = False,
    large: str = "",
) -> str:
    """frames: [{"box": [left, top, width, height], "label", perhaps "score" (0 to 1), perhaps "dashed"}] in units of
    `size`, the (width, height) of the image, whatever its size on the screen.

    labels: as in `marked_html`. compact: without written labels, for small images.
    large: the address of the image that is shown where the drawing is enlarged.
    """
    width, height = (max(1.0, float(side)) for side in size)
    colours = colours_of([*labels, *(str(frame["label"]) for frame in frames)])
    rectangles, names = [], []
    for frame in frames:
        left, top, across, down = (float(side) for side in frame["box"])
        level = level_of(frame.get("score"))
        kind = f"ui-colour-{colours[str(frame['label'])]} ui-score-{level}"
        dashed = " ui-frame-dashed" if frame.get("dashed") else ""
        below = " ui-frame-label-below" if dashed else ""  # else it covers that of an answer at its place
        rectangle = f'x="{left:g}" y="{top:g}" width="{across:g}" height="{down:g}"'
        shade = "" if compact else f'<rect class="ui-frame-shade {kind}" {rectangle}/>'
        rectangles.append(f'{shade}<rect class="ui-frame {kind}{dashed}" {rectangle}/>')
        place = f"left:{_percent(left, width)};top:{_percent(top + down if below else top, height)}"
        names.append(f'<b class="ui-frame-label{below} {kind}" style="{place}">{escape(frame_words(frame))}</b>')
    marked = "; ".join(map(frame_words, frames)) or spoken(_("nothing is marked"))
    described = escape(f"{alt}: {marked}" if alt else marked)
    hint = f' title="{described}"' if compact else ""
    data = f' data-large="{escape(large)}"' if large else ""
    style = f"aspect-ratio:{width:g} / {height:g};max-width:{TALLEST * width / height:.0f}px"
    drawing = f'<svg viewBox="0 0 {width:g} {height:g}" preserveAspectRatio="none" aria-hidden="true">'
    return (
        f'<span class="ui-framed{" ui-framed-small" if compact else ""}" style="{style}"{hint}>'
        f'<img src="{escape(src)}" alt="{described}"{data} loading="lazy" decoding="async">'
        f"{drawing}{''.join(rectangles)}</svg>{'' if compact else ''.join(names)}</span>"
    )


def with_score_choice(drawing: str, title: str) -> str:
    """A drawing of frames below a choice of how sure the model must be for a frame to be shown."""
    everything = _("all")
    choices = [(str(level), in_percent(score) if score else everything) for level, score in enumerate(SCORES)]
    return with_choice(drawing, title, choices, str(SCORES.index(USUAL)), "ui-score-set")


def with_choice(drawing: str, title: str, choices: Sequence[tuple[str, str]], chosen: str, kind: str) -> str:
    """A drawing below a choice of how it is shown, which the style sheet of its kind knows. choices: (value, words)."""
    name = f"choice-{secrets.token_hex(4)}"  # a second choice on the same page is another one
    options = "".join(
        f'<label><input type="radio" name="{name}" value="{value}"{" checked" if value == chosen else ""}>'
        f"<span>{escape(words)}</span></label>"
        for value, words in choices
    )
    return (
        f'<div class="ui-choice-set {kind}"><fieldset class="ui-score-choice"><legend>{escape(title)}</legend>{options}'
        f"</fieldset>{drawing}</div>"
    )


def level_of(score: float | None) -> int:
    """The highest of `SCORES` that a frame still reaches; one without a score is always shown."""
    if score is None:
        return len(SCORES) - 1
    return max(level for level, least in enumerate(SCORES) if score >= least or level == 0)


def frame_words(frame: Mapping[str, Any]) -> str:
    score = frame.get("score")
    return str(frame["label"]) if score is None else f"{frame['label']} {in_percent(score)}"


def _percent(part: float, whole: float) -> str:
    return f"{min(100.0, max(0.0, 100 * part / whole)):.2f}%"
