# `make` alone prints the targets. Everything happens in .venv/; nothing else on the machine is touched.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BUILD_INPUTS := pyproject.toml setup.py $(wildcard ext/*.pyx ext/*.pxd ext/*.h)
# What measures speed; the other scripts in benchmarks/ are studies of how right the answers are.
BENCHMARKS := skeleton discrete commands scale processors reading kernel
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo dev ext test lint types bench docs wheel clean
.DELETE_ON_ERROR:

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/runtime  ## set everything up, then find a causal graph in real data
	@sh benchmarks/demo.sh $(BIN)/causaldisc demo

dev: $(VENV)/dev  ## set up for working on the code

ext: $(VENV)/dev  ## compile the kernels in place
	CPATH=$$(sh ext/headers.sh $(VENV)) $(BIN)/python setup.py -q build_ext --inplace

test: $(VENV)/test  ## run all tests
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/dev  ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy does not know package-dir, so it gets a tree of links with the installed shape.
types: $(VENV)/dev  ## check types
	rm -rf build/typed && mkdir -p build/typed/causaldisc
	ln -s $(CURDIR)/causaldisc/* build/typed/causaldisc/
	ln -s $(CURDIR)/cli build/typed/causaldisc/cli && ln -s $(CURDIR)/ext build/typed/causaldisc/_ext
	MYPYPATH=build/typed $(BIN)/mypy build/typed/causaldisc

bench: $(VENV)/test  ## measure, beside peers where they are installed
	@export CPATH=$$(sh ext/headers.sh $(VENV)); for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

docs: $(VENV)/runtime  ## write docs/cli.md anew from the help
	$(BIN)/python docs/make_cli.py > docs/cli.md.new && mv docs/cli.md.new docs/cli.md

wheel: $(VENV)/dev  ## build wheel and source archive into dist/
	$(BIN)/python -m build

clean:  ## remove what was built (.venv/ stays)
	rm -rf build dist *.egg-info demo ext/*.c ext/*.so
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# Each stamp file says that an installation of that name was made from the present build inputs.
$(VENV)/runtime: EXTRAS :=
$(VENV)/test: EXTRAS := [test]
$(VENV)/dev: EXTRAS := [test,dev]
$(VENV)/runtime $(VENV)/test $(VENV)/dev: $(VENV)/bin/python $(BUILD_INPUTS)
	CPATH=$$(sh ext/headers.sh $(VENV)) $(BIN)/python -m pip install --quiet --editable '.$(EXTRAS)'
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
