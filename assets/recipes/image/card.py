"""The model card of starter/image, and the recipe it tells of. Its table comes from benchmarks/starter_image.py."""

import json
from pathlib import Path
from typing import Any

from assets.recipes.image.drawing.images import CLASSES
from assets.recipes.image.training import SIDES
from assets.recipes.image.writing import FEWEST, MOST, SIGNS, WAY
from studio.files import replace_text

RECIPE = "recipe.json"  # beside the model

_CARD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: image-feature-extraction
tags:
- image-classification
- generated-data
---

# starter/image

A small ResNet (1.7 million parameters, 3.4 MB, 768 features) that comes with Fine-Tuning Studio, so that images can
be sorted without a download. It was taught on generated images alone and has no classes of its own: give it a head.

**Good for** shapes, surfaces, drawings, signs and digits, as a first try.
**For photographs choose a model of the Hub** that was taught on photographs, such as a MobileNetV2: it is
far better there.

Images are read at 128 x 128, RGB, with values from -1 to 1; smaller and larger ones work too.

## Measured

Not yet: `python benchmarks/starter_image.py DATA.zip ... --tune --card README.md` writes its table here.

## How it was made

- **Data**: {images:,} images of {classes:,} classes, drawn by `assets/recipes/image/drawing/images.py` with seed
  {seed}: surfaces, outlines, shaded solids, fractals and signs of strokes, before plain and cluttered grounds, under
  light from all sides. No photograph, no collected image, nobody's likeness.
- **Lessons**: which formula an image shows, and the numbers that went into it (turn, size, place,
  light).{teacher}
- **Views**: every time another part, turned and mirrored, some as if from afar, some blended with another image.
- **Training**: AdamW, {steps:,} steps of {batch} images in {minutes} minutes on {machine}; first at {first},
  at last at {last} pixels. Last losses: {losses}.
- **Writing**: a second stage of {writing[steps]:,} steps, {writing[minutes]} minutes of one core: {signs} signs of a
  pen, as a scan of {fewest} to {most} pixels shows them, while it goes on seeing {writing[images]:,} other images
  as before; {way:.0%} of the change is kept. Last losses: {writing_losses}.
- **Again**: `python -m assets.recipes.image.make --to FOLDER{flag} --images {images} --steps {steps}
  --batch {batch}{device} --seed {seed} --writing {writing[steps]}`. A first stage that was given minutes followed the
  clock, so its steps give a model like it, not the same.

## Licence

Apache-2.0, as the studio.{credit}
"""
_TEACHER = (
    " A third lesson: what MobileNetV2 1.0 (224 pixels, ImageNet, Apache-2.0) sees in the same generated\n"
    "  images, place by place, half way up and at the top. None of its weights are in here."
)
_CREDIT = " The teacher's licence is Apache-2.0 too."


def read_recipe(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    return found


def write_card(folder: Path, recipe: dict[str, Any]) -> None:
    """Into the folder, with the recipe itself: what each of the two courses, `formulas` and `writing`, was given, and
    how it ended."""
    first, writing = recipe["formulas"], recipe["writing"]
    changed = {"losses": _formatted(first["losses"]), "device": ""}
    if first["device"] != "cpu":
        changed["device"] = f" --device {first['device']}"
    text = _CARD.format(
        **first | changed,
        classes=CLASSES,
        first=SIDES[0][1],
        last=SIDES[-1][1],
        teacher=_TEACHER if first["taught"] else "",
        flag=" --teacher FOLDER" if first["taught"] else "",
        writing=writing,
        signs=SIGNS,
        fewest=FEWEST,
        most=MOST - 1,
        way=WAY,
        writing_losses=_formatted(writing["losses"]),
        credit=_CREDIT if first["taught"] else "",
    )
    replace_text(folder / "README.md", text)
    replace_text(folder / RECIPE, json.dumps(recipe, indent=1) + "\n")


def _formatted(losses: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in losses.items())
