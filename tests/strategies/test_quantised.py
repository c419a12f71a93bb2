"""QLoRA: said with its reason where it cannot be had; where bitsandbytes is installed, trained, paused and saved."""

import copy
import json
from pathlib import Path

import pandas
import pytest
import torch
import trained
from families import build, live_structure, structure_of
from family_runs import NoProcessor, collate, items, logits, new_run, tensors, train

from studio import hardware
from studio.cli import main
from studio.config import RunConfig
from studio.engine.answering import answer_cells
from studio.engine.resident import ResidentModels
from studio.errors import StudioError
from studio.forecast import loaded_bytes
from studio.hardware import Gpu
from studio.models.heads import shapes_of
from studio.models.structure import find_structure
from studio.paths import Home
from studio.preflight import find_problems
from studio.store import Run
from studio.strategies import STRATEGIES
from studio.strategies.adapters.quantised import Qlora, _stays_whole, quantised
from studio.strategies.base import PLAIN
from studio.tasks import TASKS
from studio.tasks.loading import _load as load
from studio.tasks.loading import structure_ahead

QLORA = STRATEGIES["qlora"]
FAMILIES = ("bert", "gpt2", "t5", "vit")
BITS = ("4-bit", "8-bit")


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "nvidia_gpus", lambda: [])


@pytest.fixture
def anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """bitsandbytes also computes on a processor, slowly: what it does can be tested there."""
    modules = pytest.importorskip("bitsandbytes.nn.modules", reason="bitsandbytes needs: uv sync --extra gpu")
    monkeypatch.setattr(modules, "has_avx512bf16", lambda: False)  # its layout of weights wants widths of 32
    monkeypatch.setattr(Qlora, "why_not_here", lambda self: "")


def test_the_reason_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "nvidia_gpus", lambda: [Gpu("Some card", 8 * 1024**3)])
    monkeypatch.setattr(hardware.importlib.util, "find_spec", lambda name: None)
    assert "pip install bitsandbytes" in QLORA.why_not_here()
    monkeypatch.setattr(hardware.importlib.util, "find_spec", lambda name: object())
    assert QLORA.why_not_here() == ""


def test_without_a_gpu_lists_and_run_files_say_so(no_gpu: None, tmp_path: Path, capsys) -> None:
    main(["list", "strategies", "--json"])
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert "NVIDIA" in listed["qlora"]["why_not_here"] and "NVIDIA" in listed["qlora"]["sentence"]
    assert listed["lora"]["why_not_here"] == ""
    values = {
        "task": "text-classification",
        "model": {"id": "starter/text"},
        "data": {"source": "x.csv"},
        "strategy": {"name": "qlora", "bits": "8-bit"},
    }
    problems = find_problems(RunConfig.read(values), Home(tmp_path))
    assert any("QLoRA" in problem.what and "NVIDIA" in problem.why for problem in problems)
    with pytest.raises(StudioError, match="NVIDIA"):
        QLORA.apply(build("bert"), structure_of("bert"), QLORA.Options())


def test_a_run_file_that_names_it_exits_with_2(no_gpu: None, tmp_path: Path, reviews: Path, text_model: Path, capsys):
    path = tmp_path / "run.yaml"
    path.write_text(
        f"task: text-classification\nmodel: {{id: '{text_model}'}}\ndata: {{source: '{reviews}'}}\n"
        "strategy: {name: qlora}\n",
        encoding="utf-8",
    )
    assert main(["train", str(path), "--home", str(tmp_path / "home")]) == 2
    assert "needs an NVIDIA GPU" in capsys.readouterr().err


