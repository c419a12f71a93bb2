"""Models with peft's adapters around them: wrapped for training, saved as adapters alone, loaded onto the base."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.language import _
from studio.strategies.base import LoadingCode, Strategy

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

SETTINGS = "adapter_config.json"  # of peft


class Wrapped(Strategy):
    """What peft saves is a folder with the adapters and the new head, which work on top of the pretrained model."""

    own_files = (SETTINGS,)

    def save(self, model: Any, folder: Path) -> None:
        model.save_pretrained(folder)
        model.config.save_pretrained(folder)  # peft does not save the labels

    def load(self, build: "Callable[[Path], PreTrainedModel]", folder: Path, base: Path | None) -> Any:
        from peft import PeftConfig, PeftModel

        base = base or _find_base(str(PeftConfig.from_pretrained(str(folder)).base_model_name_or_path), folder)
        pretrained = hide_ties_of_detectors(build(base))
        with as_peft_asks():
            return answer_for_convolutions(PeftModel.from_pretrained(pretrained, folder))

    def loading_code(self, model_class: str, base: str) -> LoadingCode | None:
        lines = (
            'config = AutoConfig.from_pretrained(".")  # the labels',
            f'base = {model_class}.from_pretrained("{base}", config=config,',
            "    ignore_mismatched_sizes=True)",
            f'model = PeftModel.from_pretrained(base, "."){self._last_call()}',
        )
        return LoadingCode("peft", ("from peft import PeftModel",), ("AutoConfig",), lines, ("base_model:adapter",))

    def _last_call(self) -> str:
        return ".eval()" if self.why_not_merge() else ".merge_and_unload()"

    def why_not_merge(self) -> str | None:
        return None

    def merge(self, model: Any) -> Any:
        return model.merge_and_unload()


def wrap(model: "nn.Module", config: Any) -> Any:
    """The model with peft's adapters around it."""
    from peft import get_peft_model

    with as_peft_asks():
        return get_peft_model(hide_ties_of_detectors(model), config)


@contextmanager
def as_peft_asks() -> Iterator[None]:
    """peft asks models for `is_gradient_checkpointing`, of which transformers 5 warns that it will be called
    otherwise: nothing that whoever reads the output can do anything about."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield


def hide_ties_of_detectors(model: Any) -> Any:
    """Let peft take models that share weights between layers and have no table of words (Deformable DETR, RT-DETR): it
    asks all that share some for that table, and these raise an error. Returns the model."""
    try:
        model.get_input_embeddings()
    except NotImplementedError:
        model._tied_weights_keys = None
    return model


def answer_for_convolutions(wrapped: Any) -> Any:
    """Give adapted convolutions the stride, padding and the like of the original, which peft leaves out.
    Padding named by a word (EfficientNet: "same") becomes numbers, which is all that some of peft's layers read.

    Returns the model. Needed as long as the adapters are not merged.
    """
    from torch import nn

    for module in wrapped.modules():
        inner = getattr(module, "base_layer", None)
        if isinstance(inner, nn.Conv2d):
            inner.padding = _in_numbers(inner.padding, inner.kernel_size, inner.dilation)
            for name in ("stride", "kernel_size", "dilation", "padding"):
                setattr(module, name, getattr(inner, name))
    return wrapped


def _in_numbers(padding: Any, kernel: Sequence[int], dilation: Sequence[int]) -> Any:
    """What "valid" and "same" mean as numbers; "same" stays where both sides differ."""
    around = [steps * (size - 1) for size, steps in zip(kernel, dilation, strict=True)]
    if padding == "valid":
        return (0,) * len(around)
    even = all(each % 2 == 0 for each in around)
    return tuple(each // 2 for each in around) if padding == "same" and even else padding


def _find_base(name: str, adapter: Path) -> Path:
    from studio.models.sources import locate

    folder = locate(name)
    if folder is None:
        raise StudioError(
            _("The pretrained model '{model}' is no longer on this machine.", model=Path(name).name),
            _("The adapter in '{folder}' only works on top of it.", folder=adapter.name),
            _("Put it back where it was, or download it again on the Model page."),
        )
    return folder
