# make demo   a sample import from end to end          make test       the tests (under 5 minutes)
# make dev    Dagster's UI with daemon and sensor      make test-slow  those that take minutes
# make lint   formatting, types, architecture          make bench      speed, as ratios to its peers

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo dev test test-slow lint format bench docs lock clean

# Wheels only, each held against the hash in requirements.lock; then the project itself, without a second resolution.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)
	$(BIN)/media-pipeline demo

dev: $(READY)
	$(BIN)/media-pipeline dev

# Four at a time for two cores: two fifths of what they take is waiting. The long files are begun first, see conftest.py.
test: $(READY)
	$(BIN)/python -m pytest -q -m "not slow" -n 4 --dist loadfile --no-loadscope-reorder

test-slow: $(READY)
	$(BIN)/python -m pytest -q -m slow

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/dagster definitions validate -m media_pipeline.definitions

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The pages that follow from the code.
docs: $(READY)
	$(BIN)/python docs/generate.py
	$(BIN)/python -m media_pipeline_tests.catalog.page

bench: $(READY)
	$(BIN)/python -m bench

# Needs uv. The lock names no index, so that it holds wherever packages come from.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-emit-index-url --no-header --quiet --upgrade -o requirements.lock

clean:
	rm -rf $(VENV) demo-data
