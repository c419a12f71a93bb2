"""An image with its regions coloured in: what was marked in it, or the right answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.charts.framed_image import TALLEST, with_choice
from components.charts.marked_text import colours_of
from components.words import _, escape, in_percent, spoken

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the colours over the image, to choose from
USUAL = 2


def coloured_html(
    src: str,
    size: tuple[float, float],
    regions: Sequence[Mapping[str, Any]],
    alt: str = "",
    labels: Sequence[str] = (),
    compact: bool = False,
    large: str = "",
) -> str:
    """regions: [{"label", "share", "png"}], a PNG (base64) for each, opaque where the region is.

    size: (width, height) of the image. labels: as in `marked_html`. compact: for small images.
    large: the address of the image that is shown where the drawing is enlarged.
    """
    width, height = (max(1.0, float(side)) for side in size)
    colours = colours_of([*labels, *(str(region["label"]) for region in regions)])
    layers = "".join(
        f'<i class="ui-region ui-colour-{colours[str(region["label"])]}" '
        f'style="mask-image:url(data:image/png;base64,{escape(region["png"])})"></i>'
        for region in regions
    )
    marked = "; ".join(f"{region['label']} {in_percent(region['share'])}" for region in regions)
    marked = marked or spoken(_("nothing is marked"))
    described = escape(f"{alt}: {marked}" if alt else marked)
    hint = f' title="{described}"' if compact else ""
    data = f' data-large="{escape(large)}"' if large else ""
    style = f"aspect-ratio:{width:g} / {height:g};max-width:{TALLEST * width / height:.0f}px"
    return (
        f'<span class="ui-framed{" ui-framed-small" if compact else ""}" style="{style}"{hint}>'
        f'<img src="{escape(src)}" alt="{described}"{data} loading="lazy" decoding="async">{layers}</span>'
    )


def with_strength_choice(drawing: str, title: str) -> str:
    """A drawing of regions below a choice of how strongly they cover the image."""
    choices = [(str(level), in_percent(strength)) for level, strength in enumerate(STRENGTHS)]
    return with_choice(drawing, title, choices, str(USUAL), "ui-strength-set")
