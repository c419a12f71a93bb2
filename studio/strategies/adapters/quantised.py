"""LoRA on weights that are held in four or eight bits (QLoRA), through bitsandbytes."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from studio.hardware import why_no_bitsandbytes
from studio.language import _
from studio.models.structure import Structure
from studio.options import Options as BaseOptions
from studio.options import setting
from studio.strategies.adapters.low_rank import DoraOptions, Lora
from studio.strategies.base import Loading, Preview

if TYPE_CHECKING:
    from torch import nn

BYTES = {"4-bit": 0.52, "8-bit": 1.01}  # that a number takes, with the scales that go with them


class QloraOptions(DoraOptions):
    bits: Literal["4-bit", "8-bit"] = setting(
        "4-bit",
        title=_("Numbers of the frozen model (quantisation)"),
        help=_("4-bit takes an eighth of the memory, 8-bit a quarter and rounds less."),
        advanced=False,
    )


class Qlora(Lora):
    """Dettmers et al. 2023, arXiv:2305.14314: NF4 with doubly quantised scales. 8-bit: Dettmers et al. 2022,
    arXiv:2208.07339.

    The adapter that comes of it is an ordinary one of LoRA: it goes on the pretrained model in any precision.
    """

    name = "qlora"
    title = "QLoRA"
    plain = _("LoRA on a quantised model")
    use = _("A model that does not fit into the memory of the GPU otherwise.")
    avoid = _("Small models: it only makes them slower.")
    sentence = _("LoRA while the frozen model is held in 4 or 8 bits: large models fit into a small GPU.")
    kinds = frozenset({"linear", "conv1d"})
    devices: ClassVar[tuple[str, ...]] = ("cuda",)  # on which bitsandbytes answers fast
    keeps_layers = False  # what GPT-2 stores as (in, out) is turned round
    Options: ClassVar[type[BaseOptions]] = QloraOptions

    def why_not_here(self) -> str:
        return why_no_bitsandbytes()

    def uses_dora(self, options: Any) -> bool:
        return False

    def preview(self, structure: Structure, options: Any) -> Preview:
        previewed = super().preview(structure, options)
        numbers = sum(layer.inputs * layer.outputs for layer in self.automatic(structure))
        return replace(previewed, quantised=numbers, quantised_bytes=round(numbers * BYTES[options.bits]))

    def loading(self, options: Any) -> Loading:
        """Every layer is rounded as soon as it is read: the model is never there as a whole in full precision."""
        return Loading(quantisation=lambda structure: self._bits(structure, options))

    def loading_on(self, device: str, options: Any) -> Loading:
        loading = self.loading(options)
        return loading if device in self.devices and not self.why_not_here() else replace(loading, quantisation=None)

    def _bits(self, structure: Structure, options: Any) -> Any:
        self.check_here()
        from transformers import BitsAndBytesConfig

        small = {layer.name for layer in self.automatic(structure)}
        modules = (name.rpartition(".")[0] for name, shape in structure.shapes.items() if len(shape) == 2)
        whole = [name for name in modules if name not in small]
        if options.bits == "8-bit":
            return BitsAndBytesConfig(load_in_8bit=True, llm_int8_threshold=0.0, llm_int8_skip_modules=whole)
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            llm_int8_skip_modules=whole,
        )

    def apply(self, model: "nn.Module", structure: Structure, options: Any) -> "nn.Module":
        """What `loading` left in full precision, as for a model that was made in memory, is rounded now."""
        self.check_here()
        for layer in self.automatic(structure):
            if not _is_small(model.get_submodule(layer.name)) and not _stays_whole(model, layer.name):
                model.set_submodule(layer.name, quantised(model.get_submodule(layer.name), options.bits))
        setattr(model, f"is_loaded_in_{options.bits.replace('-', '')}", True)  # what peft asks
        return super().apply(model, structure, options)


def _is_small(layer: "nn.Module") -> bool:
    return hasattr(layer, "source_cls")  # as transformers marks a layer that it put in another one's place


def quantised(layer: Any, bits: str) -> "nn.Module":
    """The same layer with its weight in few bits, which it is rounded to as soon as it is moved to a device."""
    import bitsandbytes
    from transformers.pytorch_utils import Conv1D

    weight = layer.weight.data.T.contiguous() if isinstance(layer, Conv1D) else layer.weight.data
    outputs, inputs = weight.shape
    has_bias = layer.bias is not None
    small: Any
    if bits == "4-bit":
        small = bitsandbytes.nn.Linear4bit(inputs, outputs, has_bias, quant_type="nf4", compress_statistics=True)
        small.weight = bitsandbytes.nn.Params4bit(
            weight, requires_grad=False, quant_type="nf4", compress_statistics=True, module=small
        )
    else:
        small = bitsandbytes.nn.Linear8bitLt(inputs, outputs, has_bias, has_fp16_weights=False)
        small.weight = bitsandbytes.nn.Int8Params(weight, requires_grad=False, has_fp16_weights=False)
    if has_bias:
        small.bias = layer.bias
    return small


def _stays_whole(model: Any, name: str) -> bool:
    """Layers that the model's authors keep in single precision (T5's `wo`: its code casts to the weight's type)."""
    kept = getattr(model, "_keep_in_fp32_modules", None) or ()
    return any(part in name.split(".") for part in kept)
