"""Label Studio's JSON export: tasks with what they are about under `data`, and what people chose under `annotations`.

https://labelstud.io/guide/export#JSON
"""

from typing import Any


def is_task(value: Any) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("data"), dict) and isinstance(value.get("annotations"), list)
    )


def flatten(tasks: list[Any]) -> list[Any]:
    """One object a task: its data, and the choices of its first annotation, by the names of the controls.

    Marked pieces of a text become a list of {start, end, label} under `spans`.
    """
    return [{**task["data"], **_chosen(task["annotations"])} if is_task(task) else task for task in tasks]


def _chosen(annotations: list[Any]) -> dict[str, Any]:
    done = next((each for each in annotations if isinstance(each, dict) and not each.get("was_cancelled")), {})
    results = done.get("result") if isinstance(done.get("result"), list) else []
    chosen: dict[str, Any] = {}
    for result in results or []:
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict):
            continue
        name = str(result.get("from_name") or "label")
        if isinstance(value.get("choices"), list):
            chosen[name] = value["choices"][0] if len(value["choices"]) == 1 else value["choices"]
        elif isinstance(value.get("labels"), list) and value["labels"]:
            span = {"start": value.get("start"), "end": value.get("end"), "label": value["labels"][0]}
            chosen.setdefault("spans", []).append(span)
        elif "rating" in value or "number" in value:
            chosen[name] = value.get("rating", value.get("number"))
    return chosen
