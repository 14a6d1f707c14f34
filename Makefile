# make demo   a sample import from end to end          make test       the tests (under 5 minutes)
# make dev    Dagster's UI with daemon and sensor      make test-slow  those that take minutes
# make lint   formatting, types, architecture          make bench      speed, as ratios to its peers
# demo, dev and install put into .venv what requirements.lock holds; the others add requirements-dev.lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNNABLE := $(VENV)/.runnable
TESTABLE := $(VENV)/.testable
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-header --quiet

.PHONY: install demo dev test test-slow lint format bench docs lock clean

# What a user needs, each package held against the hash in requirements.lock; then the project itself, without a second
# resolution. All packages are wheels but pdqhash, which has none for Linux and is compiled (C++).
$(RUNNABLE): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# What tests, lint and bench need besides.
$(TESTABLE): $(RUNNABLE) requirements-dev.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

install: $(RUNNABLE)

demo: $(RUNNABLE)
	$(BIN)/media-pipeline demo --dev-command "make dev"

dev: $(RUNNABLE)
	$(BIN)/media-pipeline dev

# Four at a time for two cores: two fifths of what they take is waiting. The long files are begun first, see conftest.py.
test: $(TESTABLE)
	$(BIN)/python -m pytest -q -m "not slow" -n 4 --dist loadfile --no-loadscope-reorder

test-slow: $(TESTABLE)
	$(BIN)/python -m pytest -q -m slow

lint: $(TESTABLE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/basedpyright -p pyrightconfig.tests.json
	$(BIN)/lint-imports
	$(BIN)/dagster definitions validate -m media_pipeline.definitions

format: $(TESTABLE)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The pages that follow from the code.
docs: $(TESTABLE)
	$(BIN)/python docs/generate.py
	$(BIN)/python -m media_pipeline_tests.catalog.page

bench: $(TESTABLE)
	$(BIN)/python -m bench

# Needs uv. The locks name no index, so that they hold wherever packages come from.
lock:
	$(LOCK) --upgrade --extra build -o requirements.lock
	$(LOCK) --upgrade --extra dev --constraint requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) demo-data
