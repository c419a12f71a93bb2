"""What the page must not import, and that the papers beside the code tell what is true."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from studio.paths import Home

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("studio", "components", "assets/recipes")
HEAVY = ("torch", "torchvision", "transformers", "peft", "datasets", "accelerate")
LIGHT = (
    "studio.cli",
    "studio.config",
    "studio.preflight",
    "studio.presets",
    "studio.runner",
    "studio.predictor",
    "studio.jobs",
    "studio.tasks",
    "studio.strategies",
    "studio.exporters",
    "studio.server_settings",
    *sorted(f"studio.models.{path.stem}" for path in (ROOT / "studio" / "models").glob("[a-z]*.py")),
)


def test_the_light_half_imports_nothing_heavy() -> None:
    code = f"import sys, {', '.join(LIGHT)}; print([name for name in {HEAVY!r} if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert output.stdout.strip() == "[]"


def test_the_command_line_does_without_the_page() -> None:
    code = "import sys, studio.cli; print('gradio' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert output.stdout.strip() == "False"


def test_the_description_of_a_model_imports_nothing_heavy(text_model: Path, home: Home) -> None:
    code = (
        "import sys; from studio.models.local import describe; from studio.models.speed import speed_of; "
        f"from studio.hardware import probe; describe({str(text_model)!r}); speed_of(probe()); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert output.stdout.strip() == "[]"


def test_a_space_installs_what_the_project_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == project["dependencies"]


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_front_matter_names_the_app_file() -> None:
    import yaml

    front = yaml.safe_load(readme().split("---\n")[1])
    assert front["sdk"] == "gradio" and (ROOT / front["app_file"]).is_file()
    assert front["license"] == "apache-2.0" and "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


REGISTRIES = ("tasks", "strategies", "training", "losses", "metrics", "exporters")  # whose __init__.py says something


def modules_in_contributing() -> set[str]:
    """Files that the tree in CONTRIBUTING.md names, read by indentation: two blanks a level, folders end in /."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"```\n(studio/ .*?)```", text, re.DOTALL)
    assert block is not None
    folders: list[str] = []
    files: set[str] = set()
    for line in block[1].splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name = line.split()[0]
        folders = folders[:depth]
        if name.endswith("/"):
            folders.append(name)
        else:
            files.add("".join(folders) + name)
    return files


def test_the_tree_names_every_module_and_no_other() -> None:
    there = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
        or path.parent.name in ("tasks", "strategies", "training", "exporters", "metrics", "losses")
    }
    named = {file for file in modules_in_contributing() if file.endswith(".py")}
    missing, gone = ", ".join(sorted(there - named)), ", ".join(sorted(named - there))
    assert not missing, f"the tree in CONTRIBUTING.md has no line for {missing}: its name, and what it is for"
    assert not gone, f"the tree in CONTRIBUTING.md names {gone}, which is not there"


def test_a_wheel_holds_all_assets_but_recipes_and_screenshots() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    there = {f"assets/{path.name}" for path in (ROOT / "assets").iterdir() if path.name != "__pycache__"}
    placed = build["targets"]["wheel"]["force-include"]
    assert set(placed) == there - {"assets/recipes", "assets/screenshots"}
    assert all(target == source.replace("assets", "studio/_assets", 1) for source, target in placed.items())


@pytest.mark.parametrize(
    "path", sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")), ids=lambda path: path.stem
)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


KNOW_TASKS = ("studio/tasks/", "studio/models/catalog.py", "studio/data/samples.py")
ASKED = ("task", "answer_kind")  # what nothing outside compares with a word


def sources(*left_out: str) -> list[Path]:
    everything = (path for package in ("studio", "components") for path in (ROOT / package).rglob("*.py"))
    return sorted(path for path in everything if not path.relative_to(ROOT).as_posix().startswith(left_out))


def words_in(tree: ast.AST) -> set[str]:
    """Every text that stands in the code."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def branches_on_tasks(tree: ast.AST) -> list[str]:
    """Comparisons of a task, its name or its kind of answer with words, and `match` over them."""
    found = []
    for node in ast.walk(tree):
        asked = [node.subject] if isinstance(node, ast.Match) else []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            asked = sides if any(words_in(side) for side in sides) else []
        found += [f"{each.lineno}: {ast.unparse(node)[:80]}" for each in asked if is_of_a_task(each)]
    return found


def is_of_a_task(node: ast.AST) -> bool:
    """task, config.task, task.name, config.chosen_task.answer_kind, ..."""
    if isinstance(node, ast.Attribute) and node.attr == "name":
        return is_of_a_task(node.value)
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.endswith(ASKED)


OTHER_MEANINGS = ("search",)  # words that name a task, and elsewhere something else


@pytest.mark.parametrize("path", sources(*KNOW_TASKS), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_outside_knows_a_task(path: Path) -> None:
    from studio.tasks import TASKS

    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [name for name in TASKS.names if name not in OTHER_MEANINGS]
    assert not [text for text in words_in(tree) for name in names if text == name or ("-" in name and name in text)]
    assert branches_on_tasks(tree) == []


@pytest.mark.parametrize(
    "code",
    [
        'if task.name == "x": pass',
        'y = 1 if config.task in ("x", "y") else 2',
        'if "boxes" == run.config.chosen_task.answer_kind: pass',
        "match draft.task:\n    case 'x': pass",
        'if task != "x": pass',
    ],
)
def test_a_branch_on_a_task_would_be_found(code: str) -> None:
    assert branches_on_tasks(ast.parse(code))


@pytest.mark.parametrize("code", ["if task is None: pass", "if sample.task == draft.task: pass", 'if a.name == "x": 1'])
def test_what_is_no_branch_on_a_task_is_not(code: str) -> None:
    assert branches_on_tasks(ast.parse(code)) == []


def test_every_task_finds_what_its_parts_are_drawn_with() -> None:
    from components.icons import DRAWINGS
    from studio.app.answers import ANSWERS
    from studio.app.cells import CELLS
    from studio.app.inputs import INPUTS
    from studio.metrics import METRICS
    from studio.tasks import TASKS

    for task in TASKS:
        assert {column.kind for column in task.columns} <= set(CELLS.names), task.name
        assert {column.kind for column in task.inputs} <= set(INPUTS.names), task.name
        assert task.answer_kind in ANSWERS and task.headline in METRICS and task.icon in DRAWINGS, task.name


def test_every_task_has_its_line_in_the_readme_and_a_test_of_its_own() -> None:
    from studio.tasks import TASKS

    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "tasks").glob("*.py"))
    for task in TASKS:
        line = f"| {task.title} (`{task.name}`) | "
        assert line in readme(), f"the table of tasks in README.md has no line that begins with '{line}'"
        assert f'"{task.name}"' in tests, (
            f"tests/tasks has nothing about '{task.name}': see 'A task' in CONTRIBUTING.md"
        )


def test_imports_go_one_way() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    output = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert output.returncode == 0, output.stdout


@pytest.mark.parametrize("room", ["engine", "exporters", "tasks"])
def test_what_a_strategy_saves_is_its_own_affair(room: str) -> None:
    words = ("bottleneck", "adapter_config", "PeftModel", "merge_and_unload")
    for path in (ROOT / "studio" / room).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in text], path
