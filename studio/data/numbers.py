"""Numbers as people write them."""

import math


def read_number(cell: object) -> float | None:
    """The number that a cell spells, with a point or a comma before the fraction; None for anything else."""
    text = "".join(str(cell).split())
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    elif "," in text and text.rfind(",") < text.rfind("."):
        text = text.replace(",", "")  # 1,234.5
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
