# Everything one does with this project. Needs on the machine: Python 3.11 to 3.14, git, make, bash. The rest is
# fetched once into .venv, every file checked against the hashes in requirements*.lock.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Where it is set, every process that a test starts would read the same thousand source files anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?=
# Twice as many as there are cores to expect: a third of what tests take is waiting.
WORKERS ?= 4
TESTS ?=
PYTEST_SELECT ?= -m "not long"

VENV := .venv
PY := $(VENV)/bin/python
RUNTIME := $(VENV)/.runtime-ready
DEV := $(VENV)/.dev-ready
POSTCODES := var/geo/.ready

##@ Use

demo: $(RUNTIME) $(POSTCODES)  ## Make the demo authority and show what the engine answers
	@$(VENV)/bin/placement demo

serve: $(RUNTIME) $(POSTCODES)  ## Start the service with the demo authority on 127.0.0.1:8000
	@$(VENV)/bin/placement serve

##@ Check

# --keep-going: a failed step fails the whole, and hides no later one. What looks at the text alone runs beside the
# tests, which leave a core idle now and then.
test: $(DEV) $(POSTCODES)  ## Everything that must pass: lint, types, imports and the tests on both databases
	@$(MAKE) --keep-going --jobs=2 static pytest

static: $(DEV)  ## Lint, types and imports: what looks at the text alone
	@status=0; for step in lint types imports; do $(MAKE) $$step || status=1; done; exit $$status

# What decides about one child and one home, and what is cheap. Left out: the optimiser and the nights, the laws
# over random worlds, whatever needs a database or starts a service, and all that is marked slow.
CHEAP := tests/access tests/documents tests/geo tests/tooling tests/test_settings.py tests/test_wording.py \
	tests/laws/test_flips.py tests/laws/test_golden.py tests/laws/test_not_modelled.py \
	tests/matching/criteria tests/matching/rules \
	$(filter-out tests/matching/test_night% %nights.py,$(wildcard tests/matching/test_*.py))

check: $(DEV) $(POSTCODES)  ## In about a minute: lint, types, imports, and the quick half of the tests
	@$(MAKE) --keep-going lint types imports pytest PYTEST_SELECT='-m "not slow"' TESTS='$(or $(TESTS),$(CHEAP))'

lint: $(DEV)  ## Style and likely mistakes
	@echo "== lint"
	@status=0; \
	$(VENV)/bin/ruff check --quiet --output-format concise . || status=1; \
	$(VENV)/bin/ruff format --check --quiet --output-format concise . || { status=1; \
		echo "Not formatted; mend with: make format"; }; \
	exit $$status

types: $(DEV)  ## Types, strictly
	@echo "== types"
	@$(VENV)/bin/mypy

imports: $(DEV)  ## Which part may know which
	@echo "== imports"
	@$(VENV)/bin/lint-imports --no-logo

pytest: $(DEV) $(POSTCODES)  ## The tests alone (TESTS=path, WORKERS=4)
	@echo "== tests"
	@$(PY) -m pytest -q -n $(WORKERS) $(PYTEST_SELECT) $(TESTS)

long: $(DEV) $(POSTCODES)  ## Thousands more of the random cases that the tests try, in some minutes
	@$(MAKE) pytest PYTEST_SELECT='-m long'

format: $(DEV)  ## Format the code and mend what can be mended safely
	@$(VENV)/bin/ruff check --fix --quiet . || true
	@$(VENV)/bin/ruff format .

fuzz: $(DEV) $(POSTCODES)  ## Random requests against the whole API, for some minutes (CASES=1000 each, SEED=1)
	@$(PY) -m tests.api.fuzz --cases $(or $(CASES),1000) --seed $(or $(SEED),1)

##@ Measure

bench: $(DEV) $(POSTCODES)  ## Matching: figures on the terminal and as JSON in bench/results
	@$(PY) -m bench

bench-run: $(DEV) $(POSTCODES)  ## The nightly run: the same
	@$(PY) -m bench.night_run

