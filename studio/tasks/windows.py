"""Answering a question from a passage, however long: in windows that overlap.

The studio answers with these functions, and a model's card shows them, so that both give the same.
"""

from typing import Any


def windows_of(processor: Any, question: str, context: str, window: int, overlap: int) -> Any:
    """The question with each piece of the context that fits behind it; half of the room is left for the context."""
    window = min(window, processor.model_max_length)
    asked = processor(
        question, add_special_tokens=False, truncation=True, max_length=window // 2, return_offsets_mapping=True
    )["offset_mapping"]
    room = window - len(asked) - processor.num_special_tokens_to_add(pair=True)
    return processor(
        question[: asked[-1][1]] if asked else question,
        context,
        truncation="only_second",
        max_length=window,
        stride=max(0, min(overlap, room // 2)),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )


def best_span(starts: Any, ends: Any, inside: Any, longest: int) -> tuple[float, int, int, float]:
    """Of one window: the probability of the likeliest answer, its first and last token, and the probability that
    there is none, for which the first token stands. starts, ends: (tokens,) logits; inside: which are the context's.
    """
    import torch

    inside = torch.as_tensor(inside, device=starts.device)
    usable = inside.clone()
    usable[0] = True
    first = starts.double().masked_fill(~usable, -torch.inf).softmax(-1)
    last = ends.double().masked_fill(~usable, -torch.inf).softmax(-1)
    near = torch.ones(len(first), len(first), dtype=torch.bool, device=first.device).triu().tril(longest - 1)
    pairs = first[:, None] * last[None, :] * (near & inside[:, None] & inside[None, :])
    place = int(pairs.argmax())
    start, end = divmod(place, len(first))
    return float(pairs[start, end]), start, end, float(first[0] * last[0])


def answer_question(
    model: Any, processor: Any, context: str, question: str, window: int, overlap: int, longest: int, may_lack: bool
) -> dict[str, Any]:
    """The answer in the context's own words, "" where there is none; where it stands, and how likely it is."""
    import torch

    found = windows_of(processor, question, context, window, overlap)
    answers, lacks = [], []
    for number, places in enumerate(found["offset_mapping"]):
        inputs = {name: torch.tensor([found[name][number]]) for name in processor.model_input_names if name in found}
        with torch.no_grad():
            outputs = model(**inputs)
        inside = [part == 1 for part in found.sequence_ids(number)]
        score, first, last, lack = best_span(outputs.start_logits[0], outputs.end_logits[0], inside, longest)
        answers.append((score, places[first][0], places[last][1]))
        lacks.append(lack)
    score, start, end = max(answers)
    if may_lack and min(lacks) > score:
        return {"answer": "", "score": min(lacks)}
    return {"answer": context[start:end], "start": start, "end": end, "score": score}
