"""Mean pooling inside the standard BERT architecture: one more layer that only averages.

Sentence encoders are trained so that the mean of all tokens carries the meaning, while
`BertForSequenceClassification` reads the [CLS] position alone. An appended `BertLayer` puts the mean there:
its queries and keys are zero, so every token attends evenly to all tokens that are not padding; its
value projection is the identity; its output projection is c times the identity with a c so large that the
residual vanishes under the LayerNorm; its feed-forward part is zero. What comes out at each position is
LayerNorm(mean of the tokens). The pooler becomes a scaled identity, so that its tanh is nearly linear.
The result is a plain BertForSequenceClassification with one layer more in its config.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.language import _
from studio.models.folders import POOLING
from studio.models.settings_files import UnusableSettingsError, read_settings

if TYPE_CHECKING:
    from transformers import PreTrainedModel

OUTWEIGHS = 1.0e4  # c: the residual is 1/c of the mean
NEARLY_LINEAR = 0.3  # the pooler's scale: tanh of LayerNorm'ed values (about 1) stays within 3 % of linear


def wants_mean_pooling(folder: Path) -> bool:
    """Whether the files of a sentence-transformers model say that it was trained with the mean of its tokens."""
    try:
        settings = read_settings(folder / POOLING) or {}
    except UnusableSettingsError as error:
        what = _(
            "How '{model}' pools its tokens is not known: its {file} cannot be used.", model=folder.name, file=POOLING
        )
        raise StudioError(what, str(error), _("Set pooling to standard.")) from error
    return bool(settings.get("pooling_mode_mean_tokens"))


def can_append_mean_pooling(model_type: str) -> bool:
    return model_type == "bert"


def takes_mean_pooling(choice: str, model_type: str, folder: Path) -> bool:
    """Whether a text's vector shall be the mean of its tokens. choice: auto, standard or mean. Raises StudioError."""
    if choice == "mean" and not can_append_mean_pooling(model_type):
        raise StudioError(
            _("Mean pooling does not fit this model."),
            _("It is of the kind '{kind}'; mean pooling is there for BERT.", kind=model_type),
            _("Set pooling to auto or standard."),
        )
    return choice == "mean" or (choice == "auto" and can_append_mean_pooling(model_type) and wants_mean_pooling(folder))


def append_mean_pooling(model: "PreTrainedModel") -> frozenset[str]:
    """Change a BertForSequenceClassification in place; return the names of its new parameters (layer and pooler).

    It may be on the meta device: then the new layer has no numbers either.
    """
    import torch
    from transformers.models.bert.modeling_bert import BertLayer

    bert: Any = model.base_model
    config = model.config
    index = config.num_hidden_layers
    with torch.device(model.device):
        layer = BertLayer(config, layer_idx=index).to(model.dtype)
        identity = torch.eye(config.hidden_size, dtype=model.dtype)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            parameter.fill_(1.0 if name.endswith("LayerNorm.weight") else 0.0)
        layer.attention.self.value.weight.copy_(identity)
        layer.attention.output.dense.weight.copy_(OUTWEIGHS * identity)
        bert.pooler.dense.weight.copy_(NEARLY_LINEAR * identity)
        bert.pooler.dense.bias.zero_()
    bert.encoder.layer.append(layer.train(model.training))
    config.num_hidden_layers = index + 1
    new = ("bert.pooler.", f"bert.encoder.layer.{index}.")
    return frozenset(name for name in dict(model.named_parameters()) if name.startswith(new))