def test_fewer_bits_need_less_memory() -> None:
    structure = structure_of("bert")
    previews = [QLORA.preview(structure, QLORA.Options(bits=bits)) for bits in BITS]
    saved = [4 * preview.quantised - preview.quantised_bytes for preview in previews]
    weights = sum(layer.inputs * layer.outputs for layer in QLORA.automatic(structure))  # type: ignore[attr-defined]
    assert 4 * weights > saved[0] > 3.4 * weights > 3 * weights > saved[1] > 2.9 * weights
    assert (
        QLORA.preview(structure, QLORA.Options()).trainable
        == STRATEGIES["lora"].preview(structure, STRATEGIES["lora"].Options()).trainable
    )


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("family", FAMILIES)
def test_adapters_learn_on_rounded_weights(family: str, bits: str, anywhere: None) -> None:
    plain = build(family)
    structure = live_structure(plain)
    options = QLORA.Options(bits=bits)
    model = QLORA.apply(copy.deepcopy(plain), structure, options).to("cpu")
    kinds = {type(module).__name__ for module in model.modules()}
    assert ("Linear4bit" if bits == "4-bit" else "Linear8bitLt") in kinds
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert (
        sum(p.numel() for n, p in model.named_parameters() if n in trained)
        == QLORA.preview(structure, options).trainable
    )
    batch = collate(items(family))
    plain.eval(), model.eval()
    with torch.no_grad():
        rounded, exact = model(**batch).logits, plain(**batch).logits
    assert not torch.equal(rounded, exact)
    torch.testing.assert_close(rounded, exact, rtol=0.3, atol=0.3)
    model.train()(**batch).loss.backward()
    assert {name for name, parameter in model.named_parameters() if parameter.grad is not None} <= trained
    assert any("lora_B" in name and p.grad is not None and p.grad.any() for name, p in model.named_parameters())


@pytest.mark.parametrize("bits", BITS)
def test_a_layer_of_gpt2_is_turned_round(bits: str, anywhere: None) -> None:
    from transformers.pytorch_utils import Conv1D

    torch.manual_seed(0)
    layer = Conv1D(128, 64)  # on a processor, bitsandbytes rounds smaller ones coarsely
    inputs = torch.randn(5, 64)
    answers = quantised(layer, bits).to("cpu")(inputs)
    assert answers.shape == (5, 128)
    torch.testing.assert_close(answers, layer(inputs), rtol=0, atol=0.08)


@pytest.mark.parametrize("bits", BITS)
def test_a_run_pauses_and_goes_on_and_its_adapter_is_a_plain_one(bits: str, anywhere: None, home: Home) -> None:
    from peft import PeftModel

    from studio.engine import outputs

    def new() -> Run:
        run = new_run(home, "qlora", "bert")
        values = json.loads(run.config_file.read_text())
        values["strategy"]["bits"] = bits
        run.config_file.write_text(json.dumps(values))
        return run

    straight, run = train(new()), new()
    train(run, pause_after=1)
    resumed = train(run)
    plan = run.state().plan
    assert plan is not None
    assert plan.total_parameters > sum(p.numel() for p in build("bert").parameters())
    weights = tensors(resumed.model)
    for name, value in tensors(straight.model).items():
        assert torch.equal(value, weights[name]), name
    outputs.save_model(run, resumed.model, NoProcessor(), QLORA)
    reloaded = PeftModel.from_pretrained(build("bert"), run.model)
    torch.testing.assert_close(logits(reloaded, "bert"), logits(resumed.model, "bert"), rtol=0.3, atol=0.3)
    kept = tensors(reloaded)
    assert all(torch.equal(kept[name], value) for name, value in weights.items() if "lora_" in name)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("family", ["bert", "gpt2", "t5"])
