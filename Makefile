# make            what there is
# Every target makes .venv when it is missing and installs again when a requirements file has changed.

PYTHON ?= python3
BIN := .venv/bin
CLIPS ?=
PORT ?= 8000

.PHONY: help install install-site install-all demo demo-train test test-fast lint format bench freeze clean

help:
	@echo "make install       .venv with the site, vision, training, the tests and the checks (about 3 GB)"
	@echo "make install-site  .venv with the site alone"
	@echo "make install-all   the above and S3"
	@echo "make demo          a study on procedural people, on 127.0.0.1; CLIPS=folder takes your own, PORT=8000"
	@echo "make demo-train    release, reward, GRPO on the toy generator, clips, blind study, ranking"
	@echo "make test          all tests, on SQLite and on PostgreSQL where one answers"
	@echo "make test-fast     without the slow ones and the browser"
	@echo "make lint          ruff, mypy, import contracts, missing migrations"
	@echo "make format        what ruff can mend by itself"
	@echo "make bench         the benchmarks, as one table"
	@echo "make freeze        write requirements/constraints.txt anew from .venv"

# ---------------------------------------------------------------- installing

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Likeness needs Python 3.11 or newer: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.site: requirements/site.txt requirements/constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/site.txt
	@touch $@

.venv/.vision: requirements/vision.txt .venv/.site
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/vision.txt
	@touch $@

.venv/.dev: requirements/dev.txt requirements/training.txt .venv/.vision
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@

.venv/.all: requirements.txt $(wildcard requirements/*.txt) .venv/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

install: .venv/.dev

install-site: .venv/.site

install-all: .venv/.all

freeze: .venv/.all
	$(BIN)/python -m requirements.freeze

# ---------------------------------------------------------------- trying it

demo: .venv/.vision
	@$(BIN)/python manage.py demo --port $(PORT) $(if $(CLIPS),--clips "$(CLIPS)")

demo-train: .venv/.all
	@LIKENESS_ANALYSE_CLIPS=0 $(BIN)/python manage.py demo_train

# ---------------------------------------------------------------- checking it

test: .venv/.dev
	@$(BIN)/python -m tests.both_databases

test-fast: .venv/.dev
	$(BIN)/python -m pytest -n 3 --dist loadgroup -m "not slow and not e2e"

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir .import_linter_cache
	$(BIN)/python manage.py makemigrations --check --dry-run

format: .venv/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: .venv/.dev
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache staticfiles
