# `make run` and `make test` do everything on a machine that has Python 3.11+, make and git.
#   TORCH=cpu   the small build (default)      TORCH=cuda   the build for NVIDIA cards
#   JOBS=4      how many tests run side by side, at most one more than there are cores
#   PYTHON=...  which Python makes the virtual environment

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

TORCH ?= cpu
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
JOBS ?= 4
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMP := $(VENV)/.installed-$(TORCH)
DEV_STAMP := $(VENV)/.installed-dev
# Some tests wait for servers and clocks: one process more than cores keeps the cores busy.
SIDE_BY_SIDE = $(shell $(BIN)/python -c "import os; print(min($(JOBS), 1 + (os.cpu_count() or 1)))")

PYTEST = -n $(SIDE_BY_SIDE) --dist loadgroup --no-loadscope-reorder --durations=25

export DO_NOT_TRACK := 1
export DVC_NO_ANALYTICS := true
export GX_ANALYTICS_ENABLED := false
export PREFECT_SERVER_ANALYTICS_ENABLED := false
# Packages are compiled when first imported; unless that is kept, every process compiles anew: half the time.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)

ifeq ($(filter $(TORCH),cpu cuda),)
$(error TORCH must be cpu or cuda, however: $(TORCH))
endif

.PHONY: help run test test-all lint format report serve install lock schema clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' || true
	@echo "Switches: TORCH=cuda (default cpu), PYTHON=python3.12"

run: $(STAMP) ## install once, then run the whole pipeline (`ninefold run`)
	@$(BIN)/ninefold run

test: $(DEV_STAMP) lint ## install once, then check style, types and behaviour
	@$(BIN)/python -m pytest $(PYTEST)

test-all: $(DEV_STAMP) lint ## the same with further rounds: every door, kind and kill (twice as long)
	@$(BIN)/python -m pytest $(PYTEST) -m "" --hypothesis-profile=thorough

lint: $(DEV_STAMP) ## ruff and mypy only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(DEV_STAMP) ## let ruff put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

report: $(STAMP) ## open the report of the last run
	@$(BIN)/ninefold report --open

serve: $(STAMP) ## serve models/model.onnx over HTTP
	@$(BIN)/ninefold serve

install: $(STAMP) ## only the virtual environment

lock: $(DEV_STAMP) ## write the lock files from what .venv holds
	@$(BIN)/python .ci/lock.py

schema: $(STAMP) ## write docs/params.schema.json, which editors check params.yaml with
	@$(BIN)/python .ci/schema.py

clean: ## remove what a run computed; keeps .venv, params and DVC's cache
	@rm -rf data models reports .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	@echo "Removed data/, models/, reports/ and tool caches; \`make run\` restores or recomputes them."

# The stamp is written last: an interrupted installation resumes, a changed lock installs again.
$(STAMP): requirements.lock pyproject.toml
	@bash .ci/install "$(TORCH)" "$(TORCH_INDEX)" "$(VENV)" "$(PYTHON)"
	@rm -f $(VENV)/.installed-*
	@touch $@

$(DEV_STAMP): requirements-dev.lock $(STAMP)
	@echo "Installing the development tools …"
	@$(PIP) install --quiet --no-deps -r requirements-dev.lock
	@touch $@
