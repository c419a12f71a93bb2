"""Settings models as fields, and what was entered back as the model's types."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from components.forms import FieldValue, drawn_fields, field_names, kind_of, parse, shown, typed
from components.words import Speaker, speak


class Settings(BaseModel):
    epochs: int = Field(3, title="Epochs", description="How often.", ge=1, le=20, json_schema_extra={"advanced": False})
    steps: int = Field(100, title="Steps", ge=1, json_schema_extra={"advanced": True})
    rate: float | None = Field(None, title="Rate", gt=0, json_schema_extra={"advanced": True})
    batch: int | Literal["auto"] = Field("auto", title="Batch", json_schema_extra={"advanced": True})
    optimizer: str = Field("adamw", title="Optimizer", json_schema_extra={"advanced": True})
    momentum: float = Field(
        0.9, title="Momentum", json_schema_extra={"advanced": True, "shown_if": {"optimizer": "sgd"}}
    )
    early: bool = Field(True, title="Stop early", json_schema_extra={"advanced": True})
    header: bool | None = Field(None, title="Header", json_schema_extra={"advanced": True})
    device: Literal["auto", "cpu"] = Field("auto", title="Device", json_schema_extra={"advanced": True})


CHOICES = {"optimizer": [("AdamW", "adamw"), ("SGD", "sgd")]}


def fields(**values: Any) -> dict[str, FieldValue]:
    return {field["name"]: field for field in drawn_fields(Settings, field_names(Settings), values, CHOICES)}


def test_every_field_is_drawn_by_its_type_with_title_and_help() -> None:
    kinds = {name: field["kind"] for name, field in fields(optimizer="sgd").items()}
    assert kinds == {
        "epochs": "text",
        "steps": "text",
        "rate": "text",
        "batch": "text",
        "optimizer": "choice",
        "momentum": "text",
        "early": "check",
        "header": "choice",
        "device": "choice",
    }
    drawn = fields()
    epochs = drawn["epochs"]
    assert (epochs["title"], epochs["help"], epochs["keyboard"]) == ("Epochs", "How often.", "numeric")
    assert drawn["rate"]["keyboard"] == "decimal"
    assert drawn["rate"]["placeholder"] and not epochs["placeholder"]
    assert [choice["value"] for choice in drawn["header"]["choices"]] == ["", "true", "false"]
    assert "momentum" not in drawn  # it is shown with SGD alone


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"rate": 5e-5, "batch": 16, "optimizer": "sgd", "header": False, "early": False, "steps": 7},
        {"rate": 0.1 + 0.2, "momentum": 1 / 3, "optimizer": "sgd", "header": True},
    ],
)
def test_what_is_drawn_is_read_as_the_same(values: dict[str, Any]) -> None:
    read = {name: typed(Settings, name, field["value"]) for name, field in fields(**values).items()}
    assert {**Settings().model_dump(), **read} == {**Settings().model_dump(), **values}


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("rate", "fast", "^'fast' is not a number"),
        ("batch", "3.5", r"^'3.5' is not a whole number \(or auto\)"),
        ("steps", "", "A value is missing"),
    ],
)
def test_what_cannot_be_read_is_named_in_plain_words(name: str, raw: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        typed(Settings, name, raw)


@pytest.mark.parametrize(
    ("annotation", "raw", "expected"),
    [
        (float | None, "", None),
        (float, "1e-3", 0.001),
        (int, 2147483647, 2147483647),
        (int, 3.0, 3),
        (int | Literal["auto"], "auto", "auto"),
        (int | Literal["auto"], " 8 ", 8),
        (bool | None, "", None),
        (bool | None, "false", False),
        (str | None, "", None),
        (str, "", ""),
        (str, " ", ""),
    ],
)
def test_parsing(annotation: Any, raw: Any, expected: Any) -> None:
    assert parse(raw, kind_of(annotation)) == expected


def test_a_number_is_read_as_the_readers_language_writes_it() -> None:
    german = Speaker(
        "de", lambda each, code: each, str.format, str.format, lambda value, form: f"{value:{form}}".replace(".", ",")
    )
    with speak(german):
        assert parse("0,05", kind_of(float)) == parse("0.05", kind_of(float)) == 0.05
    with pytest.raises(ValueError, match="is not a number"):
        parse("0,05", kind_of(float))


@pytest.mark.parametrize("raw", ["nan", "inf", "", "one"])
def test_not_every_text_is_a_number(raw: str) -> None:
    with pytest.raises(ValueError):
        parse(raw, kind_of(float))


def test_names_conditions_and_strange_types() -> None:
    assert field_names(Settings, advanced=False) == ["epochs"]
    assert "rate" in field_names(Settings, advanced=True)
    assert shown({"a": ("x", "y")}, {"a": "y"}) and not shown({"a": "x"}, {"a": "y"}) and shown({}, {})
    with pytest.raises(TypeError):
        kind_of(list[int])
