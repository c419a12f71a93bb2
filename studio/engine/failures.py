"""Every way in which a run can fail, explained with what to do."""

from studio.errors import StudioError, first_line
from studio.events import Failed
from studio.language import _
from studio.room import FULL

_NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc")
_DISK_FULL = (
    *("no space left on device", "disk quota exceeded", "not enough space on the disk", "os error 28"),
    *("file too large", "unexpected pos", "pytorchstreamwriter failed"),  # the last two are said by torch.save
)
NO_ROOM = _("The disk is full.")
RESUME_WITH_ROOM = _("Free some space, on the Runs page under Free space or with `studio clean`, then resume this run.")


class DiskFull(StudioError):
    """Found before anything was written: the run can go on once there is room."""

    def __init__(self, why: str) -> None:
        super().__init__(NO_ROOM, why, RESUME_WITH_ROOM)


class Broken(Exception):
    """What ended the run was explained already, by the process in which it happened."""

    def __init__(self, said: Failed) -> None:
        super().__init__(said.what)
        self.said = said


def explain(error: BaseException, has_checkpoint: bool) -> Failed:
    """The event that ends the run. What was not foreseen is said plainly; its traceback belongs into worker.log."""
    if isinstance(error, Broken):
        return error.said.model_copy(update={"resumable": error.said.resumable or has_checkpoint})
    if isinstance(error, StudioError):
        said = error.explanation
        resumable = has_checkpoint or isinstance(error, DiskFull)
        return Failed(what=said.what, why=said.why, what_to_do=said.what_to_do, resumable=resumable)
    if is_out_of_memory(error):
        return Failed(
            what=_("The memory is full."),
            why=_("The model, its gradients and one batch of examples do not fit beside each other."),
            what_to_do=_(
                "Start again with a smaller batch size, with fewer trained layers (freeze or LoRA), "
                "or with a smaller model. Closing other programs helps too."
            ),
            resumable=has_checkpoint,
        )
    if is_disk_full(error):
        return Failed(
            what=NO_ROOM,
            why=_("The run could not write its files."),
            what_to_do=RESUME_WITH_ROOM,
            resumable=True,
        )
    if isinstance(error, FileNotFoundError):
        return Failed(
            what=_("A file that this run needs is gone."),
            why=_("{file} was there when the run was made.", file=error.filename or error),
            what_to_do=_("Put it back and resume, or choose the data again."),
            resumable=True,
        )
    return Failed(
        what=_("The run failed with an unexpected error."),
        why=f"{type(error).__name__}: {first_line(error)}",
        what_to_do=_("Resume it to try again. For a bug report: worker.log in the run's folder holds the details."),
        resumable=True,
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Of any device, and of any library that is there to say so; asks none, for torch may not be imported yet."""
    names = {kind.__name__ for kind in type(error).__mro__}
    text = str(error).lower()
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or (
        isinstance(error, RuntimeError) and any(part in text for part in _NO_MEMORY)
    )


def is_disk_full(error: BaseException) -> bool:
    """Also when a library hides the error number in its text, as safetensors and torch do."""
    if isinstance(error, DiskFull):
        return True
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, OSError) and chain.errno in FULL:
            return True
        if any(part in str(chain).lower() for part in _DISK_FULL):
            return True
        chain = chain.__cause__ or chain.__context__
    return False
