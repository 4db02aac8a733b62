# `make` alone lists what there is.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help env demo test simulate power test-more kills disks fuzz bench check format clean audit docs man deb screenshots

help: ## list what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

env: $(STAMP) ## build the environment in .venv
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## watch recordings travel: a simulated Globus, a simulated rig, the real daemon
	$(BIN)/python -m demo

test: $(STAMP) ## run the whole test suite
	$(BIN)/python -m pytest -n 3

EFFORT ?= 20
test-more: $(STAMP) ## try the state machines and upgrades EFFORT times as hard (EFFORT=20), for an hour or so
	EFFORT=$(EFFORT) $(BIN)/python -m pytest -n 2 --timeout 14400 $(wildcard tests/*/test_*machine.py) tests/store/upgrades

KILLS ?= 200
kills: $(STAMP) ## kill -9 the real programs KILLS times in each story: make kills KILLS=500
	KILLS=$(KILLS) $(BIN)/python -m pytest -p no:randomly -n 2 tests/acceptance/test_killed.py

FAULTS ?= 300
disks: $(STAMP) ## fail every disk of the real daemon, its system calls in FAULTS ways: make disks FAULTS=1000
	FAULTS=$(FAULTS) $(BIN)/python -m pytest -p no:randomly -n 2 -s tests/acceptance/test_disks*.py

MINUTES ?= 5
fuzz: $(STAMP) ## spoil inputs of every parser for MINUTES: make fuzz [TARGET=avi] [MINUTES=60] [SEED=7] [GUIDED=1, with the extra fuzz]
	$(BIN)/python -m tests.fuzz $(TARGET) --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(if $(GUIDED),--guided)

bench: $(STAMP) ## measure against peers and limits, for an hour or so: make bench [ROWS="1 2"] [FILES=100000], QUICK=1 to see that it runs
	$(BIN)/python -m benchmarks $(ROWS) $(if $(FILES),--files $(FILES)) $(if $(QUICK),--quick,--into docs/performance)
	$(if $(QUICK),,$(BIN)/python -m benchmarks.report)

docs: $(STAMP) ## build the documentation into docs/_build/html, after writing the pages that are made of the code
	$(BIN)/python packaging/events_page.py
	$(SPHINX) -b html docs docs/_build/html

man: $(STAMP) ## build the man pages into docs/_build/man
	$(SPHINX) -b man docs docs/_build/man

SPHINX := $(BIN)/sphinx-build --quiet --nitpicky --fail-on-warning --doctree-dir docs/_build/doctrees

deb: $(STAMP) man ## make the Debian package, into dist/
	$(BIN)/python packaging/deb/build.py

screenshots: $(STAMP) ## take the pictures of docs/WEB.md, with the Chromium of this machine
	$(BIN)/python -m tests.web.screenshots

audit: $(STAMP) ## ask whether an installed package has a known vulnerability
	$(BIN)/python packaging/audit.py

power: $(STAMP) ## cut the power at many recorded moments: STATES=1000 each, STATES=0 for every moment, SEED=7
	POWER_STATES=$(or $(STATES),500) $(if $(SEED),POWER_SEED=$(SEED)) $(BIN)/python -m pytest tests/power -q

simulate: $(STAMP) ## live the lives of simulated rigs: SEEDS=1000 FROM=1, or SEED=7 for one of them again
	$(BIN)/python -m tests.simulation $(if $(SEED),--replay $(SEED),--seeds $(or $(SEEDS),200) $(if $(FROM),--from $(FROM)) --processes 2)

check: $(STAMP) ## format, lint, types (strict), import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## let ruff format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## remove the environment and the caches
	rm -rf $(VENV) .venv-globus-cli* .venv-datajoint-* .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
