"""Which environment variables the settings and the web server read, and which the example file lists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Read by Django itself, before any settings.
READ_BY_DJANGO = {"DJANGO_SETTINGS_MODULE"}
READ_BY_COMPOSE = {"POSTGRES_PASSWORD", "LIKENESS_PORT"}
# By huggingface_hub, in a worker that pushes a release.
READ_BY_HUB = {"HF_TOKEN", "HF_ENDPOINT"}


def names_read_by_settings() -> set[str]:
    """Return the first argument of every call env(…), env.str(…), os.environ.get(…) and so on."""
    names = set(READ_BY_DJANGO)
    for path in [*(ROOT / "config" / "settings").glob("*.py"), ROOT / "deploy" / "gunicorn.conf.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _is_env(node.func) and node.args:
                argument = node.args[0]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    names.add(argument.value)
    return names


def _is_env(function: ast.expr) -> bool:
    owner = function.value if isinstance(function, ast.Attribute) else function
    is_environ = isinstance(owner, ast.Attribute) and owner.attr == "environ"
    return is_environ or (isinstance(owner, ast.Name) and owner.id == "env")


def names_in_example() -> set[str]:
    text = (ROOT / "likeness.env.example").read_text()
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))
