# Every target sets up what it needs in .venv first; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# Tests mostly wait for processes; those of one file stay together, since they share a server.
BESIDE := -n 2 --dist loadscope

.PHONY: help demo test lint unit integration crash crash-test planted sweep-test browser axe screenshots docker-test compose-test test-vm load-test gate gate-test gate-selftest stages trace-cost bench clean

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(STAMP): pyproject.toml constraints.txt $(wildcard harness/memory/native/*)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "halfgig needs Python 3.11 or later: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[harness,load,dev]'
	@touch $@

demo: $(STAMP) ## run the main job: a real import inside 512 MB
	$(BIN)/halfgig run

test: $(STAMP) lint unit integration ## check style and types, run every test
	$(BIN)/python -m pytest tests/browser

lint: $(STAMP) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(STAMP) ## only the fast tests
	$(BIN)/python -m pytest tests/unit $(BESIDE)

integration: $(STAMP) ## only the tests with real processes
	$(BIN)/python -m pytest tests/integration $(BESIDE)

planted: $(STAMP) ## let the crash oracle find every planted bug
	$(BIN)/python -m pytest tests/planted -m "planted or not planted"

crash: $(STAMP) ## crash the importer at every message, in pairs, by every fault, and at random
	$(BIN)/halfgig crash --schedule exhaustive
	$(BIN)/halfgig crash --schedule pairs
	$(BIN)/halfgig crash --schedule matrix
	$(BIN)/halfgig crash crash-pdf --schedule matrix --only child-killed
	$(BIN)/halfgig crash --schedule random --seed 1 --cycles 300

crash-test: $(STAMP) ## a part of the crash schedules, judged by the whole oracle
	$(BIN)/python -m pytest tests/integration/crash -m crash
	$(BIN)/python -m pytest tests/planted

sweep-test: $(STAMP) ## planted costs over 20 seeds, smallest limits, searches against grids: about an hour
	$(BIN)/python -m pytest tests/integration/sweep -m "sweep or not sweep"

browser: $(STAMP) axe ## the progress page in a real Chromium
	$(BIN)/python -m pytest tests/browser

axe: $(STAMP) ## fetch axe-core, which looks for problems of accessibility (needs npm)
	$(BIN)/python -m tests.browser.axe

screenshots: $(STAMP) ## pictures of every state of the progress page, into build/screenshots
	$(BIN)/python -m tests.browser.screenshots

docker-test: $(STAMP) ## the docker backend on a real engine, its own where none answers (root)
	deploy/engine.sh with deploy/base-images.sh python
	deploy/engine.sh with $(BIN)/python -m pytest tests/integration/containers tests/integration/docker -m docker

compose-test: $(STAMP) ## the production-like environment: import, kill, restart, resume, a short load
	deploy/engine.sh with deploy/base-images.sh
	deploy/engine.sh with $(BIN)/python -m pytest tests/integration/compose -m compose

test-vm: $(STAMP) ## the contract test on cgroup v2 and systemd, as root and as a plain user, in a virtual machine (root)
	$(BIN)/python -m tests.vm

load-test: $(STAMP) ## verdicts of real loads: planted leaks, lost workers, kills, a staging host
	$(BIN)/python -m pytest tests/integration/load -m load

gate: $(STAMP) ## compare the importer's memory with the previous commit (AGAINST=REVISION for another)
	$(BIN)/halfgig gate --against $(or $(AGAINST),HEAD~1) --for 3m

gate-test: $(STAMP) ## whole gates of a small service, and halfgig installed into another project
	$(BIN)/python -m pytest tests/integration/gate -m "gate or not gate"

gate-selftest: $(STAMP) ## record 60 runs, then draw 30 gates of one commit: at most one may fail (POOL=FILE for recorded runs)
	$(BIN)/python -m tests.benchmarks.gate_selftest $(if $(POOL),--pool $(POOL))

stages: $(STAMP) ## time and peak of each hot stage against the recorded ones
	$(BIN)/python -m tests.benchmarks.stages

trace-cost: $(STAMP) ## what --trace and --trace exact cost the importer, and what sampling costs
	$(BIN)/python -m tests.benchmarks.trace_cost

bench: $(STAMP) ## chunks a second of the service against a bare ceiling
	$(BIN)/python -m tests.benchmarks.import_speed

clean: ## remove what was made
	rm -rf .venv runs .mypy_cache .ruff_cache .pytest_cache *.egg-info
