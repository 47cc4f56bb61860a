# Each target sets up what it needs: an environment in .venv, and Chromium for the browser tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: app test check bench shots chromium catalogues clean

app: $(READY)
	$(BIN)/flowcore app

# Browsers have the two cores for themselves: what a person would wait for is measured there.
test: $(READY) chromium
	$(BIN)/pytest -n 2 --dist worksteal --ignore tests/browser
	$(BIN)/pytest tests/browser

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) chromium
	$(BIN)/python -m tests.benchmarks

# Regenerates what can be regenerated under descriptors/; revisions stay as they are.
catalogues: $(READY)
	set -e; for package in keras sklearn pandas numpy skimage foolbox fallback; do $(BIN)/flowcore describe $$package; done

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "flowcore needs Python 3.11 or newer, found $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

# The browser tests drive the system's Chromium. They fail without one; they are never skipped.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	{ command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || \
	{ echo "The browser tests need Chromium. Install it, for instance: sudo apt-get install chromium"; exit 1; }

clean:
	rm -rf $(VENV) *.egg-info

# Pictures of every page in light and dark, wide and narrow, into shots/.
shots: $(READY) chromium
	$(BIN)/python -m tests.benchmarks.shots
