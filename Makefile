# `make demo` and `make test` work in a fresh clone; they make .venv and install into it. Windows: see README.md for plain pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# pytest's workers; `make test WORKERS=auto` uses every core
WORKERS ?= 2
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-all check lint format types floors wheel guide reference screenshots clean

help:
	@echo "make demo      replay an example log, simulate 2,000 members for three years, write out/mos_report.html"
	@echo "make test      install what the tests need and run them (test-all: the slow ones too)"
	@echo "make check     lint, format, types, floors and tests, as CI does"
	@echo "make guide     build the user guide: out/guide/html/index.html"
	@echo "make reference | screenshots    write docs/reference from the code, docs/screenshots from the app in a browser"
	@echo "make lint | types | floors | format | wheel | clean"

# One stamp for each set of extras: pip runs again only when pyproject.toml has changed.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; this is `$(PYTHON) --version`. Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@if $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then $(PYTHON) -m venv $(VENV); \
	elif $(PYTHON) -m virtualenv --version >/dev/null 2>&1; then $(PYTHON) -m virtualenv -q $(VENV); \
	elif command -v virtualenv >/dev/null; then virtualenv -q -p $(PYTHON) $(VENV); \
	else echo "This Python cannot make virtual environments. On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; fi

$(VENV)/.installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$*]'
	@touch $@

demo: $(VENV)/.installed-reports
	@mkdir -p out
	$(BIN)/loyalty replay mos_burger examples/mos_orders.csv --as-of 2016-12-31 --ledger out/mos_ledger.csv
	$(BIN)/loyalty run mos_burger --members 2000 --years 3 --out out/mos_run
	$(BIN)/loyalty report out/mos_run --out out/mos_report.html
	@echo "The ledger is out/mos_ledger.csv, the report out/mos_report.html: open it in a browser."

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -q -n $(WORKERS) -m "not slow"

test-all: $(VENV)/.installed-test
	$(BIN)/python -m pytest -q -n $(WORKERS)

check: lint types floors test

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

floors: $(VENV)/.installed-dev
	PYTHONPATH=. $(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(VENV)/.installed-test
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist

guide: $(VENV)/.installed-guide
	$(BIN)/python -m sphinx -E -a -W -n --keep-going -q -b html docs out/guide/html
	@echo "The guide is out/guide/html/index.html: open it in a browser."

reference: $(VENV)/.installed-test
	$(BIN)/python docs/generator

screenshots: $(VENV)/.installed-test
	SCREENSHOTS=docs/screenshots $(BIN)/python -m pytest -q -m browser tests/test_guide_screenshots.py

clean:
	rm -rf out build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
