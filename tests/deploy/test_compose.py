"""docker-compose.yml, Dockerfile and nginx.conf name only what exists: checked without a Docker engine."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from celery.bin.base import CLIContext
from celery.bin.celery import celery as celery_command
from django.conf import settings
from django.core.management import get_commands
from django.utils.module_loading import import_string

from tests.deploy.environment import names_in_example, names_read_by_settings

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NGINX = (ROOT / "deploy" / "nginx.conf").read_text()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "likeness"}

STRING = {"type": "string"}
STRINGS = {"type": "array", "items": STRING}
DURATION = {"type": "string", "pattern": r"^([0-9]+(ms|s|m|h))+$"}
# The part of the Compose Specification that the file uses; an unknown or misspelt key is an error.
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "required": ["services"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "volumes": {"type": "object", "additionalProperties": {"type": ["object", "null"]}},
        "services": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "anyOf": [{"required": ["image"]}, {"required": ["build"]}],
                "properties": {
                    "build": STRING,
                    "image": STRING,
                    "init": {"type": "boolean"},
                    "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
                    "env_file": STRING,
                    "environment": {"type": "object", "additionalProperties": STRING},
                    "command": STRINGS,
                    "ports": STRINGS,
                    "volumes": STRINGS,
                    "stop_grace_period": DURATION,
                    "depends_on": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["condition"],
                            "properties": {
                                "condition": {
                                    "enum": [
                                        "service_started",
                                        "service_healthy",
                                        "service_completed_successfully",
                                    ]
                                }
                            },
                        },
                    },
                    "healthcheck": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["test"],
                        "properties": {
                            "test": STRINGS,
                            "interval": DURATION,
                            "timeout": DURATION,
                            "start_period": DURATION,
                            "retries": {"type": "integer", "minimum": 1},
                        },
                    },
                },
            },
        },
    },
}


def text_of(part: object) -> str:
    return yaml.safe_dump(part)


def variable(name: str) -> str:
    return OURS["web"]["environment"][name]


def test_the_file_follows_the_specification() -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(COMPOSE)


def test_services_wait_for_services_that_can_answer() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} waits for {other}"
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], f"{name} waits for the health of {other}"


def test_named_volumes_are_declared_and_files_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"]


def test_our_environment_is_read_by_the_settings() -> None:
    for name, service in OURS.items():
        unknown = set(service["environment"]) - names_read_by_settings()
        assert not unknown, f"{name} sets {unknown}, which no setting reads"


def test_what_the_operator_must_set_is_in_the_example() -> None:
    interpolated = set(re.findall(r"\$\{(\w+)", text_of(COMPOSE)))
    assert interpolated
    assert interpolated <= names_in_example()


def test_hosts_in_addresses_are_services() -> None:
    hosts = re.findall(r"//(?:[^/@]*@)?([a-z]+):[0-9]+", text_of(OURS["web"]["environment"]))
    assert set(hosts) == {"db", "redis"} <= set(SERVICES)


@pytest.mark.parametrize("name", sorted(OURS))
def test_commands_exist(name: str) -> None:
    program, *arguments = OURS[name]["command"]
    if program == "python":
        assert arguments[0] == "manage.py"
        assert arguments[1] in get_commands()
    elif program == "celery":
        assert "--app=config.celery" in arguments
        context = CLIContext(import_string("config.celery.app"), no_color=True, workdir=None)
        # Parses every option as Celery does; an unknown one raises.
        position = arguments.index("worker" if "worker" in arguments else "beat")
        command = celery_command.commands[arguments[position]]
        command.make_context(arguments[position], arguments[position + 1 :], obj=context)
    else:
        assert program == "gunicorn"


def test_the_worker_takes_every_queue() -> None:
    options = dict(option.split("=") for option in OURS["worker"]["command"] if "=" in option)
    assert set(options["--queues"].split(",")) >= {kind["queue"] for kind in settings.JOB_KINDS.values()}


def production_environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings.prod",
        "SECRET_KEY": "a-key-for-this-test-that-is-long-enough-to-pass-djangos-own-check-of-keys",
        "ALLOWED_HOSTS": "likeness.example.org",
        "LIKENESS_HOME": str(home / "home"),
        "LIKENESS_STATIC_ROOT": str(home / "static"),
        "LIKENESS_ENV_FILE": str(home / "none"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("command", [shlex.join(OURS["web"]["command"]), None], ids=["compose", "image"])
def test_gunicorn_accepts_its_configuration(command: str | None, tmp_path: Path) -> None:
    if command is None:
        found = re.search(r"^CMD \[(.*)\]$", DOCKERFILE, re.MULTILINE)
        assert found
        command = shlex.join(yaml.safe_load(f"[{found[1]}]"))
    arguments = shlex.split(command)[1:]
    checked = subprocess.run(
        [sys.executable, "-m", "gunicorn", *arguments, "--check-config"],
        cwd=ROOT,
        env=production_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.slow
def test_the_image_can_collect_its_static_files(tmp_path: Path) -> None:
    """With the manifest storage a stylesheet that names a missing file is an error."""
    collected = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput"],
        cwd=ROOT,
        env=production_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert collected.returncode == 0, collected.stderr
    assert (tmp_path / "static" / "staticfiles.json").is_file()


@pytest.mark.slow
def test_the_production_settings_pass_djangos_deployment_check(tmp_path: Path) -> None:
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING", "--tag", "security"],
        cwd=ROOT,
        env=production_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_the_image_copies_what_exists_and_all_our_packages() -> None:
    copied = [
        source.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert all((ROOT / source).exists() for source in copied)
    assert {
        app.split(".")[0] for app in settings.INSTALLED_APPS if (ROOT / app.split(".")[0]).is_dir()
    } <= set(copied)
    admitted = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert admitted == set(copied)


def test_the_image_installs_requirements_that_exist() -> None:
    named = re.findall(r"-r /(requirements/\S+)", DOCKERFILE)
    assert named
    assert all((ROOT / name).is_file() for name in named)


def test_ports_meet() -> None:
    inner = re.search(r"server web:(\d+);", NGINX)
    bound = re.search(r"--bind=0\.0\.0\.0:(\d+)", " ".join(OURS["web"]["command"]))
    exposed = re.search(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
    listens = re.search(r"listen (\d+);", NGINX)
    assert inner
    assert bound
    assert exposed
    assert listens
    assert inner[1] == bound[1] == exposed[1]
    (published,) = SERVICES["nginx"]["ports"]
    assert published.rpartition(":")[2] == listens[1]
    assert published.startswith("127.0.0.1:"), "without HTTPS in front the site is for this machine alone"


def test_media_lie_where_nginx_looks() -> None:
    home, media = variable("LIKENESS_HOME"), variable("LIKENESS_MEDIA_ROOT")
    assert media.startswith(home)
    assert f"alias {media}/;" in NGINX
    assert f"location {variable('LIKENESS_MEDIA_ACCEL_PREFIX')}/ {{\n        internal;" in NGINX
    assert f"home:{home}" in OURS["web"]["volumes"]
    assert f"home:{home}:ro" in SERVICES["nginx"]["volumes"]
    assert f"LIKENESS_HOME={home} " in DOCKERFILE
    assert f"VOLUME {home}\n" in DOCKERFILE


def test_nginx_lets_through_what_the_site_accepts() -> None:
    limit = re.search(r"client_max_body_size (\d+)m;", NGINX)
    assert limit
    assert int(limit[1]) * 1024**2 > settings.UPLOAD_MAX_BYTES
