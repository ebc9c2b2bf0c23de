# Every target sets up .venv once and reuses it. Needs Python 3.11 or newer, make, and a network to the package index.
SCALE ?= smoke
EXTRAS := [dev]
# more than two cores: many tests wait for browsers, limits and clocks
TEST_PROCESSES ?= 3
include install.mk

.PHONY: demo test lab notebooks course solved released lint types clean soak
.PHONY: bench bench-accuracy bench-grading bench-judging bench-newcomer bench-sandbox bench-ways bench-widgets
.DEFAULT_GOAL := demo

demo: $(READY)
	$(BIN)/sgd2muon demo

test: $(READY) lint types
	$(BIN)/sgd2muon build --check
	$(BIN)/python -m pytest tests -n $(TEST_PROCESSES) --dist worksteal
	$(MAKE) --no-print-directory -j 2 solved released

lab: $(READY)
	$(BIN)/jupyter lab notebooks

notebooks: $(READY)
	$(BIN)/sgd2muon build

course: $(READY)
	$(BIN)/sgd2muon course --scale $(SCALE)

solved: $(READY)
	$(BIN)/sgd2muon course --scale smoke

released: $(READY)
	$(BIN)/sgd2muon course --scale smoke --release

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

bench: bench-accuracy bench-judging bench-sandbox bench-grading bench-widgets

bench-accuracy: $(READY)
	$(BIN)/python -m benchmarks.accuracy

bench-judging: $(READY)
	$(BIN)/python -m benchmarks.judging

bench-sandbox: $(READY)
	$(BIN)/python -m benchmarks.sandbox

bench-widgets: $(READY)
	$(BIN)/python -m benchmarks.widgets

bench-grading: $(READY)
	$(BIN)/python -m benchmarks.grading

# these and the soak are no measurements of speed, so `make bench` leaves them out
bench-newcomer: $(READY)
	$(BIN)/python -m benchmarks.newcomer

bench-ways: $(READY)
	$(BIN)/python -m benchmarks.three_ways

soak: $(READY)
	$(BIN)/python -m benchmarks.soak

clean:
	rm -rf build .venv