bench-load: $(DEV) $(POSTCODES)  ## What the service bears under load, with PostgreSQL: some twenty minutes (EACH=300)
	@$(PY) -m bench.load $(if $(EACH),--seconds $(EACH))

campaign: $(DEV) $(POSTCODES)  ## The long proofs: races, kills, faults, bad input; up to an hour (ONLY=part, QUICK=1)
	@$(PY) -m tests.campaign $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick)

broken: $(DEV) $(POSTCODES)  ## The same proofs with a guard of the product taken away: each must turn red (ONLY=part)
	@$(PY) -m tests.campaign --broken --quick $(if $(ONLY),--only $(ONLY))

##@ Maintain

sbom: $(DEV)  ## What the service is made of, as CycloneDX in dist/
	@$(PY) -m release.sbom requirements.lock dist/sbom.cdx.json

audit-deps: $(DEV)  ## Whether weaknesses are known of any locked package; needs a network
	@$(PY) -m release.audit requirements.lock

LOCK := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet

lock: $(DEV)  ## Write the lock files anew from pyproject.toml (UPGRADE=1: newest allowed versions)
	@echo "Locking ..."
	@uv=($(VENV)/bin/uv pip compile $(LOCK) $(if $(UPGRADE),--upgrade)); \
	"$${uv[@]}" pyproject.toml -o requirements.lock; \
	"$${uv[@]}" --group build -o requirements-build.lock; \
	"$${uv[@]}" pyproject.toml --group build --group dev \
		-c requirements.lock -c requirements-build.lock -o requirements-dev.lock
	@git diff --stat -- 'requirements*.lock'

clean:  ## Remove all that was made: environment, caches, local databases
	@rm -rf $(VENV) var dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## This list
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo serve test static check lint types imports pytest long format fuzz bench bench-run bench-load campaign broken sbom audit-deps lock clean help

# ------------------------------------------------------------------------------------------- how it is set up

# The first Python that is new enough and can make an environment. Each is run, as a name on the path may be a
# stand-in for a version that is not there.
define find_python
candidates=($(or $(PYTHON),python3.11 python3.12 python3.13 python3.14 python3)); \
for python in "$${candidates[@]}"; do \
	if "$$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
		>/dev/null 2>&1; then break; fi; \
	python=; \
done; \
if [ -z "$$python" ]; then \
	echo "This needs Python 3.11, 3.12, 3.13 or 3.14 with its venv module, and none was found."; \
	echo "Looked for: $${candidates[*]}"; \
	echo "Debian or Ubuntu:  apt-get install python3 python3-venv"; \
	echo "macOS:             brew install python@3.12"; \
	echo "Somewhere else:    make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; \
	exit 1; \
fi
endef

# A line now and then while pip works, so that a slow network does not look like a hang.
define pip_install
$(PY) -m pip --disable-pip-version-check install --no-input --progress-bar off --require-hashes \
	--only-binary :all: --no-compile $(foreach lock,$(1),-r $(lock)) \
| awk '/^ *Collecting / && ++n % 15 == 0 {print "  " n " packages found"; fflush()} \
	/^Installing collected/ {print "  unpacking " n " packages"; fflush()}'
endef

$(VENV)/.made:
	@$(find_python); \
	echo "Making the environment in $(VENV) with $$("$$python" --version) ..."; \
	rm -rf $(VENV); \
	"$$python" -m venv $(VENV)
	@touch $@

$(RUNTIME): requirements.lock requirements-build.lock pyproject.toml | $(VENV)/.made
	@echo "Installing what the service needs (a minute or two, once) ..."
	@$(call pip_install,requirements.lock requirements-build.lock)
	@$(PY) -m pip --disable-pip-version-check --quiet install --no-input --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "Installing what checks and tests need (a minute, once) ..."
	@$(call pip_install,requirements-dev.lock)
	@touch $@

$(POSTCODES): $(RUNTIME) $(wildcard app/geo/bake.py app/geo/ons.py)
	@echo "Preparing the postcode directory (once) ..."
	@$(PY) -m app.geo.bake
	@mkdir -p $(@D) && touch $@
