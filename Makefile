# The whole loop. Everything that a machine needs is installed from the hash-pinned files in
# requirements/ into .venv; uv itself, where it is missing, into .tools.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
# Much of a test is waiting: one process more than there are cores, and four at most.
TESTERS ?= $(shell n=$$(( $$(nproc) + 1 )); echo $$(( n > 4 ? 4 : n )))
# Whole labs beside each other: two where there is memory for three, since one test starts another.
LABS ?= $(shell awk '/^MemTotal/ { print ($$2 > 14000000) ? 2 : 1 }' /proc/meminfo)
BESIDE := --dist loadscope --no-loadscope-reorder
UV := $(or $(shell command -v uv),.tools/bin/uv)
BIN := .venv/bin
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11
SOURCES := src tests console commands runbooks drills scripts

.PHONY: demo demo-operated test check fix lock install types sbom clean

demo: .venv/lab.installed ## Bring up three regions, deploy, fail one over under load, take all down
	@scripts/demo region-loss

demo-operated: .venv/lab.installed ## The same, with traffic moved by our own verb
	@scripts/demo operated

test: .venv/dev.installed ## Every test, the lab's included
	@$(BIN)/infctl lab fetch
	@$(BIN)/pytest --numprocesses $(TESTERS) $(BESIDE) --ignore tests/lab/whole
	@$(BIN)/pytest --numprocesses $(LABS) $(BESIDE) -m "not measured" tests/lab/whole
	@# Recovery times: nothing else runs beside these.
	@$(BIN)/pytest -m measured tests/lab/whole

check: .venv/dev.installed types ## Format, lint, imports
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/lint-imports --cache-dir .venv/import-linter

mutation: .venv/dev.installed ## How many mutants of the engine the tests notice, of a sample by seed
	@$(BIN)/python scripts/measure_mutation.py --sample $(or $(SAMPLE),320) --seed $(or $(SEED),1)

types: .venv/dev.installed
	@$(BIN)/mypy src tests
	@for file in $$(find tests -name conftest.py); do $(BIN)/mypy --no-error-summary "$$file"; done

fix: .venv/dev.installed ## Format, and mend what the linter can
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

lock: $(UV) ## Write the lock files anew
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) pyproject.toml --extra lab --extra report -c requirements/run.txt -o requirements/lab.txt
	$(LOCK) pyproject.toml --extra lab --extra report requirements/dev.in -c requirements/lab.txt -o requirements/dev.txt
	$(LOCK) requirements/serving.in -o requirements/serving.txt
	$(LOCK) requirements/training.in -o requirements/training.txt
	echo uv | $(LOCK) - -o requirements/uv.txt

install: .venv/dev.installed ## The environment for development

# The extras of the lab are enough for the demo; the development set holds them all.
.venv/lab.installed: requirements/lab.txt pyproject.toml | $(UV)
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip install --quiet --require-hashes --only-binary :all: -r requirements/lab.txt
	@$(UV) pip install --quiet --no-deps -e .
	@touch $@

.venv/dev.installed: requirements/dev.txt pyproject.toml | $(UV)
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip install --quiet --require-hashes --only-binary :all: -r requirements/dev.txt
	@$(UV) pip install --quiet --no-deps -e .
	@touch $@ .venv/lab.installed

.tools/bin/uv: requirements/uv.txt
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/uv.txt

sbom: ## What a release is made of, as CycloneDX
	@mkdir -p dist
	@$(PYTHON) scripts/sbom.py dist/infctl.cdx.json

clean: ## Remove what was installed here (caches outside the checkout stay)
	rm -rf .venv .tools
