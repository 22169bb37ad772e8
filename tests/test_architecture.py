"""What may import what, and what a site-only installation must be able to do without."""

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
OURS = {"annotator", "config", "datasets", "distortions", "training"}
# Needs requirements/vision.txt as well; no web process imports it. Nor training's, which needs training.txt.
VISION = (
    "datasets/cast",
    "datasets/identity",
    "distortions/synthesis",
    "training/reward",
    "training/generators",
    "training/grpo",
    "training/evaluation",
)
# Named in the settings of who stores media in a bucket, imported then alone.
OPTIONAL = {"storages"}
TOO_HEAVY = ("torch", "cv2", "scipy", "pandas", "sklearn", "transformers")


def test_the_import_contracts_hold() -> None:
    linted = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout


def test_routes_and_jobs_need_nothing_that_the_site_alone_lacks() -> None:
    """Routes and tasks import every view, form, serializer and job handler."""
    source = (
        "import sys, config.wsgi, config.urls\n"
        "from django.conf import settings\n"
        "from django.utils.module_loading import import_string\n"
        "[import_string(kind['handler']) for kind in settings.JOB_KINDS.values()]\n"
        f"print(*sorted(set({TOO_HEAVY!r}) & set(sys.modules)))\n"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (loaded.returncode, loaded.stdout.split()) == (0, []), loaded.stderr


def test_what_the_site_imports_is_in_its_requirements() -> None:
    installed_by_site = closure(requirements_of("site.txt"))
    provided_by = metadata.packages_distributions()
    missing = {
        f"{module} ({path.relative_to(ROOT)})"
        for path, module in imports_of_the_site()
        if module not in OPTIONAL
        and not {canonicalize_name(each) for each in provided_by.get(module, [])} & installed_by_site
    }
    assert missing == set()


@pytest.mark.parametrize("heavy", ["torch", "opencv-python-headless", "scipy", "pandas"])
def test_the_site_alone_is_light(heavy: str) -> None:
    assert heavy not in closure(requirements_of("site.txt"))


@pytest.mark.parametrize("clashing", ["datasets", "trl", "opencv-python"])
def test_packages_that_clash_are_required_nowhere(clashing: str) -> None:
    named = {name for file in (ROOT / "requirements").glob("*.txt") for name in names_in(file)}
    assert "django" in named
    assert clashing not in named


def test_every_requirement_is_pinned_exactly() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        for requirement in requirements_in(file):
            assert re.fullmatch(r"==[^*]+", str(requirement.specifier)), f"{file.name}: {requirement}"


def imports_of_the_site() -> set[tuple[Path, str]]:
    """Return the third-party top-level modules that our code imports, with a file that does."""
    found = set()
    for path in (file for package in OURS for file in (ROOT / package).rglob("*.py")):
        if path.relative_to(ROOT).as_posix().startswith(VISION):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            found |= {(path, name.partition(".")[0]) for name in names}
    return {(path, name) for path, name in found if name not in OURS | set(sys.stdlib_module_names)}


def requirements_in(file: Path) -> list[Requirement]:
    lines = [line.partition("#")[0].strip() for line in file.read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def requirements_of(name: str) -> list[Requirement]:
    return requirements_in(ROOT / "requirements" / name)


def names_in(file: Path) -> set[str]:
    return {canonicalize_name(requirement.name) for requirement in requirements_in(file)}


def closure(requirements: list[Requirement]) -> set[str]:
    """Return the names of everything that is installed for these requirements."""
    seen: set[tuple[str, str]] = set()
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in ["", *requirement.extras]:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            for line in metadata.requires(name) or []:
                needed = Requirement(line)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    waiting.append(needed)
    return {name for name, _ in seen}
