"""Finding the image of an upload that a name in a table or an annotation refers to."""

from collections import defaultdict
from collections.abc import Sequence
from copy import copy
from pathlib import PurePosixPath

from studio.data.folders.split_folders import split_of_file, split_of_path
from studio.data.named_files import why_refused


class ImageNames:
    """By the path, else the name, else the name without its ending. What could mean several images means none, and so
    does what names a place outside of the upload."""

    def __init__(self, images: Sequence[str]) -> None:
        self._folder = ""
        self._split: str | None = None
        self._paths = set(images)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for image in images:
            path = PurePosixPath(image)
            self._by_name[path.name].append(image)
            self._by_stem[path.stem].append(image)

    def inside(self, file: str) -> "ImageNames":
        """The same for names in this file: paths start in its folder, and of two images that of its split is meant."""
        moved = copy(self)
        folder = file.rpartition("/")[0]
        moved._folder = f"{folder}/" if folder else ""
        moved._split = split_of_file(file) or split_of_path(file)
        return moved

    def __call__(self, cell: object) -> str | None:
        if not isinstance(cell, str) or why_refused(cell):
            return None
        name = cell.strip().replace("\\", "/").removeprefix("./")
        for path in (self._folder + name, name):
            if path in self._paths:
                return path
        last = name.rpartition("/")[2]
        return self._meant(self._by_name.get(last, []), name) or self._meant(self._by_stem.get(last, []), name)

    def _meant(self, candidates: Sequence[str], name: str) -> str | None:
        if len(candidates) > 1:
            folder = f"/{name.rpartition('/')[0]}/" if "/" in name else ""
            closer = [path for path in candidates if folder and folder in f"/{path}"]
            beside = [path for path in candidates if path.rpartition("/")[0] == self._folder.rstrip("/")]
            alike = [path for path in candidates if self._split and split_of_path(path) == self._split]
            candidates = next((some for some in (closer, beside, alike) if len(some) == 1), [])
        return candidates[0] if len(candidates) == 1 else None
