"""Images as a model takes them: opened, resized once, normalised batch by batch.

Training and answering go through the model's own image processor in two steps, shrink (whole numbers from
0 to 255, which can be kept) and normalise; together they give what one call of the processor gives.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.data.columns import Column
from studio.data.image_files import load_image
from studio.errors import StudioError
from studio.language import _
from studio.models.kind import ModelKind
from studio.tasks.base import Item, Tools

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

IMAGE = Column(
    "image",
    _("Image"),
    "image",
    _("What the model looks at: a file inside the ZIP."),
    hints=("image", "file", "filename", "file_name", "path", "picture", "photo", "img", "image_path"),
)
IMAGE_MODEL = ModelKind(  # one answer to a whole image
    "AutoModelForImageClassification", "image_processor", "image-classification", None, ("image-classification",)
)
MIRROR_CHANCE = 0.5
SMALLEST_CROP = 0.8  # share of width and height


class Pixels:
    """One image processor's way from an image to numbers, divided where the result is small.

    A processor that does something of its own between or after (a second normalisation) is not divided:
    `shrink` then does everything and `normalise` nothing. A trial image shows which it is.
    """

    def __init__(self, processor: Any) -> None:
        self.processor = processor
        self.divided = _can_be_divided(processor)

    def shrink(self, image: "Image") -> "torch.Tensor":
        """(channels, height, width): uint8 after resizing and cropping, or finished float32."""
        return _resize(self.processor, image) if self.divided else _all_at_once(self.processor, image)

    def normalise(self, pixels: "torch.Tensor") -> "torch.Tensor":
        """A batch of what `shrink` gave, (batch, channels, height, width) -> float32 for the model."""
        return _normalise(self.processor, pixels) if self.divided else pixels


@lru_cache(maxsize=4)
def pixels_of(processor: Any) -> Pixels:
    """Whether a processor can be divided is tried once."""
    return Pixels(processor)


def open_image(tools: Tools, item: Item) -> Item:
    """`image` (a path) becomes `pixel_values`: (channels, height, width) as `Pixels.shrink` gives."""
    return {**item, "pixel_values": pixels_of(tools.processor).shrink(load_image(Path(item["image"])))}


class NormaliseImages:
    """Opened items -> one batch: pixel_values (batch, channels, height, width) float32, labels (batch,).

    vary: mirror and crop each image at random.
    """

    def __init__(self, processor: Any, vary: bool = False) -> None:
        self.pixels, self.vary = pixels_of(processor), vary

    def __call__(self, items: list[Item]) -> "dict[str, torch.Tensor]":
        import torch

        images = [vary(item["pixel_values"]) if self.vary else item["pixel_values"] for item in items]
        batch = {"pixel_values": self.pixels.normalise(torch.stack(images))}
        if "labels" in items[0]:
            batch["labels"] = torch.tensor([item["labels"] for item in items])
        return batch


def _all_at_once(processor: Any, image: "Image") -> "torch.Tensor":
    pixels: torch.Tensor = processor(image, return_tensors="pt")["pixel_values"][0]
    return pixels


def _resize(processor: Any, image: "Image") -> "torch.Tensor":
    pixels: torch.Tensor = processor(image, do_rescale=False, do_normalize=False, return_tensors="pt")["pixel_values"]
    return pixels[0]


def _normalise(processor: Any, pixels: "torch.Tensor") -> "torch.Tensor":
    import torch
    from torchvision.transforms.v2 import functional

    values = pixels.to(torch.float32)
    if processor.do_rescale:
        values = values * processor.rescale_factor
    if processor.do_normalize:
        values = functional.normalize(values, list(processor.image_mean), list(processor.image_std))
    return values


def _can_be_divided(processor: Any) -> bool:
    """Whether resizing gives uint8, and normalising that afterwards what one call of the processor gives."""
    import torch
    from PIL import Image

    trial = Image.radial_gradient("L").resize((96, 72)).convert("RGB")
    try:
        resized = _resize(processor, trial)
    except (TypeError, ValueError, RuntimeError):
        return False  # it cannot stop half way
    whole = _all_at_once(processor, trial)
    return resized.dtype == torch.uint8 and torch.allclose(_normalise(processor, resized[None])[0], whole, atol=1e-5)


def vary(pixels: "torch.Tensor") -> "torch.Tensor":
    """Mirror and crop a little at random (torch's own random numbers): the same shape as before."""
    import torch
    from torchvision.transforms.v2 import functional

    chance, share, top, left = torch.rand(4).tolist()
    height, width = pixels.shape[-2:]
    share = SMALLEST_CROP + (1 - SMALLEST_CROP) * share
    crop = [max(1, round(height * share)), max(1, round(width * share))]
    place = [int(top * (height - crop[0] + 1)), int(left * (width - crop[1] + 1))]
    varied = functional.resized_crop(pixels, *place, *crop, size=[height, width], antialias=True)
    return functional.horizontal_flip(varied) if chance < MIRROR_CHANCE else varied


def load_image_processor(folder: Path, config: Any, trust_remote_code: bool) -> Any:
    """The folder's image processor; the usual one of its kind where the folder has none."""
    from transformers import AutoImageProcessor
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING

    if (folder / "preprocessor_config.json").is_file() or (folder / "processor_config.json").is_file():
        return AutoImageProcessor.from_pretrained(folder, trust_remote_code=trust_remote_code)
    try:
        kinds: Any = IMAGE_PROCESSOR_MAPPING[type(config)]
    except KeyError as error:
        raise StudioError(
            _("'{model}' does not say how its images must be prepared.", model=folder.name),
            _("The file preprocessor_config.json is missing, and this kind of model has no usual one."),
            _("Choose another model, or put that file into its folder."),
        ) from error
    if "torchvision" not in kinds:  # timm's, which stands in config.json
        return AutoImageProcessor.from_pretrained(folder, trust_remote_code=trust_remote_code)
    processor = kinds["torchvision"]()
    size = getattr(config, "image_size", None)
    if isinstance(size, int) and not processor.do_center_crop:
        processor.size = type(processor.size)(height=size, width=size)
    return processor
