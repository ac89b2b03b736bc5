# The front door: `make` lists what there is. Each target makes the .venv it needs, once.
# PYTHON=/path/to/python names an interpreter; ARGS="…" is handed on to the program.

BIN := .venv/bin
ARGS ?=

.NOTPARALLEL:
.PHONY: help demo test test-deep check format lint types imports docs bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: .venv/.has-demo ## review real code with agents, kill one half-way, see its tasks rescued
	$(BIN)/arbiter demo $(ARGS)

test: .venv/.has-test ## run the tests, on an embedded PostgreSQL unless ARBITER_TEST_DSN names one
	$(BIN)/python -m pytest -n logical --maxprocesses 4 $(ARGS)

test-deep: .venv/.has-test ## search longer: many random lives, plans among a million tasks
	$(BIN)/python -m pytest -m deep -n logical --maxprocesses 2 $(ARGS)

check: lint types imports test ## all that CI asks for: format, lint, types, imports, tests, docs

format: .venv/.has-dev ## rewrite the code as ruff likes it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: .venv/.has-dev ## ruff: the rules, and the format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.has-dev ## mypy --strict
	$(BIN)/mypy

imports: .venv/.has-dev ## the import contracts: dependencies point inwards
	$(BIN)/lint-imports

docs: .venv/.has-test ## run every code block of the README and the docs (make test does, too)
	$(BIN)/python -m pytest tests/docs $(ARGS)

bench: .venv/.has-demo ## measure speed and memory on this machine
	$(BIN)/arbiter bench $(ARGS)

clean: ## remove .venv, caches and builds
	rm -rf .venv build dist site .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find arbiter tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.has-%: pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" sh tools/venv.sh $*
