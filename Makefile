# Every target sets up what it needs in .venv first; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help demo test lint unit integration bench clean

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "halfgig needs Python 3.11 or later: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[harness,dev]'
	@touch $@

demo: $(STAMP) ## run the main job: a real import inside 512 MB
	$(BIN)/halfgig run

test: $(STAMP) lint ## check style and types, run every test
	$(BIN)/python -m pytest

lint: $(STAMP) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(STAMP) ## only the fast tests
	$(BIN)/python -m pytest tests/unit

integration: $(STAMP) ## only the tests with real processes
	$(BIN)/python -m pytest tests/integration

bench: $(STAMP) ## chunks a second of the service against a bare ceiling
	$(BIN)/python -m tests.benchmarks.import_speed

clean: ## remove what was made
	rm -rf .venv runs .mypy_cache .ruff_cache .pytest_cache *.egg-info
