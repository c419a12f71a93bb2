"""How much memory and time a training takes, estimated from the shapes of the parameters alone.

One rule serves texts and images. A weight of shape (out, in, ...) that is applied at P places of an
example (tokens, or points of a feature map) costs P · out · in · ... multiply-adds and produces P · out
numbers. For a transformer block this gives 9 hidden sizes of outputs a token, about half of what is kept
for the backward pass (Korthikanti et al. 2022, arXiv:2205.05198, table 2: 34 bytes in 16 bit per token and
hidden size), hence `KEPT_PER_OUTPUT`. Where a network makes its feature maps smaller step by step, blocks
are taken to go from a quarter of the image's side to a 32nd of it, evenly; for ResNet-18, ResNet-50 and
MobileNetV2 that is within 30 % of the counted multiply-adds.

Time is arithmetic at the measured speed plus the traffic of the outputs at the measured bandwidth. The
constants were set against measurements on one core of a Xeon: MiniLM 0.20 ms a token forward and 0.68 ms
forward and backward, MobileNetV2 45 ms and 134 ms an image, ResNet-18 172 ms forward and backward.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from studio.hardware import GIGABYTE, Machine
from studio.language import _, sentences
from studio.models.speed import Speed
from studio.models.structure import Structure

FLOAT_BYTES = 4
KEPT_PER_OUTPUT = 2.0  # numbers kept for the backward pass, per number produced
TRAFFIC_PER_OUTPUT = 6.0  # times that an output is written or read again (norm, activation, residual, dropout)
TRAFFIC_PER_PIXEL = 12.0  # the same for outputs of convolutions
EFFICIENCY = 0.9  # of the speed of a plain matrix product, inside a network
DEPTHWISE = 20.0  # a multiply-add of a convolution with one channel each takes as long as so many others
PADDING = 1.1  # tokens of padding come on top, with batches of like length
PROCESS_BYTES = int(1.3 * GIGABYTE)  # interpreter, libraries, data
START_SECONDS = 10.0  # imports, loading the weights, saving the result
STEP_SECONDS = 0.003  # what a step costs beside arithmetic
GPU_STEP_SECONDS = 0.03  # the same where the host tells a GPU what to do: 25 to 35 ms on an H200, MiniLM and BERT-base
TEXT_SECONDS = 0.0002  # to tokenise one text
IMAGE_SECONDS = 0.008  # to decode and shrink one image on one core
CHARACTERS_PER_TOKEN = 4.3  # English, word pieces
SPECIAL_TOKENS = 2
POSITIONS_A_SECOND = 50.0  # of a recording, in wav2vec2, HuBERT and Whisper's encoder


@dataclass(frozen=True)
class Workload:
    """What is to be computed.

    rows: examples in train, validation and test. length: tokens of a text, the side of an image in pixels,
    or positions of a recording, which counts as a text of so many tokens.
    """

    kind: Literal["text", "image"]
    rows: Mapping[str, int]
    length: float
    epochs: int
    batch_size: int
    evaluations_per_epoch: int = 1


@dataclass(frozen=True)
class Trained:
    """What a strategy trains, as its preview says: trainable parameters, and the lowest block among them.

    share: of the parameters in those blocks, how many get gradients of their own (adapters: nearly none).
    quantised, quantised_bytes: frozen numbers that are held in few bits, and what they take.
    """

    parameters: int
    lowest_block: int
    share: float = 1.0
    quantised: int = 0
    quantised_bytes: int = 0


@dataclass(frozen=True)
class Cost:
    """One forward pass of one example.

    multiply_adds: as counted. slow: those of depthwise convolutions on top, as `DEPTHWISE` weighs them.
    outputs: numbers produced. traffic: numbers written and read again.
    """

    multiply_adds: float = 0.0
    slow: float = 0.0
    outputs: float = 0.0
    traffic: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.multiply_adds + other.multiply_adds,
            self.slow + other.slow,
            self.outputs + other.outputs,
            self.traffic + other.traffic,
        )


@dataclass(frozen=True)
class Estimate:
    """fixed_seconds: for imports, reading, what is computed once, the test, saving. training_seconds: for all steps and
    checks. cache_bytes: disk for activations of frozen layers."""

    fixed_seconds: float
    training_seconds: float
    memory_bytes: int
    cache_bytes: int
    rough: bool

    @property
    def seconds(self) -> float:
        """From Start to the finished model."""
        return self.fixed_seconds + self.training_seconds


@dataclass(frozen=True)
class Fit:
    verdict: Literal["ok", "tight", "no"]
    sentence: str


def tokens_of(characters: float, longest: int | None = None) -> float:
    """Tokens of a text of so many characters; not more than the model reads (`longest`)."""
    tokens = characters / CHARACTERS_PER_TOKEN + SPECIAL_TOKENS
    return min(tokens, longest) if longest else tokens


def block_costs(structure: Structure, config: Mapping[str, Any], workload: Workload) -> tuple[Cost, list[Cost]]:
    """The costs of the embeddings, and of each block, bottom first. Tail and head count for the last block."""
    count = max(1, len(structure.blocks))
    layers = config.get("num_hidden_layers")
    repeats = max(1, (layers if isinstance(layers, int) else 0) // count) if workload.kind == "text" else 1
    costs = []
    for height, block in zip(_heights(structure), structure.blocks, strict=True):
        places = _places(structure, config, workload, height)
        cost = _cost((structure.shapes[name] for name in block), places * repeats)
        costs.append(cost + Cost(_attention(structure, block, workload, places) * repeats))
    last_places = _places(structure, config, workload, 1.0)
    top = _cost((structure.shapes[name] for name in structure.tail if len(structure.shapes[name]) > 2), last_places)
    if costs:
        costs[-1] += top
    stem = Cost()
    if workload.kind == "image":
        convolutions = [structure.shapes[name] for name in structure.embeddings if len(structure.shapes[name]) == 4]
        stem = _cost(convolutions, (workload.length / (2 if _is_pyramid(structure, config) else _patch(config))) ** 2)
    return stem, costs


def estimate(
    structure: Structure,
    config: Mapping[str, Any],
    trained: Trained,
    workload: Workload,
    speed: Speed,
    optimizer_floats: float,
    cores: int = 1,
    cached: bool = True,
    half_precision: bool = False,
    weight_bytes: float = FLOAT_BYTES,
    step_seconds: float = STEP_SECONDS,
) -> Estimate:
    """What training will take.

    config: the model's config.json. optimizer_floats: numbers that the optimizer keeps per parameter.
    cached: activations of frozen layers are computed once. half_precision: the device does bf16 faster.
    weight_bytes: what a frozen number takes that is not quantised; what trains is held in single precision.
    step_seconds: what a step costs beside arithmetic.
    """
    stem, blocks = block_costs(structure, config, workload)
    low = trained.lowest_block
    frozen = sum(blocks[:low], stem if low > 0 else Cost())
    tuned = sum(blocks[low:], Cost() if low > 0 else stem)
    faster = 0.6 if half_precision else 1.0
    below, above = (_seconds(part, speed) * faster for part in (frozen, tuned))

    train, validation, test = (workload.rows.get(split, 0) for split in ("train", "validation", "test"))
    checks = workload.epochs * workload.evaluations_per_epoch
    seen = train * workload.epochs
    once = train + validation + test if cached else test
    again = 0 if cached else seen + validation * checks
    steps = workload.epochs * math.ceil(train / workload.batch_size)
    update = trained.parameters * FLOAT_BYTES * (3 + 2 * optimizer_floats) / speed.bandwidth
    one_example = TEXT_SECONDS if workload.kind == "text" else IMAGE_SECONDS / cores
    fixed = START_SECONDS + (train + validation + test) * one_example + once * below + test * above
    training = (
        again * below
        + seen * above * (2 + trained.share)
        + validation * checks * above
        + steps * (step_seconds + update)
    )
    kept = tuned.outputs * KEPT_PER_OUTPUT + _widest(blocks[:low]) * 2
    weights = weights_bytes(structure.total, trained, weight_bytes)
    beside = FLOAT_BYTES * (trained.parameters * (1 + optimizer_floats) + workload.batch_size * kept * PADDING)
    memory = int(weights + beside) + PROCESS_BYTES
    return Estimate(fixed, training, memory, _cache_bytes(structure, config, low, workload), speed.rough)


def seconds_of_a_pass(
    multiply_adds: float, kind: Literal["text", "image"], examples: int, speed: Speed, cores: int, half: bool = False
) -> float:
    """Training all of a model once on so many examples, from the multiply-adds of one of them alone. half: the device
    computes in bf16, which is faster."""
    one_example = TEXT_SECONDS if kind == "text" else IMAGE_SECONDS / cores
    arithmetic = 3 * 2 * multiply_adds / (EFFICIENCY * speed.flops) * (0.6 if half else 1.0)  # backward: twice forward
    return examples * (one_example + arithmetic)


def weights_bytes(numbers: int, trained: Trained, weight_bytes: float) -> float:
    """Memory of a model's own weights: quantised ones, frozen ones, and those that train."""
    whole = numbers - trained.quantised
    training = min(trained.parameters, whole)
    return trained.quantised_bytes + (whole - training) * weight_bytes + training * FLOAT_BYTES


