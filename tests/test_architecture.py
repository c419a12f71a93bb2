"""What the page must not import, and that the papers beside the code tell what is true."""

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
        if path.name != "__init__.py" or path.parent.name in ("tasks", "strategies", "training", "exporters")
    }
    named = {file for file in modules_in_contributing() if file.endswith(".py")}
    assert named == there


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
    import ast

    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_imports_go_one_way() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    output = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert output.returncode == 0, output.stdout
