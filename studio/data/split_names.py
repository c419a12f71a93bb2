"""The names that people give to the splits of a data set."""

SPLIT_NAMES: dict[str, str] = {
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

# what a column that names the splits is called
COLUMN_NAMES = ("split", "subset", "partition", "part", "set", "fold")


def split_named(name: object) -> str | None:
    """train, validation or test, or None when `name` names no split."""
    return SPLIT_NAMES.get(str(name).strip().lower())
