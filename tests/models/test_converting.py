"""Models of packages that hold another format become standard folders, which plain transformers loads."""

import pickle
import struct
from io import BytesIO
from pathlib import Path

import numpy
import pytest
import torch

from studio.errors import StudioError
from studio.models.converting import photo, whisper
from studio.models.converting.photo import tensors_in
from studio.models.starters import STARTERS, locate_starter
from studio.paths import Home


def test_photographs_start_from_a_network_that_knows_things(home: Home) -> None:
    import timm
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    folder = locate_starter(STARTERS["photo"], home)
    assert folder is not None and locate_starter(STARTERS["photo"], home) == folder
    model, info = AutoModelForImageClassification.from_pretrained(folder, output_loading_info=True)
    assert {name.rpartition(".")[2] for name in info["missing_keys"]} <= {"num_batches_tracked"}
    assert not info["mismatched_keys"] and not info["unexpected_keys"]
    plain = timm.create_model("tf_efficientnet_lite0").eval()
    plain.load_state_dict(model.timm_model.state_dict())
    picture = torch.linspace(-1, 1, 3 * 64 * 64).reshape(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(model.eval()(picture).logits, plain(picture), atol=1e-5)
    assert AutoImageProcessor.from_pretrained(folder).crop_size["height"] == 224


def test_a_package_that_was_changed_makes_no_model(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(package: Path, folder: Path) -> None:
        raise ValueError("no such thing")

    monkeypatch.setitem(STARTERS["photo"].__dict__, "convert", fails)
    with pytest.raises(StudioError, match="cannot be made of its package"):
        locate_starter(STARTERS["photo"], home)
    assert not (home.cache / "starters" / "photo").exists()


def test_a_file_that_was_changed_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / photo.FILE).write_bytes(b"\x80\x02}.")
    (tmp_path / "made").mkdir()
    with pytest.raises(ValueError, match="was changed"):
        photo.convert(tmp_path, tmp_path / "made")


def test_only_what_tensors_need_may_be_called_by_their_file() -> None:
    tensor = torch.arange(6.0).reshape(2, 3).t()
    file = BytesIO()
    torch.save({"a": tensor}, file, _use_new_zipfile_serialization=False)
    file.seek(0)
    assert numpy.array_equal(tensors_in(file)["a"], tensor.numpy())
    evil = BytesIO(b"".join(pickle.dumps(each) for each in (1, 2, {})) + pickle.dumps(print))
    with pytest.raises(pickle.UnpicklingError, match="not expected"):
        tensors_in(evil)


def test_whisper_s_file_is_cut_into_the_tensors_that_transformers_knows(tmp_path: Path) -> None:
    def name(text: str) -> bytes:
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    values = numpy.arange(6, dtype="<f2").reshape(2, 3)
    head = struct.pack("<I", 6) + name("WhisperSpec") + struct.pack("<II", 3, 1)
    variable = name("decoder/x") + struct.pack("<BIIBI", 2, 2, 3, 4, values.nbytes) + values.tobytes()
    ((called, found),) = whisper.variables(BytesIO(head + variable))
    assert called == "decoder/x" and numpy.array_equal(found, values)
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    config = WhisperConfig(**{key: value for key, value in whisper.CONFIG.items() if key != "architectures"})
    with torch.device("meta"):
        state = WhisperForConditionalGeneration(config).state_dict()
    known = {}

    def both(place: str, *size: int) -> None:
        known[f"{place}/weight"], known[f"{place}/bias"] = numpy.zeros(size), numpy.zeros(size[0])

    def norm(place: str) -> None:
        known[f"{place}/gamma"] = known[f"{place}/beta"] = numpy.zeros(384)

    rows = {"self_attention/linear_0": 1152, "self_attention/linear_1": 384, "ffn/linear_0": 1536, "ffn/linear_1": 384}
    rows |= {"attention/linear_0": 384, "attention/linear_1": 768, "attention/linear_2": 384}
    for part in ("encoder", "decoder"):
        norm(f"{part}/layer_norm")
        for layer in range(whisper.LAYERS):
            for place, count in rows.items():
                both(f"{part}/layer_{layer}/{place}", count, 1536 if place == "ffn/linear_1" else 384)
            for place in ("self_attention", "attention", "ffn"):
                norm(f"{part}/layer_{layer}/{place}/layer_norm")
    both("encoder/conv1", 384, 80, 3)
    both("encoder/conv2", 384, 384, 3)
    known["decoder/position_encodings/encodings"] = numpy.zeros((448, 384))
    known["decoder/embeddings/weight"] = numpy.zeros((51864, 384))
    made = {name: tensor.shape for name, tensor in whisper.renamed(known)}
    assert made == {name: tuple(tensor.shape) for name, tensor in state.items() if name != "proj_out.weight"}
    few = {"encoder_layers": 1, "decoder_layers": 1}
    small = WhisperForConditionalGeneration(WhisperConfig(**{**config.to_dict(), **few}))
    waves = small.model.encoder.embed_positions.weight
    assert torch.allclose(waves, torch.from_numpy(whisper.waves(1500)), atol=1e-3)
