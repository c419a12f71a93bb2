"""Conversations as tokens: which of them are answers, where an answer ends, and a chat template where there is none."""

from typing import Any

from studio.data.columns import Column
from studio.data.fields.messages import ASSISTANT, SYSTEM, USER, Turns
from studio.errors import StudioError, first_line
from studio.hardware import GIGABYTE
from studio.language import _
from studio.processes import TooMuchError, bounded

PROMPT = Column(
    "prompt",
    _("Message"),
    "messages",
    _("What is asked: a text, or a conversation that ends with a question."),
    hints=("instruction", "question", "input", "query", "messages", "user", "request", "frage", "context"),
)
PLAIN_TEMPLATE = (  # for models that have none: words and the end of text, which every tokenizer has
    "{% for message in messages %}{{ message['role'].capitalize() + ':\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}"
    "{% else %}{{ message['content'] }}{% endif %}{{ '\n\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:\n' }}{% endif %}"
)
MOST_SECONDS, MOST_MEMORY = 10.0, GIGABYTE  # for the template to write a conversation
MOST_ADDED, MOST_ADDED_TO_ONE = 100_000, 1000  # letters that it may add, to a conversation and to each message
MARKED = "generation %}"  # what a template has in it that says which tokens are answers


def give_template(processor: Any) -> None:
    """To a tokenizer without a chat template. Raises StudioError where nothing could end an answer."""
    if processor.chat_template:
        return
    if processor.eos_token is None:
        raise StudioError(
            _("This model cannot learn to answer."),
            _("Its tokenizer has neither a chat template nor a token that ends a text."),
            _("Choose another model, best one that is made for chat."),
        )
    processor.chat_template = PLAIN_TEMPLATE


def answered_tokens(processor: Any, turns: Turns) -> tuple[list[int], list[bool]]:
    """The tokens of a conversation, and which of them are answers with the token that ends them."""
    if MARKED in str(processor.chat_template):
        tokens, learned = _marked(processor, turns)
    else:
        tokens, learned = _compared(processor, turns)
    special = set(processor.all_special_ids)
    for at in range(1, len(tokens)):
        ends = learned[at - 1] and not learned[at] and tokens[at - 1] not in special
        learned[at] = learned[at] or (ends and tokens[at] in special)
    return tokens, learned


def asked_tokens(processor: Any, turns: Turns) -> list[int]:
    """The tokens of a conversation with the beginning of an answer."""
    text, _answers = _rendered(processor, turns, begins=True)
    return list(processor(text, add_special_tokens=False, verbose=False)["input_ids"])


def answer_ends(processor: Any) -> list[int]:
    """The token that ends an answer, if the template has one of its own."""
    tokens, learned = answered_tokens(processor, with_answer([{"role": USER, "content": "a"}], "b"))
    last = [token for token, taken in zip(tokens, learned, strict=True) if taken][-1:]
    return [token for token in last if token in set(processor.all_special_ids)]


def shortened(tokens: list[int], learned: list[bool], longest: int) -> tuple[list[int], list[bool]]:
    """The first so many tokens; the last ones where no answer would be among the first."""
    if len(tokens) <= longest or any(learned[1:longest]):
        return tokens[:longest], learned[:longest]
    return tokens[-longest:], learned[-longest:]


def _marked(processor: Any, turns: Turns) -> tuple[list[int], list[bool]]:
    """Of a template that says which pieces of its text are answers."""
    text, answers = _rendered(processor, turns)
    found = processor(text, add_special_tokens=False, verbose=False)
    tokens = list(found["input_ids"])
    learned = [False] * len(tokens)
    for start, end in answers:
        first, last = found.char_to_token(start), found.char_to_token(end - 1)
        if first is None:
            break
        for at in range(first, len(tokens) if last is None else last + 1):
            learned[at] = True
    return tokens, learned


def _compared(processor: Any, turns: Turns) -> tuple[list[int], list[bool]]:
    """Of a template that does not say which tokens are answers: an answer is what it adds to the text up to the
    beginning of that answer."""
    text, _none = _rendered(processor, turns)
    pieces = []
    for at, turn in enumerate(turns):
        if turn["role"] != ASSISTANT:
            continue
        before, _none = _rendered(processor, turns[:at], begins=True)
        behind, _none = _rendered(processor, turns[: at + 1])
        start = len(before) if text.startswith(before) else text.rfind(turn["content"].strip())
        end = len(behind.rstrip()) if text.startswith(behind.rstrip()) else start + len(turn["content"].strip())
        if start >= 0:
            pieces.append((start, end))
    found = processor(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    inside = [
        any(first >= start and last <= end and last > first for start, end in pieces)
        for first, last in found["offset_mapping"]
    ]
    return list(found["input_ids"]), inside


def _rendered(processor: Any, turns: Turns, begins: bool = False) -> tuple[str, list[tuple[int, int]]]:
    """The text, with the beginning of an answer where that is wished for, and which pieces of it are answers where the
    template marks them. Raises StudioError where the template refuses the conversation."""
    from jinja2 import TemplateError

    try:
        return _run_template(processor, turns, begins)
    except TemplateError as refusal:
        if turns[0]["role"] != SYSTEM or len(turns) == 1:
            raise _refused(refusal) from refusal
    first = {**turns[1], "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}  # it knows no system
    try:
        return _run_template(processor, [first, *turns[2:]], begins)
    except TemplateError as refusal:
        raise _refused(refusal) from refusal


def _run_template(processor: Any, turns: Turns, begins: bool) -> tuple[str, list[tuple[int, int]]]:
    """A template is a program that came with the model: Jinja's sandbox keeps it from everything but text, and it is
    bounded here."""
    from jinja2 import TemplateError
    from transformers.utils.chat_template_utils import render_jinja_template

    template = processor.get_chat_template()
    most = MOST_ADDED + sum(MOST_ADDED_TO_ONE + 4 * len(turn["content"]) for turn in turns)
    try:
        with bounded(MOST_SECONDS, MOST_MEMORY):
            texts, answers = render_jinja_template(
                conversations=[turns],
                chat_template=template,
                return_assistant_tokens_mask=MARKED in template,
                add_generation_prompt=begins,
                **processor.special_tokens_map,
            )
        if len(texts[0]) > most:
            raise TooMuchError
    except TooMuchError as error:
        raise StudioError(
            _("This model's chat template cannot be used."),
            _("It takes more time or memory than any conversation needs."),
            _("Choose another model."),
        ) from error
    except TemplateError:
        raise
    except Exception as error:  # whatever a stranger's program raises
        raise _refused(error) from error
    return texts[0], answers[0] if answers else []


def _refused(refusal: Exception) -> StudioError:
    return StudioError(
        _("This model's chat template refuses a conversation."),
        first_line(refusal),
        _("Change such conversations, or choose another model."),
    )


TEMPLATE_CODE = (  # lines of Python that make `tokens` of the user's `text`
    'messages = [{"role": "user", "content": text}]',
    'tokens = processor.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]',
)


def with_answer(turns: Turns, answer: str) -> Turns:
    return [*turns, {"role": ASSISTANT, "content": answer}]
