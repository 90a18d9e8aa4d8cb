# Everything is a name, nothing a file: `make` splits paths at spaces, so no path stands here.
.PHONY: help run test chaos bench lint format lock install
.DEFAULT_GOAL := help
PYTHON ?= python3
START = @command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11 or newer and start again." >&2; exit 1; }; exec $(PYTHON) launcher/bootstrap.py

help:
	@echo "make run       install what is needed, start everything, print the address"
	@echo "make test      linters and all tests; make test ARGS='-k words' for some"
	@echo "make chaos     three minutes of dying processes, Valkey and PostgreSQL, 20 people"
	@echo "make bench     this product beside its peers; make bench ARGS='--only ours' for a part"
	@echo "make lint      ruff, mypy and the import contract"
	@echo "make format    let ruff put the code in order"
	@echo "make install   only install what make run needs"
	@echo "make lock      write the locks in requirements/ anew from the ranges"

run:
	$(START) run

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
