"""The names that people give to the parts of a split data set."""

PARTS: dict[str, str] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "development": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
}

# what a column that names the parts is called
COLUMN_NAMES = ("split", "subset", "partition", "part", "set", "fold")


def part_named(name: object) -> str | None:
    """train, validation or test, or None when `name` names no part."""
    return PARTS.get(str(name).strip().lower())
