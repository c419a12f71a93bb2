"""What a larger model sees in an image, place by place: the lesson that a small one learns most from.

The teacher looks at the very view that the pupil looks at (as in "Knowledge distillation: a good teacher is patient
and consistent", Beyer et al. 2021), and answers on two levels: a fine grid half way up, and a coarse one at the top.
"""

from pathlib import Path
from typing import Any

from studio.errors import StudioError

LEVELS = ("fine", "coarse")
SIDE = 128  # of the view that the teacher gets
FINE_STRIDE, FAR = 16, 6.0  # one answer for so many pixels; how many deviations an answer may be away from the mean


class Teacher:
    """A MobileNetV2 that was trained on ImageNet; answers have mean 0 and deviation 1 in every channel."""

    def __init__(self, folder: Path, views: Any, device: str = "cpu") -> None:
        """`views` (n, 3, SIDE, SIDE): some images, to learn how far the answers usually vary."""
        import torch
        from transformers import AutoModelForImageClassification

        if not (folder / "config.json").is_file():
            raise StudioError(
                "The teacher is not there.",
                f"There is no config.json in {folder}.",
                "Name the folder of an image classification model in transformers' format, or leave --teacher out.",
            )
        model = AutoModelForImageClassification.from_pretrained(folder).base_model.eval()
        self._model = model.to(device, memory_format=torch.channels_last)
        views = views.to(device)
        raw = self._look(views)
        self._scales = [(maps.mean((0, 2, 3), keepdim=True), maps.std((0, 2, 3), keepdim=True)) for maps in raw]
        self.widths = {name: maps.shape[1] for name, maps in zip(LEVELS, raw, strict=True)}
        pooled = self(views)["coarse"].mean((2, 3))
        self.pooled_deviation = pooled.std(0)

    def __call__(self, views: Any) -> dict[str, Any]:
        """For each level the answers (n, channels, rows, columns)."""
        answers = zip(LEVELS, self._look(views), self._scales, strict=True)
        return {
            name: ((maps - mean) / (deviation + 1e-3)).clamp(-FAR, FAR) for name, maps, (mean, deviation) in answers
        }

    def _look(self, views: Any) -> list[Any]:
        import torch

        with torch.no_grad():
            seen = self._model(views, output_hidden_states=True)
            fine = [maps for maps in seen.hidden_states if maps.shape[-1] == views.shape[-1] // FINE_STRIDE]
        return [fine[-1], seen.last_hidden_state]


def lesson(heads: Any, maps: dict[str, Any], answers: dict[str, Any], pooled_deviation: Any) -> Any:
    """How far the pupil's maps, each through its head, are from the answers; the top also as a whole, pooled."""
    from torch.nn import functional

    total: Any = 0.0
    for name in LEVELS:
        found = heads[name](maps[name])
        wanted = functional.adaptive_avg_pool2d(answers[name], found.shape[-2:])
        total = total + functional.mse_loss(found, wanted)
        if name == "coarse":
            wrong = (found.mean((2, 3)) - wanted.mean((2, 3))) / (pooled_deviation + 1e-3)
            total = total + wrong.square().mean()
    return total
