# Copyright (c) 2026 dataarts.factory contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Entry points for users and contributors. Everything is installed in .venv and .cache of this checkout; `make clean` removes it.
# Requires make, Python 3.11 or newer with its venv module, and a package index.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

ROOT := $(CURDIR)
VENV := $(ROOT)/.venv
CACHE := $(ROOT)/.cache
BIN := $(VENV)/bin
APART := $(CACHE)/environments
DOCS := $(APART)/docs
ECOSYSTEM := $(APART)/ecosystem
EDA := $(APART)/eda
BROWSER := $(APART)/browser
TREE := $(CACHE)/tree
HOUSE := .cache/tree/ansible_collections/dataarts/factory

# The first Python on PATH that is new enough; `make PYTHON=/path/to/python3.12` overrides it.
SUITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14; do \
	if $$name -c '$(SUITS)' >/dev/null 2>&1; then command -v $$name; break; fi; done)

# Processes that run tests: nine for two cores, because a play waits longer than it works, and at most MOST, so that a large machine is not
# filled with emulators and the long suites, which work more than they wait, keep their timing. Files in the order of their folders, except for
# the longest (tests/conftest.py): sorted by their number of tests, the few long ones of whole playbooks would come last, and the other processes
# would wait for them.
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 9 / 2)
MOST := 6
SPREAD = -n $(JOBS) --maxprocesses $(MOST) --dist loadfile --no-loadscope-reorder
PYTEST = $(BIN)/python -m pytest $(SPREAD)

# Ignore the user's environment, and write nothing outside the checkout. Bytecode is cached even if the environment disables that, because rewriting the
# assertions of all tests takes each process ten seconds.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX VIRTUAL_ENV ANSIBLE_CONFIG PIP_USER PIP_TARGET PIP_PREFIX
export PYTHONUTF8 := 1
export PIP_CACHE_DIR ?= $(CACHE)/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export ANSIBLE_HOME := $(CACHE)/ansible
export ANSIBLE_LOCAL_TEMP := $(CACHE)/ansible/tmp
export ANSIBLE_COLLECTIONS_PATH := $(TREE)
export ANSIBLE_NOCOWS := 1
# For tools that call others by name and write logs and caches to the home directory.
INSIDE := mkdir -p $(CACHE)/home && HOME=$(CACHE)/home PATH="$(BIN):$$PATH"

##@ What users of the checkout run

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: $(CACHE)/demo/.installed ## a night gone wrong and its rerun, on a local emulator
	@ANSIBLE_COLLECTIONS_PATH=$(CACHE)/demo $(BIN)/python tools/demo.py

.PHONY: test
test: MOST := 9
test: $(VENV)/.test $(HOUSE) $(CACHE)/.rewritten ## all tests except those of the targets below (ARGS='-k name' selects some)
	@$(PYTEST) -q $(ARGS)

##@ What contributors run

.PHONY: lint
lint: $(VENV)/.lint $(HOUSE) ## check format, types, YAML, roles and playbooks, documentation, licences and changelog
	$(BIN)/ruff format --check --quiet --output-format concise .
	$(BIN)/ruff check --quiet --output-format concise .
	$(BIN)/mypy --no-error-summary $(HOUSE)/plugins extensions/eda emulator tests tools
	$(BIN)/yamllint --strict .
	cd $(HOUSE) && $(INSIDE) $(BIN)/ansible-lint --offline --profile production --strict --nocolor -q
	$(INSIDE) $(BIN)/antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs all --disallow-unknown-collection-refs \
		--check-extra-docs-refs --skip-rstcheck .
	$(BIN)/reuse lint --quiet || $(BIN)/reuse lint
	$(BIN)/antsibull-changelog lint
	if [ -x $(BIN)/actionlint ]; then $(BIN)/actionlint -no-color; fi  # its package has a program for each platform, but not for all

.PHONY: format
format: $(VENV)/.lint ## format the Python files, and fix what ruff can fix
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