def fits(estimate: Estimate, machine: Machine, free_disk_bytes: int | None = None) -> Fit:
    """Whether a training fits this machine, with the sentence to show."""
    there = machine.training_memory_bytes
    share = estimate.memory_bytes / there
    memory = {"needed": estimate.memory_bytes / GIGABYTE, "there": there / GIGABYTE}
    if free_disk_bytes is not None and estimate.cache_bytes > free_disk_bytes:
        disk = {"needed": estimate.cache_bytes / GIGABYTE, "free": free_disk_bytes / GIGABYTE}
        return Fit("no", _("Needs {needed:.1f} GB of disk; {free:.1f} GB are free.", **disk))
    if share > 0.95:
        no = _("Too large for this machine: needs about {needed:.1f} GB of {there:.1f} GB memory.", **memory)
        return Fit("no", sentences(no, _("Train less of the model, or lower the batch size.")))
    if share > 0.7:
        tight = _("It just fits: needs about {needed:.1f} GB of {there:.1f} GB memory.", **memory)
        return Fit("tight", sentences(tight, _("Close other programs first.")))
    return Fit("ok", _("Fits this machine: needs about {needed:.1f} GB of {there:.1f} GB memory.", **memory))


def _cost(shapes: Iterable[tuple[int, ...]], places: float) -> Cost:
    weights = [shape for shape in shapes if len(shape) >= 2]
    depthwise = [shape for shape in weights if len(shape) == 4 and shape[1] == 1]
    return Cost(
        multiply_adds=places * sum(math.prod(shape) for shape in weights),
        slow=places * sum(math.prod(shape) for shape in depthwise) * (DEPTHWISE - 1),
        outputs=places * sum(shape[0] for shape in weights),
        traffic=places
        * sum(shape[0] * (TRAFFIC_PER_PIXEL if len(shape) == 4 else TRAFFIC_PER_OUTPUT) for shape in weights),
    )


