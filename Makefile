# Refrain's task runner. `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# One thread: the tests share the machine, and a sum over more threads may end in other digits.
TESTING := OMP_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help serve test torture bench evaluate train calibrate check lint format openapi docs clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

serve: $(READY) ## Set up, prepare the catalogue and serve it
	@exec $(BIN)/refrain serve

test: $(READY) ## Set up and run the tests
	$(TESTING) $(BIN)/python -m pytest -m "not browser and not load"

torture: $(READY) ## Kill the service two hundred times while it writes; an hour on two busy cores
	$(TESTING) TORTURE_KILLS=200 $(BIN)/python -m pytest -s --timeout 0 \
		tests/contract/test_kills.py

RIVALS := .venv-rivals

bench: $(READY) $(RIVALS)/.ready ## Measure side by side: a plain Flask app, txtai, this; ten minutes
	$(TESTING) $(RIVALS)/bin/python benchmarks/serving.py

$(RIVALS)/.ready: benchmarks/rivals/requirements.txt
	$(PYTHON) -m venv --clear $(RIVALS)
	$(RIVALS)/bin/python -m pip install --disable-pip-version-check --requirement $<
	@touch $@

SETS ?= ../shared/data

evaluate: $(READY) ## Measure how well claims are found, on the sets that are present
	@$(TESTING) $(BIN)/refrain evaluate $(if $(wildcard $(SETS)),--sets $(SETS)) \
		--json reports/evaluation.json --html reports/evaluation.html

WEIGHTS := service/inference/weights/verifier.safetensors
CALIBRATIONS := service/matching/calibrations
HELD_OUT := $(wildcard training/held_out/*.jsonl)
FITTING := $(addprefix --groups ,$(HELD_OUT)) --ordinary training/ordinary.jsonl

train: $(READY) ## Train the bundled verifier: an hour and a half on two busy cores; then make calibrate
	@export MASTER_ADDR=127.0.0.1 MASTER_PORT=29517 WORLD_SIZE=2 OMP_NUM_THREADS=1; \
	train() { $(BIN)/python -m training.train --groups training/groups/*.jsonl \
		--starter training/starter/*.jsonl --ordinary training/ordinary_training.jsonl \
		--held-out $(HELD_OUT) --out $(WEIGHTS); }; \
	(export RANK=1; train) & (export RANK=0; train) && wait

calibrate: $(READY) ## Fit the shipped calibrations, with the bundled verifier and without
	$(TESTING) $(BIN)/refrain calibrate $(FITTING) --out $(CALIBRATIONS)/bundled.json
	$(TESTING) REFRAIN_VERIFIER=off $(BIN)/refrain calibrate $(FITTING) --out $(CALIBRATIONS)/bundled-off.json

check: lint test ## Everything that has to pass: format, lint, types, imports, interface, tests

lint: $(READY) ## Format, lint, types, import contracts, and openapi.yaml in step
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/refrain openapi | diff -u openapi.yaml - \
		|| { echo 'openapi.yaml is out of step with the schemas: run "make openapi".' >&2; exit 1; }

format: $(READY) ## Format the code and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

openapi: $(READY) ## Write openapi.yaml from the schemas
	$(BIN)/refrain openapi > openapi.yaml.new
	mv openapi.yaml.new openapi.yaml

docs: $(READY) ## Write docs/settings.md from the settings
	$(BIN)/python -m service.settings_page > docs/settings.md.new
	mv docs/settings.md.new docs/settings.md

clean: ## Remove the virtual environment and all caches; the catalogue in var/ stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find service tests -type d -name __pycache__ -prune -exec rm -rf {} +

# The interpreter is checked first; an environment that is broken or too old is made anew.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Refrain needs Python 3.11 or newer, and "$(PYTHON)" is not that.' \
			'Name another: make PYTHON=python3.11 $(MAKECMDGOALS)' >&2; exit 1; }
	@echo 'Setting up $(VENV), once: about 2 GB on disk (more where torch comes with CUDA).'
	@$(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --progress-bar on --disable-pip-version-check \
		--constraint constraints.txt --editable '.[dev]'
	@touch $@
