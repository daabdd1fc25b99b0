# Leuko. Each target does its own set-up; it needs Python 3.11 or newer with venv, and make.

PYTHON ?= python3
DATASETS ?= $(or $(LEUKO_DATASETS),../shared/datasets)
RUNS ?= runs
CHECKS ?= build/checks
SEGMENTER ?= $(RUNS)/segmenter-edge/model.keras
CLASSIFIER ?= $(RUNS)/classifier-edge/model.keras
OWN_CELLS ?= training/weights/own-cells.npz

DEVICE_ENV := .venv
DEV_ENV := .venv-dev
BIN := $(DEV_ENV)/bin

REQUIREMENTS := requirements
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
	--constraints $(REQUIREMENTS)/constraints.in

# The programs and the tests look here.
export LEUKO_DATASETS := $(abspath $(DATASETS))
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# $(call make_env,FOLDER,REQUIREMENT FILE): the packages by their hashes, then leuko itself.
# The build tools are installed by hash too, so nothing is fetched that is not listed.
define make_env
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Leuko needs Python 3.11 or newer; name one, for example: make PYTHON=python3.13' >&2; \
		exit 1; }
	$(PYTHON) -m venv $(1)
	$(1)/bin/pip install --quiet --require-hashes -r $(REQUIREMENTS)/build.txt -r $(2)
	$(1)/bin/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
endef

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint train bundle evaluate card transfer own-cells outlines robustness benchmark bench-live bench-site bench-calibration \
	check-systemd check-picamera2 check-v4l2 check-gpu deb check-deb check-readonly check-arm64 bench-start \
	requirements clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(DEVICE_ENV)/.installed: pyproject.toml $(REQUIREMENTS)/build.txt $(REQUIREMENTS)/device.txt
	$(call make_env,$(DEVICE_ENV),$(REQUIREMENTS)/device.txt)

$(DEV_ENV)/.installed: pyproject.toml $(REQUIREMENTS)/build.txt $(REQUIREMENTS)/dev.txt
	$(call make_env,$(DEV_ENV),$(REQUIREMENTS)/dev.txt)

demo: $(DEVICE_ENV)/.installed ## Count a simulated smear in the terminal; pictures go to demo-out
	$(DEVICE_ENV)/bin/leuko demo --out demo-out

lint: $(DEV_ENV)/.installed ## Check format, style, types and layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint ## Run all checks and all tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

train: $(DEV_ENV)/.installed ## Train the segmenter and the classifier on DATASETS into RUNS
	$(BIN)/leuko-train datasets
	$(BIN)/leuko-train segmenter --runs $(RUNS)
	$(BIN)/leuko-train classifier --runs $(RUNS)

bundle: $(DEV_ENV)/.installed ## Convert the models in RUNS to int8, pack the default bundle, print what was lost
	$(BIN)/leuko-convert bundle --segmenter $(SEGMENTER) --classifier $(CLASSIFIER) --own-cells $(OWN_CELLS)
	$(BIN)/leuko-convert parity --segmenter $(SEGMENTER) --classifier $(CLASSIFIER)

evaluate: $(DEV_ENV)/.installed ## Measure the default bundle on DATASETS into docs/results
	$(BIN)/leuko-train evaluate

card: $(DEV_ENV)/.installed ## Write the default bundle's model card from docs/results
	$(BIN)/leuko-convert card device/leuko/bundles/default --transfer docs/results/transfer.json

transfer: $(DEV_ENV)/.installed ## Train without each laboratory in turn, ask about its cells (hours)
	$(BIN)/leuko-train transfer --recipe usual --recipe even --recipe even-views --recipe even-half --recipe slides --short --runs $(RUNS)
	$(BIN)/leuko-train transfer --recipe slides --raabin-alone --runs $(RUNS)
	$(BIN)/leuko-train own-cells --runs $(RUNS)
	$(BIN)/leuko-train transfer --recipe slides --whole --runs $(RUNS)

own-cells: $(DEV_ENV)/.installed ## Learn how leukocytes lie to each other, measure what unlabelled cells tell
	$(BIN)/leuko-train own-cells --runs $(RUNS)

outlines: $(DEV_ENV)/.installed ## Train segmenters without each laboratory, ask for its outlines (half an hour or more)
	$(BIN)/leuko-train outlines --runs $(RUNS)

robustness: $(DEV_ENV)/.installed ## Alter the pictures of laboratories left out, ask whole bundles about them (after transfer)
	$(BIN)/leuko-train robustness --runs $(RUNS)

