"""Every strategy on a model of every kind: three steps move exactly what they should, pausing changes nothing, and
what is saved gives the same answers to plain transformers and peft in another process."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache

import pytest
import torch
from families import build, structure_of
from family_runs import STEPS, NoProcessor, Straight, collate, items, logits, new_run, tensors, train

from studio.engine import outputs
from studio.paths import Home
from studio.strategies import STRATEGIES
from studio.strategies.adapters.base import plain_names

FAMILIES = ("bert", "gpt2", "t5", "vit", "resnet")
WITH_POOLER = ("freeze", "bitfit", "norm-only")
EVERYTHING = ("full", "layerwise", "gradual", "lp-ft", "scratch")
INSIDE = {
    "bitfit": r"bias$",
    "norm-only": r"(?i:norm)|(^|[._])ln_",
    "prefix-tuning": r"^prompt_encoder\.",
    "prompt-tuning": r"^prompt_encoder\.",
    "p-tuning": r"^prompt_encoder\.",
    "ln-tuning": r"\.ln_tuning_layers\.default\.",
    "qlora": r"\.lora_[AB]\.",
    "lora": r"\.lora_[AB]\.",
    "dora": r"\.lora_([AB]|magnitude_vector)\.",
    "adalora": r"\.lora_[ABE]\.",
    "loha": r"\.hada_w[12]_[ab]\.",
    "lokr": r"\.lokr_w[12](_[ab])?\.",
    "hira": r"\.hira_[AB]\.",
    "delora": r"\.delora_(A|B|lambda)\.",
    "miss": r"\.miss_block\.",
    "oft": r"\.oft_R\.",
    "boft": r"\.boft_[Rs]\.",
    "hra": r"\.hra_u\.",
    "road": r"\.road_(theta|alpha)\.",
    "vera": r"\.vera_lambda_[bd]\.",
    "randlora": r"\.randlora_(lambda|gamma)\.",
    "fourierft": r"\.fourierft_spectrum\.",
    "adapter": r"\.bottleneck\.",
    "c3a": r"\.c3a_kernel\.",
    "shira": r"\.shira_weight\.",
    "vblora": r"\.vblora_(logits_[AB]|vector_bank)\.|vblora_vector_bank",
    "ia3": r"\.ia3_l\.",
}
# without a gradient (what softmax takes away again, tables that are not looked at), or put back to zero by AdaLoRA
UNMOVED = re.compile(r"key\.bias$|relative_attention_bias|token_type|position_embeddings|mask_token|lora_E")


CASES = [(strategy.name, family) for strategy in STRATEGIES if not strategy.why_not_here() for family in FAMILIES]
# what a checkpoint holds depends on the strategy, and on the family, but not on both at once
PAUSED = [
    (strategy, family) for strategy, family in CASES if family == "bert" or strategy in ("full", "lora", "gradual")
]
every_case = pytest.mark.parametrize(("strategy", "family"), CASES)


@cache
def fitting() -> list[tuple[str, str]]:
    return [(strategy, family) for strategy, family in CASES if not why_not(strategy, family)]


def why_not(strategy: str, family: str) -> str:
    return STRATEGIES[strategy].why_not(structure_of(family))


def test_every_strategy_fits_some_family_and_most_fit_most() -> None:
    assert {strategy for strategy, _ in fitting()} == {strategy for strategy, _ in CASES}
    assert len(fitting()) > 110


@pytest.fixture(autouse=True)
def strategy_fits(request: pytest.FixtureRequest) -> None:
    case = getattr(request.node, "callspec", None)
    if case is not None and (reason := why_not(**case.params)):
        pytest.skip(reason)


Trained = Callable[[str, str], Straight]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """(strategy, family) -> their three steps, which all tests of them look at."""
    home = Home(tmp_path_factory.mktemp("straight"))
    return cache(lambda strategy, family: Straight.of(new_run(home, strategy, family)))


@every_case
def test_three_steps_move_exactly_what_they_should(strategy: str, family: str, trained: Trained) -> None:
    session, before = trained(strategy, family).session, trained(strategy, family).before
    after = tensors(session.model)
    head = {
        name for name, _ in session.model.named_parameters() if set(plain_names(name)) & set(session.structure.head)
    }
    head -= {name for name in head if "original_module" in name}
    pattern = re.compile(INSIDE.get(strategy, r".*" if strategy in EVERYTHING else r"$^"))
    wanted = head | {name for name in after if pattern.search(name) and name not in head}
    if strategy in WITH_POOLER:
        wanted |= {name for name in after if "pooler" in name}
    wanted -= {
        name for name in after if "original_module" in name or (".base_layer." in name and strategy != "scratch")
    }
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved <= wanted, sorted(moved - wanted)
    assert all(UNMOVED.search(name) for name in wanted - moved), sorted(wanted - moved)
    assert session.loop.state.step == STEPS


@pytest.mark.parametrize(("strategy", "family"), PAUSED)
def test_a_pause_changes_nothing(strategy: str, family: str, home: Home, trained: Trained) -> None:
    straight = trained(strategy, family).session
    run = new_run(home, strategy, family)
    paused = train(run, pause_after=1)
    assert paused.loop.state.step == 1
    resumed = tensors(train(run).model)
    for name, value in tensors(straight.model).items():
        assert torch.equal(value, resumed[name]), name


ELSEWHERE = """
import json, sys
import torch
from transformers import AutoConfig, AutoModelForImageClassification, AutoModelForSequenceClassification
torch.set_num_threads(1)
def ask(model, batch):
    with torch.no_grad():
        return model.eval()(**batch).logits.tolist()
