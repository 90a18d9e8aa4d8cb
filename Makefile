# All targets are phony. No path is a prerequisite, because make splits paths at spaces.
.PHONY: help run check test chaos bench lint format lock install
.DEFAULT_GOAL := help
PYTHON ?= python3
START = @command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or newer and start again." >&2; exit 1; }; exec $(PYTHON) launcher/bootstrap.py

help:
	@echo "make run       install dependencies, start everything and print the address"
	@echo "make check     run linters and the quick tests, in four minutes"
	@echo "make test      run linters and all tests; make test ARGS='-k words' selects tests"
	@echo "make chaos     kill processes, Valkey and PostgreSQL for three minutes while 20 users work"
	@echo "make bench     compare performance with peers; make bench ARGS='--only ours' measures this app only"
	@echo "make lint      run ruff, mypy and the import contracts"
	@echo "make format    format the code with ruff"
	@echo "make install   install what make run needs, and nothing else"
	@echo "make lock      regenerate the locks in requirements/ from the version ranges"

run:
	$(START) run

check:
	$(START) check $(ARGS)

test:
	$(START) test $(ARGS)

chaos:
	@.venv/bin/python -m tests.soak.storm 180

bench:
	@.venv/bin/python -m benchmarks $(ARGS)

lint:
	$(START) lint

format:
	$(START) format

lock:
	$(START) lock

install:
	$(START) install
