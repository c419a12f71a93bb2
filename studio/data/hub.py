"""Fetching a data set from the Hugging Face Hub. Runs in the data process only: `datasets` is a heavy library."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from studio.data.columns import Problem
from studio.data.formats.base import MOST_COLUMNS, RawTable, distinct_names
from studio.data.limits import Limits
from studio.data.progress import Progress
from studio.data.sources import HubSource
from studio.data.split_names import split_named
from studio.errors import StudioError
from studio.hub_token import ONLY_OPEN, Token
from studio.language import _, sentences

Translate = Callable[[Any, str], Any]
# a file of a Hub repository, or inside an archive there; rows could also name files of this machine or its network
_ON_THE_HUB = re.compile(r"((zip|tar)://((?!::|://).)*::)?hf://datasets/((?!::|://).)+")


def fetch(source: HubSource, folder: Path, limits: Limits, progress: Progress) -> tuple[RawTable, str | None]:
    """The first rows, as many as the limits allow, and the column of images, if any, which are written to `folder`.

    Code from the data set's repository never runs: only its data files are read. Raises StudioError when the
    Hub cannot be reached, does not know the name, or wants a login.
    """
    import datasets

    name, token = source.name, source.token
    if Path(name).exists():
        raise StudioError(
            _("'{name}' is also a folder here.", name=name),
            _("It is not clear which one is meant."),
            _("Write ./{name} for the folder.", name=name),
        )
    try:
        splits = datasets.load_dataset(name, source.config, streaming=True, token=token)
        features = dict(next(iter(splits.values())).features or {})
        images = [key for key, feature in features.items() if isinstance(feature, datasets.Image)]
        for key in images:
            splits = splits.cast_column(key, datasets.Image(decode=False))
        translate = {key: translator(feature, datasets, folder, token) for key, feature in features.items()}
        return collect(splits, translate, limits, progress, folder), images[0] if images else None
    except StudioError:
        raise
    except Exception as error:
        raise explained(name, error, token) from error


def collect(
    splits: Mapping[str, Any], translate: Mapping[str, Translate], limits: Limits, progress: Progress, folder: Path
) -> RawTable:
    """Rows of all splits one after the other; a split called train, validation or test is kept in column `split`.

    It ends early, with a remark, when the rows or the images in `folder` reach the limits.
    """
    names: list[str] = list(translate)
    keep_splits = len(splits) > 1 and all(split_named(split) for split in splits)
    rows: list[list[Any]] = []
    problems: list[Problem] = []
    for split, row in _rows(splits):
        if not names:
            names = list(row)
            distinct_names(names[: MOST_COLUMNS + 1])
        if len(rows) >= limits.rows:
            problems.append(Problem(0, _("Only the first {count:,} rows were taken.", count=limits.rows), drops=False))
            break
        place = f"{split}-{len(rows) + 1:07}"
        cells = [translate[key](row.get(key), place) if key in translate else row.get(key) for key in names]
        rows.append([*cells, split_named(split)] if keep_splits else cells)
        if len(rows) % 1000 == 0 and size_of(folder) > limits.unpacked_bytes:
            what = _("Only the first {count:,} rows were taken: they fill the room.", count=len(rows))
            problems.append(Problem(0, what, drops=False))
            break
        if len(rows) % 200 == 0:
            progress(_("Fetching rows from the Hub"), len(rows), 0)
    if not rows:
        raise StudioError(
            _("The data set is empty."), _("It holds no rows."), _("Choose another one or another configuration.")
        )
    if keep_splits:
        names = [*(f"{name}_2" if name == "split" else name for name in names), "split"]
    return RawTable(names, list(zip(*rows, strict=True)), range(1, len(rows) + 1), problems)


def size_of(folder: Path) -> int:
    """Bytes of the files in `folder`, 0 where there is none."""
    return sum(path.stat().st_size for path in folder.iterdir()) if folder.is_dir() else 0


def _rows(splits: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for split, rows in splits.items():
        for row in rows:
            yield split, row


def translator(feature: Any, datasets: Any, folder: Path, token: Token = None) -> Translate:
    """How a cell of this feature becomes text: class numbers become their names, images become files."""
    if isinstance(feature, datasets.Image):
        return lambda value, place: write_image(value, place, folder, token)
    return lambda value, place: named(feature, value, datasets)


def named(feature: Any, value: Any, datasets: Any) -> Any:
    """A value with the names of classes in the place of their numbers, also inside lists and objects."""
    if isinstance(feature, datasets.ClassLabel):
        return feature.int2str(value) if isinstance(value, int) and value >= 0 else None
    if isinstance(value, list):
        return [named(getattr(feature, "feature", None), each, datasets) for each in value]
    if isinstance(feature, dict) and isinstance(value, dict):
        return {key: named(feature.get(key), each, datasets) for key, each in value.items()}
    return value


def write_image(value: Any, place: str, folder: Path, token: Token = None) -> str | None:
    """Store the bytes of one image; returns its name. Only what lies in a Hub repository is fetched."""
    if not isinstance(value, dict):
        return None
    content, origin = value.get("bytes"), str(value.get("path") or "")
    if content is None:
        if not _ON_THE_HUB.fullmatch(origin):
            return None
        import fsspec

        with fsspec.open(origin, "rb", hf={"token": token}) as file:
            content = file.read()
    ending = Path(origin.partition("::")[0]).suffix.lower()
    name = f"{place}{ending if ending in ('.png', '.webp', '.gif', '.bmp', '.tif', '.tiff') else '.jpg'}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return name


def explained(name: str, error: Exception, token: Token = None) -> StudioError:
    """A failure of the Hub or of the way to it, in plain words. The Hub's own text may name what is wrong. token: with
    which it was asked."""
    kind = type(error).__name__
    message = " ".join(str(error).split())[:300]
    if "Gated" in kind or "gated" in message:
        return StudioError(
            _("The data set {name} asks for consent.", name=name),
            _("Its owner lets only people in who agreed to the terms."),
            ONLY_OPEN
            if token is False
            else _("Accept them on the data set's page and log in with `hf auth login` (or set HF_TOKEN)."),
        )
    if "Config" in message and "missing" in message:
        return StudioError(
            _("The data set {name} has several configurations.", name=name),
            message,
            _("Choose one: hub:{name}:CONFIGURATION.", name=name),
        )
    if "NotFound" in kind:
        return StudioError(
            _("The data set {name} was not found on the Hub.", name=name),
            message,
            sentences(
                _("Check the name."),
                ONLY_OPEN if token is False else _("If it is private, log in with `hf auth login` (or set HF_TOKEN)."),
            ),
        )
    return StudioError(
        _("The data set {name} could not be fetched from the Hub.", name=name),
        f"{kind}: {message}" if message else kind,
        _("Check the connection and the name, or use the data as a file."),
    )
