"""Settings: immutable, strict, and their mistakes reported all at once in plain words."""

from typing import Any, Literal

import pytest
from pydantic import ValidationError

from studio.errors import StudioError
from studio.options import Options, asked_settings, setting, with_asked


class Fruit(Options):
    weight: float = setting(1.0, title="Weight", help="In kilograms.", gt=0, le=10)
    colour: str = setting(title="Colour", help="Any word.", shown_if={"weight": 2}, advanced=False)
    kind: Literal["apple", "pear"] = setting("apple", title="Kind", help="Which.")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Fruit(colour="red").weight = 2.0  # type: ignore[misc]


def test_a_declaration_carries_what_the_form_needs() -> None:
    field = Fruit.model_fields["colour"]
    assert (field.title, field.description) == ("Colour", "Any word.")
    assert field.json_schema_extra == {"shown_if": {"weight": 2}, "advanced": False, "same_model": False}


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(StudioError) as caught:
        Fruit.read({"weight": 99, "color": "red"}, "fruit")
    message = str(caught.value)
    assert "'weight'" in message and "99" in message
    assert "'color' is not a known setting. Did you mean 'colour'?" in message
    assert "'colour' is missing." in message


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"weight": 0}, "'weight' must be more than 0 (it is 0)."),
        ({"weight": 99}, "'weight' must be at most 10 (it is 99)."),
        ({"weight": "heavy"}, "'weight' must be a number (it is 'heavy')."),
        ({"colour": 5}, "'colour' must be a text (it is 5)."),
        ({"kind": "aple"}, "'kind' must be 'apple' or 'pear' (it is 'aple'). Did you mean 'apple'?"),
    ],
)
def test_a_mistake_is_said_in_plain_words(values: dict[str, Any], said: str) -> None:
    with pytest.raises(StudioError) as caught:
        Fruit.read({"colour": "red", **values})
    assert caught.value.explanation.why == said


def test_each_mistake_has_a_line_of_its_own() -> None:
    with pytest.raises(StudioError) as caught:
        Fruit.read({"weight": 99, "color": "red"})
    assert len(caught.value.explanation.why.splitlines()) == 3 and "\n" not in str(caught.value)


def test_what_is_right_is_read() -> None:
    assert Fruit.read({"colour": "red"}).weight == 1.0


class Writer(Options):
    beams: int = setting(1, title="Beams", help="How many.", ge=1, le=8, asked=True)
    width: int = setting(4, title="Width", help="Of the model.")


def test_what_is_said_with_a_question_is_checked_and_nothing_else_can_be() -> None:
    assert list(asked_settings(Writer)) == ["beams"]
    assert with_asked(Writer(width=7), {"beams": 4}) == Writer(beams=4, width=7)
    for wrong, why in (({"beams": 99}, "at most 8"), ({"width": 2}, "fixed by the training"), ({"size": 2}, "beams")):
        with pytest.raises(StudioError, match=why):
            with_asked(Writer(), wrong)
