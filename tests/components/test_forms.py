"""A settings model as widgets, and their values back as the model's types."""

from typing import Any, Literal

import gradio as gr
import pytest
from pydantic import BaseModel, Field

from components.forms import Form, field_names, kind_of, parse, shown


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


@pytest.fixture
def form() -> Form:
    with gr.Blocks():
        return Form(Settings, choices={"optimizer": [("AdamW", "adamw"), ("SGD", "sgd")]}, elem_prefix="settings")


def test_every_field_has_a_widget_of_its_type_with_label_help_and_bounds(form: Form) -> None:
    kinds = {name: type(widget).__name__ for name, widget in form.widgets.items()}
    assert kinds == {
        "epochs": "Slider",
        "steps": "Number",
        "rate": "Textbox",
        "batch": "Textbox",
        "optimizer": "Dropdown",
        "momentum": "Textbox",
        "early": "Checkbox",
        "header": "Dropdown",
        "device": "Dropdown",
    }
    epochs: Any = form.widgets["epochs"]
    assert (epochs.label, epochs.info, epochs.minimum, epochs.maximum) == ("Epochs", "How often.", 1, 20)
    assert epochs.elem_id == "settings-epochs"
    assert [widget.visible for name, widget in form.widgets.items() if name == "momentum"] == [False]


def test_defaults_come_back_as_they_were_declared(form: Form) -> None:
    values = form.values(*[widget.value for widget in form.components])  # type: ignore[attr-defined]
    assert values == {name: field.default for name, field in Settings.model_fields.items()}
    assert Settings(**values) == Settings()


def test_updates_and_values_are_inverse(form: Form) -> None:
    wanted = {"rate": 5e-5, "batch": 16, "optimizer": "sgd", "header": False, "early": False, "steps": 7}
    updates = form.updates(wanted)
    assert form.values(*[update["value"] for update in updates]) == {**Settings().model_dump(), **wanted}
    assert dict(zip(form.names, updates, strict=True))["momentum"]["visible"] is True


def test_unreadable_numbers_are_named_in_plain_words(form: Form) -> None:
    raw = {name: update["value"] for name, update in zip(form.names, form.updates({}), strict=True)}
    with pytest.raises(
        ValueError, match=r"Rate: 'fast' is not a number.*Batch: '3.5' is not a whole number \(or auto\)"
    ):
        form.values(*{**raw, "rate": "fast", "batch": "3.5"}.values())


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
