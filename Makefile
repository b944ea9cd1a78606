# make quickstart    an environment, and a GAN trained on handwritten digits, scored, with a report
# make test          an environment with the test extras, then linters, types and tests
#
# The environment is .venv; it is brought up to date when pyproject.toml or constraints.txt are newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
QUICKSTART := train image.r1gan --data digits --steps 12000 --out runs/quickstart

.DEFAULT_GOAL := help
.PHONY: help quickstart test lint format clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

quickstart: $(VENV)/.installed
	$(BIN)/ptarmigan $(QUICKSTART)

# One thread for each of two workers: more of them fight over two cores.
test: lint
	OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 PYTHONHASHSEED=0 $(BIN)/python -m pytest -q -n 2 --dist worksteal

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf dist .pytest_cache .mypy_cache .ruff_cache
	find ptarmigan tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $(VENV)/.installed $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ptarmigan needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
