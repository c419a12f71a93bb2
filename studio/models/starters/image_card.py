"""The model card of starter/image. Its table comes from benchmarks/starter_image.py --card."""

from pathlib import Path
from typing import Any

from studio.files import replace_text
from studio.models.starters.image_training import SIDES, Course
from studio.models.starters.pictures import CLASSES

_CARD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: image-feature-extraction
tags:
- image-classification
- generated-data
---

# starter/image

A small ResNet (1.7 million parameters, 3.4 MB, 768 features) that comes with Fine-Tuning Studio, so that pictures can
be sorted without a download. It was taught on generated pictures alone and has no classes of its own: give it a head.

**Good for** shapes, surfaces, drawings and signs, as a first try. Under a head alone plain digits gain nothing by it;
when all of it is trained they are learned in half the passes.
**For photographs choose a model of the Hub** that was taught on photographs, such as a MobileNetV2: it is
far better there.

Pictures are read at 128 x 128, RGB, with values from -1 to 1; smaller and larger ones work too.

## Measured

Not yet: `python benchmarks/starter_image.py DATA.zip ... --tune --card README.md` writes its table here.

## How it was made

- **Data**: {pictures:,} pictures of {classes:,} classes, drawn by `studio/models/starters/pictures.py` with seed
  {seed}: surfaces, outlines, shaded solids, fractals and signs of strokes, before plain and cluttered grounds, under
  light from all sides. No photograph, no collected picture, nobody's likeness.
- **Lessons**: which formula a picture shows, and the numbers that went into it (turn, size, place, light).{teacher}
- **Views**: every time another part, turned and mirrored, some as if from afar, some blended with another picture.
- **Training**: AdamW, {steps:,} steps of {batch} pictures in {minutes} minutes on {machine}; first at {first},
  at last at {last} pixels. Last losses: {losses}.
- **Again**: `python -m studio.models.starters.image --to FOLDER{flag} --pictures {pictures} --steps {steps}
  --batch {batch}{device} --seed {seed}`. A run that was given minutes followed the clock, so its steps give a model
  like it, not the same.

## Licence

Apache-2.0, as the studio.{credit}
"""
_TEACHER = (
    " A third lesson:\n  what MobileNetV2 1.0 (224 pixels, ImageNet, Apache-2.0) sees in the same generated pictures,\n"
    "  place by place, half way up and at the top. None of its weights are in here."
)
_CREDIT = " The teacher's licence is Apache-2.0 too."


def write_card(folder: Path, account: dict[str, Any], pictures: int, course: Course, taught: bool) -> None:
    """`account`: steps, minutes and losses of the training. `taught`: a larger model was asked as well."""
    text = _CARD.format(
        pictures=pictures,
        classes=CLASSES,
        seed=course.seed,
        steps=account["steps"],
        minutes=account["minutes"],
        machine=account["machine"],
        batch=course.batch,
        first=SIDES[0][1],
        last=SIDES[-1][1],
        losses=", ".join(f"{name} {value:.2f}" for name, value in account["losses"].items()),
        teacher=_TEACHER if taught else "",
        flag=" --teacher FOLDER" if taught else "",
        device=f" --device {course.device}" if course.device != "cpu" else "",
        credit=_CREDIT if taught else "",
    )
    replace_text(folder / "README.md", text)
