# Two commands do everything: `make leaderboard` and `make test`.
PYTHON ?= python3
VENV := .venv
SHELL := bash
.SHELLFLAGS := -o pipefail -c

# Rows to leave out, by name or kind, as in WITHOUT=generative: a generator takes minutes for every
# cohort, all others take seconds. Seeds instead of the preset's, as in SEEDS=0-4.
WITHOUT ?=
SEEDS ?=

.PHONY: leaderboard test bench clean

leaderboard: $(VENV)/installed
	$(VENV)/bin/equipoise run --preset quick --site site $(addprefix --without ,$(WITHOUT)) \
	  $(addprefix --seeds ,$(SEEDS))

test: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/python -m pytest -n 2 --dist worksteal

# How fast the parts of a run are here, beside plain loops of the same networks: minutes.
bench: $(VENV)/installed
	PYTHONPATH=. OMP_NUM_THREADS=1 $(VENV)/bin/python docs/measurements/bench.py

# The environment; made again when what it is made from has changed.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Equipoise needs Python 3.11 or newer; give one with: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing (about 6.8 GB with torch's CUDA libraries, 2 to 4 minutes)..."
	$(VENV)/bin/python -m pip install --disable-pip-version-check --progress-bar off --no-compile \
	  -c constraints.txt -e '.[dev]' | grep --line-buffered -E '^(Collecting torch|  Downloading nvidia|Installing|Success)' | cut -c1-160
	$(VENV)/bin/python -c 'import torch, torchvision.ops; print("torch", torch.__version__, "and torchvision agree")'
	@touch $@

clean:
	rm -rf $(VENV) runs site
