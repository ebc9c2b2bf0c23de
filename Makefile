# Every target sets up .venv once and reuses it. Needs Python 3.11 or newer, make, and a network to the package index.
PYTHON ?= python3
SCALE ?= smoke
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test lab notebooks course lint types bench bench-accuracy bench-grading bench-sandbox soak clean

demo: $(READY)
	$(BIN)/sgd2muon demo

test: $(READY) lint types
	$(BIN)/sgd2muon build --check
	$(BIN)/python -m pytest tests -n 2
	$(BIN)/sgd2muon course --scale smoke
	$(BIN)/sgd2muon course --scale smoke --release

lab: $(READY)
	$(BIN)/jupyter lab notebooks

notebooks: $(READY)
	$(BIN)/sgd2muon build

course: $(READY)
	$(BIN)/sgd2muon course --scale $(SCALE)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

bench: bench-accuracy bench-sandbox bench-grading

bench-accuracy: $(READY)
	$(BIN)/python -m benchmarks.accuracy

bench-sandbox: $(READY)
	$(BIN)/python -m benchmarks.sandbox

bench-grading: $(READY)
	$(BIN)/python -m benchmarks.grading

soak: $(READY)
	$(BIN)/python -m benchmarks.soak

# torch is pinned in constraints.txt, so that no other build of it is looked for
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "sgd2muon needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf build .venv