benchmark: $(DEV_ENV)/.installed ## Time the default bundle on one large field into docs/results
	$(BIN)/leuko-train benchmark

bench-live: $(DEV_ENV)/.installed ## Measure the live count against simulated slides into docs/results
	$(BIN)/leuko-train bench-live

DEBS := build/deb
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' device/leuko/__init__.py)

BOOKWORM = $(DEBS)/leuko_$(VERSION)+deb12
TRIXIE = $(DEBS)/leuko_$(VERSION)+deb13
PACKAGED = $(DEV_ENV)/.installed $(shell find device systemd -type f -not -name '*.pyc') \
	$(REQUIREMENTS)/device.txt pyproject.toml README.md LICENSE

# A package is built anew when something that goes into it has changed.
$(BOOKWORM)_%.deb: $(PACKAGED)
	sh systemd/debian/build.sh bookworm $* $(DEBS)

$(TRIXIE)_%.deb: $(PACKAGED)
	sh systemd/debian/build.sh trixie $* $(DEBS)

deb: $(BOOKWORM)_arm64.deb $(BOOKWORM)_amd64.deb $(TRIXIE)_arm64.deb $(TRIXIE)_amd64.deb ## Build the Debian packages for bookworm and trixie, arm64 and amd64

check-deb: $(BOOKWORM)_amd64.deb $(TRIXIE)_amd64.deb ## Install, upgrade and purge the packages in containers (root, minutes)
	sh tests/hardware/check_deb.sh $(CHECKS) bookworm $(BOOKWORM)_amd64.deb $(abspath $(BIN))/leuko-convert; \
	sh tests/hardware/check_deb.sh $(CHECKS) trixie $(TRIXIE)_amd64.deb $(abspath $(BIN))/leuko-convert; \
	$(BIN)/python tests/hardware/deb_report.py $(CHECKS)/deb $(DEBS) docs/results/packages.md

check-readonly: $(TRIXIE)_amd64.deb ## Count on a read-only root, sessions on their own medium (root, minutes)
	sh tests/hardware/check_readonly.sh $(CHECKS) $(TRIXIE)_amd64.deb docs/results/readonly.md

check-arm64: $(BOOKWORM)_arm64.deb $(TRIXIE)_arm64.deb ## Run the arm64 packages as Raspberry Pi 4 and 5, emulated (root, hours)
	sh tests/hardware/check_arm64.sh $(CHECKS) $(DEBS) $(LEUKO_DATASETS) $(BIN)/python

bench-site: $(DEV_ENV)/.installed ## Measure what adapting to a laboratory is worth into docs/results
	$(BIN)/leuko-train bench-site

bench-calibration: $(DEV_ENV)/.installed ## Measure what a calibration is worth into docs/results
	$(BIN)/leuko-train bench-calibration

bench-start: $(DEV_ENV)/.installed ## Time the service from its start to the first counted frame into docs/results
	$(BIN)/leuko-train bench-start

check-systemd: $(DEV_ENV)/.installed ## Boot the service under systemd in a container (root, minutes)
	sh tests/hardware/check_systemd.sh $(CHECKS)

check-picamera2: $(DEV_ENV)/.installed ## Run the driver on the real picamera2 (root, minutes)
	sh tests/hardware/check_picamera2.sh $(CHECKS)

check-v4l2: $(DEV_ENV)/.installed ## Run USB camera and framebuffer in a virtual machine (root, minutes)
	sh tests/hardware/check_v4l2.sh $(CHECKS)

check-gpu: $(DEV_ENV)/.installed ## Run the GPU's tests over a Vulkan in software (Debian, minutes)
	sh tests/hardware/check_gpu.sh $(CHECKS) $(BIN)/python docs/results/gpu.md

requirements: ## Pin the newest dependencies with their hashes (needs uv)
	$(COMPILE) --upgrade $(REQUIREMENTS)/build.in --output-file $(REQUIREMENTS)/build.txt
	$(COMPILE) --upgrade pyproject.toml --output-file $(REQUIREMENTS)/device.txt
	$(COMPILE) --upgrade pyproject.toml --extra converter --group dev \
		--constraints $(REQUIREMENTS)/device.txt --output-file $(REQUIREMENTS)/dev.txt

clean: ## Remove the environments, the caches and what was built; RUNS stays
	rm -rf $(DEVICE_ENV) $(DEV_ENV) build dist demo-out
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find device training converter tests -name __pycache__ -type d -prune -exec rm -rf {} +