# Number of cases of each kind. A failed seed prints the variable that repeats it alone.
CHAOS_SEEDS ?= 240
KILLS ?= 60
PAIRS ?= 24
HOSTILE ?= 1000
# Several controllers on one PostgreSQL server: groups (every fifth has four controllers, the others two), kills, restarts and pauses.
CHAOS_GROUPS ?= 250
DB_KILLS ?= 100
DB_RESTARTS ?= 20
FAILOVERS ?= 8
PAUSES ?= 6
# Random nights with dependencies, for downstream instances.
GRAPHS ?= 200
# Kills of controllers that stop and rerun hung instances.
HUNG_KILLS ?= 50
# PatchData with lost answers, several controllers at once, and kills.
PATCHES ?= 100
# Cases with policies about reasons: about 5,000 reruns.
POLICIES ?= 70
# Immediate runs (job_run), and kills of reruns that pause schedules.
RUNS ?= 1000
SCHEDULE_KILLS ?= 100
CHAOS_AGAIN := $(strip $(if $(CHAOS_SEED),test_every_seed) $(if $(CHAOS_KILL),test_every_kill) \
	$(if $(CHAOS_RUN),test_every_run) $(if $(CHAOS_SCHEDULE),test_every_schedule) \
	$(if $(CHAOS_PAIR),test_every_pair) $(if $(CHAOS_HOSTILE),test_every_hostile) $(if $(CHAOS_GROUP),test_every_group) \
	$(if $(GRAPH),test_every_night) $(if $(CHAOS_HUNG),test_every_hung_kill) $(if $(CHAOS_PATCH),test_every_patch) \
	$(if $(CHAOS_POLICY),test_every_policy))

.PHONY: chaos
chaos: $(VENV)/.test $(HOUSE) ## reruns under random faults and kills, with hostile answers, and by several controllers on one PostgreSQL
	@CHAOS_SEEDS=$(CHAOS_SEEDS) KILLS=$(KILLS) PAIRS=$(PAIRS) HOSTILE=$(HOSTILE) \
		CHAOS_GROUPS=$(CHAOS_GROUPS) DB_KILLS=$(DB_KILLS) DB_RESTARTS=$(DB_RESTARTS) FAILOVERS=$(FAILOVERS) PAUSES=$(PAUSES) \
		CHAOS_SEED=$(CHAOS_SEED) CHAOS_KILL=$(CHAOS_KILL) CHAOS_PAIR=$(CHAOS_PAIR) CHAOS_HOSTILE=$(CHAOS_HOSTILE) \
		CHAOS_GROUP=$(CHAOS_GROUP) GRAPHS=$(GRAPHS) GRAPH=$(GRAPH) HUNG_KILLS=$(HUNG_KILLS) CHAOS_HUNG=$(CHAOS_HUNG) PATCHES=$(PATCHES) CHAOS_PATCH=$(CHAOS_PATCH) \
		POLICIES=$(POLICIES) CHAOS_POLICY=$(CHAOS_POLICY) \
		RUNS=$(RUNS) CHAOS_RUN=$(CHAOS_RUN) SCHEDULE_KILLS=$(SCHEDULE_KILLS) CHAOS_SCHEDULE=$(CHAOS_SCHEDULE) \
		$(PYTEST) --dist worksteal -q -m chaos $(addprefix -k ,$(CHAOS_AGAIN)) $(ARGS) tests/chaos

LONG_FILES = $(shell grep -lErs --include="test_*.py" "pytest\.mark\.long\b|whole_plays" tests)

.PHONY: long
long: $(VENV)/.test $(HOUSE) ## tests that take long and seldom fail; make test runs the first of each kind (PART=1/3 runs a third)
	@LONG_PART=$(PART) $(PYTEST) --dist worksteal -q -m long $(ARGS) $(LONG_FILES)

.PHONY: eda
eda: $(VENV)/.test $(EDA)/.made $(HOUSE) ## the rulebooks in a real ansible-rulebook against the emulator; needs Java 17 or newer
	@java -version >/dev/null 2>&1 || { echo "ansible-rulebook needs Java, and none was found: install a JRE, 17 or newer." >&2; exit 1; }
	@EDA_BIN=$(EDA)/bin $(PYTEST) -q -m eda $(ARGS) tests/eda

.PHONY: switches
switches: $(VENV)/.test $(HOUSE) ## tests/integration under every setting of every switch of the emulator (ARGS=--each: one at a time; LIKE=FILE: settings of a recorded account)
	@PYTHONPATH=$(ROOT):$(TREE) $(BIN)/python -m tools.switches $(if $(LIKE),--like '$(LIKE)') $(ARGS) $(if $(filter --,$(ARGS)),,--) $(SPREAD)

.PHONY: awx
awx: $(VENV)/.test $(HOUSE) ## role awx against a test double of AWX's API, and jobs started as AWX starts them, on three series of ansible-core
	@$(BIN)/python tools/awx.py
	@$(PYTEST) --dist worksteal -q -m awx $(ARGS) tests/awx

.PHONY: matrix
matrix: $(VENV)/.test $(HOUSE) ## ansible-core 2.16 to 2.21 on every Python of this machine (CORES as below; MINUTES=20 runs fewer tests, within 20 minutes)
	@PYTHONPATH=$(ROOT):$(TREE) $(BIN)/python -m tools.matrix $(CORES) --minutes $(or $(MINUTES),0) \
		--pytest="$(SPREAD)" $(ARGS)

