# `make help` says what there is. Everything runs in .venv, which `make setup` makes and keeps up to date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= world
NAME ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What is imported is compiled once, also where the shell says otherwise: hundreds of processes would do it again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test check bench clean
.DEFAULT_GOAL := help

help: ## Say what each command does
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  DATA=world|bccd|made-with-ml chooses the demo's data, NAME=... one benchmark."

setup: $(VENV)/.installed ## Make the virtual environment; does nothing when it is up to date

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Sabbatical needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv $(VENV)

# What is never imported need not be compiled; the rest is at its first import.
INSTALL = $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable

$(VENV)/.product: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) (a minute or two the first time)"
	@$(INSTALL) '.[train]'
	@touch $@

$(VENV)/.installed: $(VENV)/.product
	@echo "Installing what tests and checks need"
	@$(INSTALL) '.[train,dev]'
	@touch $@

demo: $(VENV)/.product ## Play two turns of the loop and write a report; DATA=bccd or made-with-ml on real data
	@$(BIN)/sabbatical demo --data $(DATA)

# Processes of one thread each: with more threads they wait for one another. A third, as many tests wait for something.
# What a file builds is built once.
test: setup ## Run the tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: setup ## Lint, format, types, import rules, tests of the docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/test_docs.py tests/test_layout.py

bench: setup ## Measure; NAME=evaluation runs one, without a name all of them
	@$(BIN)/python -m benchmarks $(NAME)

clean: ## Remove what can be made again
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build dist
