"""Models that mark an image by a set of masks, each with a class of its own: Mask2Former (Cheng et al., 2022).

They learn by assigning each region of an image to the mask that fits it best; what a pixel shows follows from all masks
that cover it, each as sure as it is of its class (semantic inference, as `post_process_semantic_segmentation`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.regions import LEFT_OUT
from studio.errors import StudioError
from studio.language import _
from studio.tasks.base import Batch, Loss
from studio.tasks.object_detection import counting_own_boxes

if TYPE_CHECKING:
    import torch

AUTO_CLASS = "AutoModelForUniversalSegmentation"
KNOWN = "mask2former"  # of the models that this class loads


def marks_sets(config: Any) -> bool:
    """Of a model, by its config: the other ones have an output for every class at every place."""
    return bool(config.model_type == KNOWN)


def require_known(model: Any, folder: Path) -> None:
    """Raises StudioError for other models that mark by sets: they are asked in other ways."""
    from transformers import AutoModelForUniversalSegmentation

    if type(model.config) in AutoModelForUniversalSegmentation._model_mapping and not marks_sets(model.config):
        raise StudioError(
            _("'{model}' ({kind}) cannot be taught this task.", model=folder.name, kind=model.config.model_type),
            _("Of the models that mark by sets of masks, only Mask2Former is known here."),
            _("Choose a model from the list for this task."),
        )


def set_loss(model: Any, batch: Batch) -> Loss:
    """The model's own, of classes and masks, over so many regions."""
    labels = batch.tensors["labels"]
    classes = [found[found != LEFT_OUT] for found in (each.unique() for each in labels)]
    masks = [(each == found[:, None, None]).float() for each, found in zip(labels, classes, strict=True)]
    with counting_own_boxes(), _points_of_their_own(not model.training):
        outputs = model(pixel_values=batch.tensors["pixel_values"], mask_labels=masks, class_labels=classes)
    return Loss.of_mean(outputs.loss, max(1, sum(map(len, classes))), outputs)


@contextmanager
def _points_of_their_own(fixed: bool) -> Iterator[None]:
    """The loss looks at random points. fixed: always at the same ones, so that scores can be compared, and the random
    numbers of the training stay untouched."""
    import torch

    if not fixed:
        yield
        return
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def class_shares(outputs: Any) -> "torch.Tensor":
    """How much of each place belongs to each class: (batch, classes, height, width), of a model of either kind."""
    import torch

    if hasattr(outputs, "logits"):
        return outputs.logits.float().softmax(dim=1)
    sure = outputs.class_queries_logits.float().softmax(dim=-1)[..., :-1]  # the last one is "nothing"
    found = torch.einsum("bqc,bqhw->bchw", sure, outputs.masks_queries_logits.float().sigmoid())
    return found / found.sum(dim=1, keepdim=True).clamp(min=1e-9)
