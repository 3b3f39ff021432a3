# make report: from nothing to the first report.  make test: everything that must hold.  make help: the rest.
# The command line `crmkit` does the work; Windows users need no make (see README.md).
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
unexport PYTHONDONTWRITEBYTECODE # reports and tests start many programs, and each would compile crmkit anew

VENV := .venv
BIN := $(VENV)/bin
DIR := sample
REPORTS := reports
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

# Asking each interpreter is safer than looking for its name: a pyenv shim exists for versions that are not installed.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)

.PHONY: help report sample test lint docs install dev constraints clean

help: ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

report: $(DIR)/crmkit.toml ## install, make the sample company, load it, report its last whole month into reports/
	@$(BIN)/crmkit load --settings $(DIR)/crmkit.toml >&2
	@$(BIN)/crmkit report --settings $(DIR)/crmkit.toml --output $(REPORTS)

sample: $(DIR)/crmkit.toml ## the invented sample company in sample/

$(DIR)/crmkit.toml: | $(VENV)/installed
	@$(BIN)/crmkit sample $(DIR) >&2

test: $(VENV)/installed-dev lint ## style, types, layers, tests, examples of docstrings and README; SLOW=1: slow ones, too
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(if $(SLOW)$(CRMKIT_CI),,-m "not slow") $(PYTEST)

lint: $(VENV)/installed-dev ## style, types and layers only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

docs: $(VENV)/installed-docs ## the documentation site, in docs/build/html
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/build/html
	@$(BIN)/python docs/check_offline.py docs/build/html
	@echo docs/build/html/index.html

install: $(VENV)/installed ## the virtual environment .venv

dev: $(VENV)/installed-dev ## the same, with what the tests need

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing crmkit into $(VENV) (once; some minutes on a slow line) ..." >&2
	@$(PIP) -c constraints.txt -e . >&2
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing crmkit and its tests' tools into $(VENV) (once) ..." >&2
	@$(PIP) -c constraints.txt -e '.[dev,mysql,spark,holidays]' >&2
	@touch $(VENV)/installed $@

$(VENV)/installed-docs: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing crmkit and what the documentation needs into $(VENV) (once) ..." >&2
	@$(PIP) -c constraints.txt -e '.[docs]' >&2
	@touch $(VENV)/installed $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "crmkit needs Python 3.11, 3.12 or 3.13 and found none. Install one from \
	https://www.python.org/downloads, or name it: make report PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c '$(SUPPORTED)' || { echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python cannot make virtual environments. \
	On Debian or Ubuntu: sudo apt-get install python3-venv. Then run make again." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

constraints: | $(BIN)/python ## renew constraints.txt from pyproject.toml
	@rm -rf $(VENV)-fresh && $(PYTHON) -m venv $(VENV)-fresh
	@$(VENV)-fresh/bin/python -m pip install --quiet -e '.[dev,docs,mysql,spark,holidays]'
	@{ grep '^#' constraints.txt; $(VENV)-fresh/bin/python -m pip freeze --exclude-editable; } > constraints.new
	@mv constraints.new constraints.txt && rm -rf $(VENV)-fresh

clean: ## take away the virtual environment and the tools' caches; data and reports stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache docs/build