def test_a_model_is_rounded_while_it_is_read(family: str, bits: str, anywhere: None, tmp_path: Path) -> None:
    """No layer is ever there in full precision, and everything else is as if it had been rounded afterwards."""
    plain = build(family)
    plain.save_pretrained(tmp_path)
    options = QLORA.Options(bits=bits)
    kind = TASKS["text-classification"].model
    config = type(plain.config).from_pretrained(tmp_path)
    ahead = structure_ahead(kind, config, trust_remote_code=False)
    model, _ = load(kind, tmp_path, config, False, QLORA.loading(options))

    structure = live_structure(plain)
    assert (ahead.shapes, ahead.blocks, set(ahead.head)) == (structure.shapes, structure.blocks, set(structure.head))
    assert shapes_of(model) == dict(structure.shapes)
    afterwards = QLORA.apply(copy.deepcopy(plain), structure, options).to("cpu").base_model.model
    small = [name for name, module in model.named_modules() if type(module).__module__.startswith("bitsandbytes")]
    assert set(small) == {each.name for each in QLORA.automatic(structure) if not _stays_whole(plain, each.name)}  # type: ignore[attr-defined]
    read = {name: model.get_submodule(name).weight for name in small}
    model = QLORA.apply(model, find_structure(shapes_of(model), structure.head), options).to("cpu")
    for name, weight in read.items():
        layer = model.base_model.model.get_submodule(name).base_layer
        assert layer.weight is weight  # and not rounded twice
        assert torch.equal(weight.data, afterwards.get_submodule(name).base_layer.weight.data), name
    assert not hasattr(model.config, "quantization_config")
    plain.eval(), model.eval()
    batch = collate(items(family))
    with torch.no_grad():
        torch.testing.assert_close(model(**batch).logits, plain(**batch).logits, rtol=0.3, atol=0.3)


@pytest.mark.parametrize("bits", BITS)
def test_the_forecast_counts_what_the_loaded_weights_take(bits: str, anywhere: None, tmp_path: Path) -> None:
    plain = build("bert")
    plain.save_pretrained(tmp_path)
    kind, structure = TASKS["text-classification"].model, live_structure(plain)
    config = RunConfig.read(
        {
            "task": "text-classification",
            "model": {"id": str(tmp_path)},
            "data": {"source": "none.csv"},
            "strategy": {"name": "qlora", "bits": bits},
        }
    )
    loading = QLORA.loading(config.strategy_options)
    model, _ = load(kind, tmp_path, type(plain.config).from_pretrained(tmp_path), False, loading)
    held = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    whole = sum(parameter.numel() * parameter.element_size() for parameter in plain.parameters())
    assert loaded_bytes(config, structure, loading) == pytest.approx(held, rel=0.05)
    assert loaded_bytes(config, structure, PLAIN) == whole > held


@pytest.mark.parametrize("bits", BITS)
def test_a_run_is_answered_on_the_weights_that_it_was_trained_on(
    bits: str, anywhere: None, home: Home, text_model: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the device is one for it; else the adapter goes on the pretrained model in full precision."""
    small = "Linear4bit" if bits == "4-bit" else "Linear8bitLt"
    strategy = {"name": "qlora", "r": 4, "bits": bits}
    run = trained.new_run(home, "text-classification", text_model, reviews, strategy=strategy, training={"epochs": 1})
    assert trained.in_this_process(run, monkeypatch) == 0, run.state().failure
    rows = pandas.read_parquet(run.test_rows_file)
    seen = [json.loads(answer)["details"]["probabilities"] for answer in rows["answer"]]

    def answers(which: str, *devices: str) -> tuple[set[str], list[dict[str, float]]]:
        monkeypatch.setattr(Qlora, "devices", devices)
        bundle = ResidentModels(1).get(run, which)
        kinds = {type(module).__name__ for module in bundle.model.modules()}
        found = answer_cells(bundle, [{"text": text} for text in rows["text"]])
        return kinds, [answer.details["probabilities"] for answer in found]

    kinds, found = answers("tuned", "cpu")
    assert small in kinds
    assert all(one == pytest.approx(other, abs=1e-5) for one, other in zip(found, seen, strict=True))
    assert small in answers("before", "cpu")[0]
    assert small not in answers("before")[0]
    kinds, whole = answers("tuned")
    assert small not in kinds
    assert whole != found
