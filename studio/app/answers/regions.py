"""Regions of an image: value is what `studio.data.regions` calls regions, the largest first; details["width"] and
details["height"] are the image's, details["score"] how sure the model is of a pixel on average."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.charts.coloured_image import coloured_html, with_strength_choice
from components.charts.marked_text import label_legend
from components.notices import heading
from studio.app.answers.base import AFTER, BEFORE, TRUTH, AnswerKind, Asked
from studio.app.cells.mask import regions_in, shown
from studio.app.paging import file_url
from studio.data.fields.mask import read_mask
from studio.errors import StudioError
from studio.language import _, in_percent, listing
from studio.tasks.base import Answer

DIGITS = 4  # of a share in a file
NAMED = 4  # classes in a few words


class RegionAnswers(AnswerKind):
    name = "regions"
    shows_input = True

    def html(self, answer: Answer, before: Answer | None, asked: Asked) -> str:
        """The image coloured in after training, before, and, where it is known, as it should be."""
        path = Path(asked.given("image"))
        drawings = [(AFTER, shown(answer.value))]
        if before:
            drawings.append((BEFORE, shown(before.value)))
        if right := asked.right("mask"):
            drawings.append((TRUTH, truth_of(right, path)))
        size = (float(answer.details["width"]), float(answer.details["height"]))
        labels = [str(region["label"]) for _title, regions in drawings for region in regions]
        parts = [
            f"<div>{heading(title, '' if regions else _('Nothing is marked.'), level=4)}"
            f"{coloured_html(file_url(path), size, regions, path.name, [*asked.classes, *labels])}</div>"
            for title, regions in drawings
        ]
        legend = label_legend(dict.fromkeys(sorted(set(labels))), asked.classes) if labels else ""
        body = f'<div class="ui-answer-parts">{legend}<div class="ui-drawings">{"".join(parts)}</div></div>'
        return with_strength_choice(body, _("How strongly the colours cover the image:"))

    def cells(self, answer: Answer) -> dict[str, Any]:
        """The share of each class, and a PNG (base64) of where it is."""
        return {
            "predicted": json.dumps(_shares(answer), ensure_ascii=False),
            "masks": json.dumps({region["label"]: region["png"] for region in answer.value}, ensure_ascii=False),
            "confidence": round(self.confidence(answer), DIGITS),
        }

    def lines(self, answer: Answer) -> list[str]:
        return [f"{in_percent(region['share'], digits=1):>6}  {region['label']}" for region in answer.value]

    def short(self, answer: Answer) -> str:
        found = [f"{region['label']} {in_percent(region['share'])}" for region in shown(answer.value)]
        return listing(found[:NAMED]) or _("nothing marked")

    def confidence(self, answer: Answer) -> float:
        return float(answer.details["score"])

    def weight(self, answer: Answer, truth: Mapping[str, Any]) -> float:
        """How far the shares of the classes are from the right ones that are there at all: those made up count most."""
        try:
            names = {name for cell in truth.values() for name in read_mask(str(cell)).names}
        except StudioError:
            return 0.0
        made_up = sum(share for label, share in _shares(answer).items() if label not in names)
        missed = len(names.difference(_shares(answer))) / max(1, len(names))
        return made_up + missed

    def truth(self, asked: Asked) -> str:
        return ""


def truth_of(cell: str, image: Path) -> list[dict[str, Any]]:
    """The regions of a mask that was stored with the image, in the same folder of files."""
    try:
        name = read_mask(cell).file
    except StudioError:
        return []
    folder = next((parent for parent in image.parents if (parent / name).is_file()), None)
    return regions_in(cell, folder) if folder else []


def _shares(answer: Answer) -> dict[str, float]:
    return {region["label"]: round(region["share"], DIGITS) for region in answer.value}
