"""Mean pooling inside BERT: the vector is the normalised mean, whatever the padding; it survives saving."""

import copy
import json
from pathlib import Path

import pytest
import torch
from families import build
from torch.nn.functional import layer_norm
from transformers import AutoModelForSequenceClassification

from studio.model_reader import read_architecture
from studio.models.architecture import Architecture
from studio.models.heads import build_without_memory, head_names, shapes_of
from studio.models.local import describe_folder
from studio.models.pooling import NEARLY_LINEAR, append_mean_pooling, wants_mean_pooling
from studio.paths import Home
from studio.tasks import TASKS


def inputs() -> dict[str, torch.Tensor]:
    ids = torch.randint(1, 50, (4, 12), generator=torch.Generator().manual_seed(0))
    mask = (torch.arange(12)[None] < torch.tensor([12, 7, 3, 1])[:, None]).long()
    return {"input_ids": ids * mask, "attention_mask": mask}


def normalised_mean(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return layer_norm(mean, mean.shape[-1:])


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_the_first_position_holds_the_normalised_mean(attention):
    model = build("bert").eval()
    model.set_attn_implementation(attention)
    batch = inputs()
    expected = normalised_mean(model.bert(**batch).last_hidden_state, batch["attention_mask"])
    new = append_mean_pooling(model)
    output = model.bert(**batch)
    assert torch.allclose(output.last_hidden_state[:, 0], expected, atol=1e-3)
    assert torch.allclose(output.pooler_output, torch.tanh(NEARLY_LINEAR * expected), atol=1e-3)
    assert model.config.num_hidden_layers == 4
    assert all(name.startswith(("bert.encoder.layer.3.", "bert.pooler.")) for name in new)


def test_it_is_a_standard_model_on_disk(tmp_path: Path):
    model = build("bert").eval()
    append_mean_pooling(model)
    model.save_pretrained(tmp_path)
    again, info = AutoModelForSequenceClassification.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    assert torch.allclose(again.eval()(**inputs()).logits, model(**inputs()).logits, atol=1e-6)


def test_the_model_below_still_learns_through_it():
    model = build("bert").train()
    append_mean_pooling(model)
    model(**inputs(), labels=torch.tensor([0, 1, 2, 0])).loss.backward()
    lowest = model.bert.encoder.layer[0].attention.self.value.weight.grad
    assert lowest.abs().max() > 1e-5


def test_it_is_used_where_the_files_say_so(text_model: Path, tmp_path: Path):
    assert not wants_mean_pooling(text_model)
    (tmp_path / "1_Pooling").mkdir()
    settings = tmp_path / "1_Pooling" / "config.json"
    settings.write_text(json.dumps({"pooling_mode_mean_tokens": True}), encoding="utf-8")
    assert wants_mean_pooling(tmp_path)
    settings.write_text(json.dumps({"pooling_mode_cls_token": True}), encoding="utf-8")
    assert not wants_mean_pooling(tmp_path)


def test_the_preview_knows_the_layer(tmp_path: Path, home: Home):
    build("bert", with_head=False).save_pretrained(tmp_path)
    task = TASKS["text-classification"]

    def described(pooling: str) -> Architecture:
        return read_architecture(describe_folder(tmp_path), task, task.Options(pooling=pooling), home).with_labels(3)

    structure = described("mean").structure
    model = build("bert")
    new = append_mean_pooling(model) | head_names(model)
    assert structure.total == sum(p.numel() for p in model.parameters())
    assert len(structure.blocks) == 3
    assert set(structure.fixed) == {name for name in new if ".layer.3." in name}
    assert described("auto").structure.fixed == ()


def test_without_numbers_it_brings_shapes_alone():
    """As the preview builds it: nothing is computed, and the names are those of the real one."""
    real = build("bert")
    meta = build_without_memory(type(real), copy.deepcopy(real.config))
    assert append_mean_pooling(meta) == append_mean_pooling(real)
    assert all(parameter.is_meta for parameter in meta.parameters())
    assert shapes_of(meta) == shapes_of(real)
