"""Which rows train, which validate, which test. The screen and the run call the same function."""

from typing import TYPE_CHECKING

from pydantic import model_validator

from studio.options import Options, setting

if TYPE_CHECKING:
    pass


class SplitOptions(Options):
    """Fractions of the rows; they add up to 1."""

    train: float = setting(
        0.8, title="Learn from (train)", help="Share of the rows that the model learns from.", gt=0, lt=1
    )
    validation: float = setting(
        0.1,
        title="Check while learning (validation)",
        help="Share that decides when to stop and which step was best.",
        gt=0,
        lt=1,
    )
    test: float = setting(
        0.1, title="Final exam (test)", help="Share that the model sees only once, at the end.", gt=0, lt=1
    )
    stratify: bool = setting(
        True, title="Keep class shares (stratify)", help="Every part gets the same mix of classes."
    )
    seed: int = setting(
        7, title="Shuffle number (seed)", help="The same number gives the same split.", ge=0, le=2**31 - 1
    )
    keep: bool = setting(
        True,
        title="Keep the split that came with the data",
        help="Use train/validation/test parts where the upload has them; only what is missing is cut off the training part.",
    )

    @model_validator(mode="after")
    def _adds_up(self) -> "SplitOptions":
        total = self.train + self.validation + self.test
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"the three parts must add up to 1, they make {total:.3g}")
        return self