def answer(base, batch, strategy, folder, adapter, mergeable):
    auto = AutoModelForImageClassification if "pixel_values" in batch else AutoModelForSequenceClassification
    if strategy == "adapter":
        sys.path.insert(0, folder)
        from bottleneck_layers import load
        return [ask(load(auto.from_pretrained(folder), folder), batch)]
    if not adapter:
        return [ask(auto.from_pretrained(folder), batch)]
    from peft import PeftModel
    config = AutoConfig.from_pretrained(folder)
    model = PeftModel.from_pretrained(auto.from_pretrained(base, config=config), folder)
    return [ask(model, batch)] + ([ask(model.merge_and_unload(), batch)] if mergeable else [])
answers = {}
for family, (base, batch, models) in json.load(sys.stdin).items():
    answers[family] = {name: answer(base, torch.load(batch), name, *model) for name, model in models.items()}
print(json.dumps(answers))
"""
Answers = dict[str, dict[str, list[list[list[float]]]]]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory, trained: Trained) -> Answers:
    """Family -> strategy -> logits: the studio's own, those of the saved model, and those of the merged one if any.

    One process answers for all, since its imports take longer than its answers.
    """
    shelf = tmp_path_factory.mktemp("shelf")
    ours: Answers = {family: {} for family in FAMILIES}
    asked: dict[str, tuple[str, str, dict[str, tuple[str, bool, bool]]]] = {}
    for family in FAMILIES:
        base, batch = shelf / f"{family}-base", shelf / f"{family}.pt"
        build(family).save_pretrained(base)
        torch.save({key: value for key, value in collate(items(family)).items() if key != "labels"}, batch)
        asked[family] = (str(base), str(batch), {})
    for strategy, family in fitting():
        run, session = trained(strategy, family).run, trained(strategy, family).session
        outputs.save_model(run, session.model, NoProcessor(), STRATEGIES[strategy])
        ours[family][strategy] = [
            logits(session.model, family).tolist()
        ]  # in the order in memory in which it was saved
        adapter = (run.model / "adapter_config.json").is_file()
        prompts = ("prefix-tuning", "prompt-tuning", "p-tuning")
        asked[family][2][strategy] = (str(run.model), adapter, adapter and strategy not in prompts)
    done = subprocess.run([sys.executable, "-c", ELSEWHERE], input=json.dumps(asked), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    theirs: Answers = json.loads(done.stdout.splitlines()[-1])
    return {family: {name: ours[family][name] + theirs[family][name] for name in ours[family]} for family in FAMILIES}


@every_case
def test_saved_models_give_the_same_answers_elsewhere(strategy: str, family: str, elsewhere: Answers) -> None:
    ours, saved, *merged = (torch.tensor(answer) for answer in elsewhere[family][strategy])
    torch.testing.assert_close(saved, ours, rtol=0, atol=0)
    for answer in merged:
        torch.testing.assert_close(answer, ours, rtol=1e-3, atol=1e-4)