.PHONY: bench
bench: $(VENV)/.test $(HOUSE) ## measure speed and memory compared with other tools, and write docs/project/benchmarks.rst (ARGS=--quick: a short run)
	@PYTHONPATH=$(ROOT) $(BIN)/python -m tools.bench $(ARGS)

.PHONY: sanity
sanity: $(VENV)/.test ## ansible-test sanity (CORES='2.16 2.21' selects versions of ansible-core)
	$(BIN)/python tools/ansible_test.py sanity $(CORES)

.PHONY: units
units: $(VENV)/.test ## ansible-test units (CORES as above; TARGETS='_task _http' selects folders of tests/unit)
	$(BIN)/python tools/ansible_test.py units $(CORES) $(if $(TARGETS),--targets $(TARGETS))

.PHONY: integration
integration: $(VENV)/.test ## ansible-test integration (CORES as above; TARGETS='collection' selects from tests/integration/targets)
	$(BIN)/python tools/ansible_test.py integration $(CORES) $(if $(TARGETS),--targets $(TARGETS))

.PHONY: molecule
molecule: $(ECOSYSTEM)/.made $(HOUSE) ## the scenarios of extensions/molecule against the emulator (ARGS='-s faults' selects one)
	@export PATH="$(ECOSYSTEM)/bin:$$PATH" HOME=$(CACHE)/home && mkdir -p $$HOME && molecule destroy >/dev/null 2>&1 && \
		molecule test $(or $(ARGS),--all)

.PHONY: ecosystem
ecosystem: $(VENV)/.test $(ECOSYSTEM)/.made $(CACHE)/dist/.built ## galaxy-importer and ansible-builder on the artifact
	@$(BIN)/python -m pytest -q -m ecosystem $(ARGS) tests/ecosystem

.PHONY: report
report: $(VENV)/.test $(BROWSER)/.made $(HOUSE) ## test the report's page in Chromium; needs Chromium (CHROMIUM=/path/to/chromium)
	@PYTHONPATH=$(BROWSER) $(BIN)/python -m pytest -q -m browser $(ARGS) tests/browser

.PHONY: docs
docs: $(DOCS)/.made $(HOUSE) ## build the documentation site in .cache/docs/html
	@$(DOCS)/bin/python tools/docs.py

.PHONY: film
film: $(CACHE)/demo/.installed ## record make demo as the animated picture that the READMEs show
	@ANSIBLE_COLLECTIONS_PATH=$(CACHE)/demo $(BIN)/python tools/film.py

