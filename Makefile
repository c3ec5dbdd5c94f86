# Workledger from a fresh clone: needs Python 3.11, git and make, nothing else.
#
#   make demo            install, load the demo firm, serve it (PORT=8000)
#   make test            every test, browser tests too
#   make check           what a change must pass before its tests are worth running

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
UV ?= uv
BENCH ?=
TESTS ?=

VENV := .venv
BIN := $(VENV)/bin
TRYTON := .venv-tryton
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo test check check-lint check-types check-imports check-project bench lock clean

help: ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "make %-9s %s\n", $$1, $$2}'

install: $(VENV)/.runtime ## Make .venv with the locked dependencies

install-dev: $(VENV)/.dev

demo: $(VENV)/.runtime ## Load the demo firm and serve it; PORT=8000
	@exec $(BIN)/workledger demo --port $(PORT)

test: $(VENV)/.dev ## Run every test, browser tests too; TESTS=path runs some
	@.ci/chromium || true
	@$(MAKE) --no-print-directory $(TRYTON)/.made || echo "The tests against a real general ledger will be skipped."
	@$(BIN)/python -m pytest -n auto $(TESTS)

check: $(VENV)/.dev ## Lint, format, types, layers, templates, migrations
	@$(MAKE) --no-print-directory --output-sync=target --keep-going -j2 check-types check-lint check-imports check-project

check-lint:
	@$(BIN)/ruff check --quiet . || { echo "Lint is not clean; $(BIN)/ruff check --fix . mends most."; exit 1; }
	@out=$$($(BIN)/ruff format --check . 2>&1) || { \
	  printf '%s\n' "$$out"; echo "The format is not clean; $(BIN)/ruff format . mends it."; exit 1; }

check-types:
	@$(BIN)/mypy --no-error-summary

check-imports:
	@out=$$($(BIN)/lint-imports --no-cache 2>&1) || { printf '%s\n' "$$out"; exit 1; }

check-project:
	@$(BIN)/python -m workledger.runtime.project_check

bench: $(VENV)/.runtime ## Measure speed beside plain PostgreSQL
	@$(BIN)/python -m bench $(BENCH)

lock: ## Pin every dependency with its hashes again (needs uv); UPGRADE=1 takes newer ones
	$(UV) pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet \
	  $(if $(UPGRADE),--upgrade) -o requirements.lock
	$(UV) pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet \
	  -c requirements.lock -o requirements-dev.lock
	$(UV) pip compile --group tryton --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet \
	  $(if $(UPGRADE),--upgrade) -o requirements-tryton.lock

clean: ## Remove what was installed and built; data in .workledger stays
	rm -rf $(VENV) $(TRYTON) .workledger-test build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# --- installing; a stamp is written only when its step is complete -------------------------------------

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 was not found. Install it, or say where it is: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is older than Python 3.11. Install Python 3.11, or say where it is: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { \
	  echo "The folder $(VENV) could not be made here. On Debian or Ubuntu install python3.11-venv; else check permissions and free space."; exit 1; }
	@touch $@

$(VENV)/.runtime: requirements.lock pyproject.toml $(VENV)/.made
	@echo "Installing what Workledger needs into $(VENV); this takes a minute the first time."
	@$(PIP) -r requirements.lock || { echo "Installing failed; the lines above say why. Run the same command again once it is mended."; exit 1; }
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the tools for tests and checks into $(VENV)."
	@$(PIP) -r requirements-dev.lock || { echo "Installing failed; the lines above say why. Run the same command again once it is mended."; exit 1; }
	@touch $@

$(TRYTON)/.made: requirements-tryton.lock $(VENV)/.made
	@echo "Installing Tryton, the general ledger of the tests, into $(TRYTON)."
	@$(PYTHON) -m venv --clear $(TRYTON) && $(TRYTON)/bin/python -m pip --disable-pip-version-check install --quiet \
	  --require-hashes -r requirements-tryton.lock || { echo "Tryton could not be installed; the lines above say why."; exit 1; }
	@touch $@