def _seconds(cost: Cost, speed: Speed) -> float:
    arithmetic = 2 * (cost.multiply_adds + cost.slow) / (EFFICIENCY * speed.flops)
    return arithmetic + FLOAT_BYTES * cost.traffic / speed.bandwidth


def _places(structure: Structure, config: Mapping[str, Any], workload: Workload, height: float) -> float:
    """How often a weight of a block is applied to one example. height: 0 at the lowest block, 1 at the top."""
    if workload.kind == "text":
        return workload.length * PADDING
    if _is_pyramid(structure, config):
        return float((workload.length / 2 ** round(math.log2(4 * 8**height))) ** 2)
    return (workload.length / _patch(config)) ** 2 + 1


def _heights(structure: Structure) -> list[float]:
    """How far up each block lies, from 0 to 1. Blocks without convolutions above ones that have some (the transformer
    of a detector, above its backbone) work on the smallest feature map."""
    convolves = [any(len(structure.shapes[name]) == 4 for name in block) for block in structure.blocks]
    counted = convolves if any(convolves) else [True] * len(convolves)
    steps = max(1, sum(counted) - 1)
    return [min(1.0, sum(counted[:index]) / steps) for index in range(len(counted))]


def _is_pyramid(structure: Structure, config: Mapping[str, Any]) -> bool:
    """True for networks whose feature maps shrink: convolutions inside the blocks, or stages of given depths."""
    convolutions = any(len(structure.shapes[name]) == 4 for name in structure.body)
    return convolutions or "depths" in config


def _patch(config: Mapping[str, Any]) -> int:
    side = config.get("patch_size")
    side = side[0] if isinstance(side, list) and side else side
    return max(1, min(side, 10_000)) if isinstance(side, int) else 16


def _attention(structure: Structure, block: tuple[str, ...], workload: Workload, places: float) -> float:
    """Multiply-adds of comparing every token with every other: 2 · length² · hidden size."""
    if workload.kind != "text":
        return 0.0
    hidden = min((side for name in block for side in structure.shapes[name]), default=0)
    return 2 * places * workload.length * hidden


def _widest(costs: list[Cost]) -> float:
    return max((cost.outputs for cost in costs), default=0.0)


def _cache_bytes(structure: Structure, config: Mapping[str, Any], low: int, workload: Workload) -> int:
    """Activations at the boundary, kept in single precision for every row; one vector a row for a head alone."""
    if low == 0 or not structure.blocks:
        return 0
    block = structure.blocks[min(low, len(structure.blocks)) - 1]
    width = min((structure.shapes[n][0] for n in block if len(structure.shapes[n]) >= 2), default=0)
    whole = low >= len(structure.blocks)
    height = _heights(structure)[low - 1]
    places = 1.0 if whole else _places(structure, config, workload, height)
    return int(sum(workload.rows.values()) * places * width * FLOAT_BYTES)