.PHONY: build
build: $(CACHE)/dist/.built ## build the artifact in .cache/dist: the same bytes from the same commit
	@ls $(CACHE)/dist/*.tar.gz

.PHONY: ee
ee: $(ECOSYSTEM)/.made $(CACHE)/dist/.built ## build an execution environment with the artifact (RUNTIME=podman or docker, BASE=an image with Python 3.10 or newer)
	@command -v $(or $(RUNTIME),podman) >/dev/null || { echo "No $(or $(RUNTIME),podman) was found: install it, or name another: RUNTIME=docker" >&2; exit 1; }
	@mkdir -p $(CACHE)/ee && sed -e 's|registry.example.com/[^ ]*|$(or $(BASE),quay.io/centos/centos:stream10)|' -e 's|\.\./\.\./\.cache|$(CACHE)|' \
		examples/execution_environment/execution-environment.yml > $(CACHE)/ee/execution-environment.yml
	@$(INSIDE) $(ECOSYSTEM)/bin/ansible-builder build --container-runtime $(or $(RUNTIME),podman) -t dataarts-factory-ee \
		-f $(CACHE)/ee/execution-environment.yml -c $(CACHE)/ee/context
	@$(or $(RUNTIME),podman) run --rm dataarts-factory-ee ansible-doc --list --type module dataarts.factory

.PHONY: release
release: $(VENV)/.test ## compare TAG=v1.0.0 with the collection, and write the notes of that release into .cache/release
	@$(BIN)/python tools/release.py '$(TAG)'

# Address and token are passed in the environment: everybody on the machine can see command lines.
.PHONY: publish
publish: export ANSIBLE_GALAXY_SERVER_LIST := publish
publish: export ANSIBLE_GALAXY_SERVER_PUBLISH_URL := $(or $(GALAXY_SERVER),https://galaxy.ansible.com/)
publish: export ANSIBLE_GALAXY_SERVER_PUBLISH_TOKEN = $(GALAXY_TOKEN)
publish: $(CACHE)/dist/.built ## publish the artifact (GALAXY_TOKEN in the environment, GALAXY_SERVER=address of another Galaxy)
	@[ -n "$(GALAXY_TOKEN)" ] || { echo "GALAXY_TOKEN is not set: Galaxy shows the token under Collections, API token." >&2; exit 1; }
	@$(BIN)/ansible-galaxy collection publish $(CACHE)/dist/*.tar.gz

.PHONY: docs-publish
docs-publish: $(VENV)/.test ## publish the site that make docs built, next to the other versions, on branch gh-pages (REMOTE=origin)
	@$(BIN)/python tools/docs_publish.py $(or $(REMOTE),origin)

.PHONY: lock
lock: $(VENV)/.lint $(DOCS)/.made $(ECOSYSTEM)/.made $(EDA)/.made $(BROWSER)/.made ## update the development tools to their newest versions, and pin these
	$(BIN)/python -m pip install --quiet --retries 10 --upgrade -r requirements/test.in -r requirements/lint.in
	$(BIN)/python tools/lock.py
	for name in docs ecosystem eda; do \
		$(APART)/$$name/bin/python -m pip install --quiet --retries 10 --upgrade -r requirements/$$name.in; \
		$(APART)/$$name/bin/python tools/lock.py $$name; done
	$(BIN)/python -m pip install --quiet --retries 10 --upgrade --target $(BROWSER) -r requirements/browser.in
	PYTHONPATH=$(BROWSER) $(BIN)/python tools/lock.py browser

.PHONY: clean
clean: ## remove everything that the other targets created
	rm -rf $(VENV) $(CACHE) .ansible build dist

# Package indexes fail sometimes: pip retries each request, and the whole installation is tried three times.
INSTALL = for attempt in 1 2 3; do \
	if $(or $(2),$(BIN)/python) -m pip install -qq --no-input --retries 10 $(1); then break; fi; \
	if [ $$attempt = 3 ]; then echo "The development tools could not be installed; see pip's messages above." >&2; exit 1; fi; \
	sleep $$((attempt * 5)); done

$(VENV)/.made:
	@if [ -z "$(PYTHON)" ]; then \
		echo "No Python 3.11 or newer with its venv module was found. Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@echo "Setting up .venv with $(PYTHON)" >&2
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.made
	@echo "Installing what demo and tests need into .venv" >&2
	@$(call INSTALL,-r requirements/test.txt)
	@touch $@

$(VENV)/.lint: requirements/lint.txt $(VENV)/.test
	@echo "Installing the linters into .venv" >&2
	@$(call INSTALL,-r requirements/lint.txt)
	@touch $@

# Tools that are large or conflict with those above have their own environments, one for each requirements file.
$(APART)/%/.made: requirements/%.txt $(VENV)/.made
	@echo "Installing requirements/$*.txt into $(@D:$(ROOT)/%=%)" >&2
	@$(BIN)/python -m venv --clear $(@D)
	@$(call INSTALL,-r $<,$(@D)/bin/python)
	@touch $@

# The browser driver is large, so it is installed separately. The browser itself must be installed on the machine.
$(BROWSER)/.made: requirements/browser.txt $(VENV)/.test
	@echo "Installing what drives the browser into $(BROWSER:$(ROOT)/%=%)" >&2
	@rm -rf $(BROWSER)
	@$(call INSTALL,--target $(BROWSER) -r requirements/browser.txt)
	@touch $@

# The checkout under the name that Ansible imports collections by.
$(HOUSE):
	@mkdir -p $(dir $@) && ln -sfn ../../../.. $@

# On a fresh checkout, pytest rewrites the assertions of all test files. This does it once, instead of in each test process.
$(CACHE)/.rewritten: $(VENV)/.test $(HOUSE)
	@$(BIN)/python -m pytest --collect-only -q >/dev/null || true
	@touch $@

# The artifact is rebuilt when a file changes that may be in it.
SOURCES := $(shell find plugins roles playbooks meta docs changelogs extensions examples LICENSES COPYING *.md *.rst *.txt galaxy.yml -type f \
	-not -name '*.pyc' 2>/dev/null)

$(CACHE)/dist/.built: $(VENV)/.test $(SOURCES) tools/build.py
	@rm -rf $(CACHE)/dist && mkdir -p $(CACHE)/dist
	@$(BIN)/python tools/build.py $(CACHE)/dist
	@touch $@

$(CACHE)/demo/.installed: $(CACHE)/dist/.built
	@rm -rf $(CACHE)/demo && mkdir -p $(CACHE)/demo
	@ANSIBLE_COLLECTIONS_PATH=$(CACHE)/demo $(BIN)/ansible-galaxy collection install --offline --force -p $(CACHE)/demo $(CACHE)/dist/*.tar.gz >/dev/null
	@touch $@
