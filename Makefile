# From a clean clone: `make run` starts Pombo, `make test` checks everything. Nothing is installed outside the clone.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first Python of 3.11 or newer that can make a virtual environment; `make PYTHON=...` names another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# PIP_USER, where a person has set it, would lead out of .venv; pip's other variables hold.
PIP := PIP_USER=0 .venv/bin/python -m pip --disable-pip-version-check --no-input
# The locks are complete, so nothing is left to resolve; what is imported is compiled when it is.
INSTALL := $(PIP) install --quiet --require-hashes --no-deps --no-compile --requirement
NPM := tools/npm.sh
MEMBERS := libs/common services/api services/worker services/pombo
PYTEST := .venv/bin/python -m pytest

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: .venv/.stamp-run node_modules/.package-lock.json ## Start Pombo here: API, worker and sandbox in one process
	@exec .venv/bin/pombo up

.PHONY: setup
setup: .venv/.stamp-run .venv/.stamp-dev node_modules/.package-lock.json servers ## Install all that the checks need

.PHONY: test
test: setup ## Run every check and every test but chaos and bench
	@echo "==> Format, lint, types and imports; beside them the JavaScript tests"
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check javascript
	@echo "==> Python tests: end to end, contract, unit (the longest first, so that none is left over at the end)"
	@$(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder -m "not long" tests/e2e tests/contract tests/unit

.PHONY: javascript
javascript: node_modules/.package-lock.json
	@echo "==> JavaScript tests"
	@$(NPM) test --workspaces --if-present

.PHONY: check
check: .venv/.stamp-run .venv/.stamp-dev node_modules/.package-lock.json ## Check format, lint, types and imports only
	@echo "==> Format of the Python sources"
	@.venv/bin/ruff format --check --quiet .
	@echo "==> Lint of the Python sources"
	@.venv/bin/ruff check --quiet .
	@echo "==> Types"
	@.venv/bin/mypy
	@echo "==> Import contracts"
	@.venv/bin/lint-imports
	@echo "==> Format and lint of the JavaScript sources"
	@$(NPM) exec --no -- biome ci

.PHONY: fmt
fmt: .venv/.stamp-dev node_modules/.package-lock.json ## Format the sources and mend what lint can mend
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .
	@$(NPM) exec --no -- biome check --write

.PHONY: chaos
chaos: setup ## Kill, freeze and cut off the parts while they work
	@$(PYTEST) tests/chaos
	@$(PYTEST) -m long tests/e2e

.PHONY: bench
bench: setup ## Measure it beside what the same libraries reach bare (about 22 minutes)
	@command -v wrk >/dev/null || test -x .cache/debs/root/usr/bin/wrk || { \
	  echo "==> wrk, unpacked into .cache (once)"; \
	  .venv/bin/python tools/unpack_debian_servers.py .cache/debs || true; }
	@.venv/bin/python -m tests.bench

# uv's own lock names package indexes, so it is not kept; pip's carry versions and hashes alone.
EXPORT = .venv/bin/uv export --quiet --frozen --no-config --no-header --no-annotate --no-emit-workspace
.PHONY: lock
lock: .venv/.stamp-dev ## Choose the newest versions that the bounds allow, and write the locks
	@echo "==> Resolving the Python packages"
	@env -u UV_FIND_LINKS -u UV_EXTRA_INDEX_URL -u UV_INDEX .venv/bin/uv lock --no-config --no-python-downloads --upgrade
	@$(EXPORT) --all-packages --no-dev --group build --output-file requirements.lock >/dev/null
	@$(EXPORT) --only-group dev --output-file requirements-dev.lock >/dev/null
	@$(EXPORT) --only-group node --output-file requirements-node.lock >/dev/null
	@echo "==> Resolving the npm packages"
	@$(NPM) update --package-lock-only
	@# An index may serve a package before those it has for each platform; such a lock installs nowhere.
	@$(NPM) ci --dry-run >/dev/null

.PHONY: clean
clean: ## Remove all that the set-up and the checks made; data stay
	@rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis uv.lock
	@find . -name node_modules -type d -prune -exec rm -rf {} +
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: servers
servers: .venv/.stamp-run
	@.venv/bin/python -m tests.support.server_binaries >/dev/null 2>&1 || { \
	  echo "==> Redis and RabbitMQ for the tests, unpacked into .cache (once)"; \
	  .venv/bin/python tools/unpack_debian_servers.py .cache/debs || \
	    test -n "$${POMBO_TEST_REDIS_URL:-}" -a -n "$${POMBO_TEST_AMQP_URL:-}"; }

.venv/.stamp-venv:
	@test -n "$(PYTHON)" || { \
	  echo "Pombo needs Python 3.11 or newer with its venv module, and found none." >&2; \
	  echo "On Debian or Ubuntu: apt-get install python3 python3-venv; or name one: make PYTHON=/path/to/python" >&2; \
	  exit 1; }
	@echo "==> Python environment in .venv ($$($(PYTHON) --version))"
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.stamp-run: .venv/.stamp-venv requirements.lock $(MEMBERS:%=%/pyproject.toml)
	@echo "==> Python packages"
	@$(INSTALL) requirements.lock
	@$(PIP) install --quiet --no-index --no-deps --no-build-isolation $(MEMBERS:%=--editable %)
	@touch $@

.venv/.stamp-dev: .venv/.stamp-run requirements-dev.lock
	@echo "==> Python packages of the checks and tests"
	@$(INSTALL) requirements-dev.lock
	@touch $@

.venv/.stamp-node: .venv/.stamp-venv requirements-node.lock
	@$(NPM) --has || { \
	  echo "==> Node, as a Python package (this machine has no Node 20 or newer with npm)"; \
	  $(INSTALL) requirements-node.lock; }
	@touch $@

# npm writes this file last, and it goes with the folder.
node_modules/.package-lock.json: .venv/.stamp-node package.json package-lock.json
	@echo "==> npm packages, with $$($(NPM) --which)"
	@$(NPM) ci --loglevel=error
	@touch $@
