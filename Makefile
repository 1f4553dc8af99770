# One door to everything. `make` alone says what there is.
# Every target runs in an environment that bin/casebus-env makes when it is missing.

RUN := bin/casebus-env
PYTHON := $(RUN) python
SOURCES := contracts chassis access testing cli deploy services bench tests bin
TYPED := $(wildcard */src services/*/src) bench bin

ONCE ?=
SECURE ?=
ONLY ?=
FULL ?=
TESTS ?=
QUICK ?=
MUTANTS ?=
SEED ?=

.DEFAULT_GOAL := help
.PHONY: help demo test test-containers check fix bench faults mutants up down docs lock env

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## starts everything and plays a day of two offices; ONCE=1 ends afterwards, SECURE=1: Kafka asks who is there
	@ONCE=$(ONCE) SECURE=$(SECURE) $(PYTHON) -m casebus_testing.demo

test: check ## checks, then every test on real servers; TESTS="tests/flows -k name" for some
	@$(RUN) pytest $(TESTS)

test-containers: ## flows on servers in containers, and all of casebus in containers; needs Docker
	@docker version >/dev/null 2>&1 && docker compose version >/dev/null 2>&1 || { \
	    echo "casebus: no container engine answers: start Docker (25 or later, with compose) and try again." >&2; exit 1; }
	@trap 'docker compose -p casebus-test down -v -t 5 >/dev/null 2>&1' EXIT; \
	    TESTCONTAINERS_RYUK_DISABLED=$${TESTCONTAINERS_RYUK_DISABLED:-true} \
	    $(RUN) pytest -m "" --stack containers $(or $(TESTS),tests/containers tests/flows/test_thread.py)

check: ## lint, format, types, rules covered by tests; changes nothing
	@$(RUN) ruff check $(SOURCES)
	@$(RUN) ruff format --check --quiet $(SOURCES)
	@$(RUN) mypy $(TYPED)
	@$(PYTHON) -m casebus_testing.rules_coverage

fix: ## what lint and format can put right by themselves
	@$(RUN) ruff check --fix $(SOURCES)
	@$(RUN) ruff format $(SOURCES)

bench: ## measures against the bars; ONLY=B1 for one, FULL=1 for the long forms
	@ONLY=$(ONLY) FULL=$(FULL) $(PYTHON) -m bench

faults: ## kills things while load flows, and counts; QUICK=1 for 3 minutes, SEED=n again, MUTANTS=1: bad releases
	@QUICK=$(QUICK) MUTANTS=$(MUTANTS) ONLY=$(ONLY) CASEBUS_SEED=$(SEED) $(PYTHON) -m casebus_testing.campaign

mutants: ## changes rules one by one and sees whether a test notices; a sample, SEED=n another, FULL=1 all, ONLY=intake
	@FULL=$(FULL) ONLY=$(ONLY) CASEBUS_SEED=$(SEED) $(PYTHON) -m casebus_testing.mutation

up: ## leaves everything running in the background, addresses in .run/stack.json; SECURE=1 as for demo
	@SECURE=$(SECURE) $(PYTHON) -m casebus_testing up

down: ## ends what `make up` started
	@$(PYTHON) -m casebus_testing down

docs: ## writes docs/events.md, docs/acl-matrix.md and the JSON Schemas anew
	@$(PYTHON) -m casebus_contracts.schemas
	@$(PYTHON) -m casebus_contracts.documents
	@$(PYTHON) -m casebus_deploy.acl_page

LOCK := $(RUN) uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-annotate --no-header --quiet
OURS := $(patsubst %,--no-emit-package casebus-%,$(notdir $(patsubst %/pyproject.toml,%,$(wildcard */pyproject.toml services/*/pyproject.toml))))

lock: ## writes requirements.lock from requirements.in, and from both what the images run on
	@$(LOCK) requirements.in -o requirements.lock
	@$(LOCK) $(OURS) -c requirements.lock deploy/image.in -o deploy/image.lock

env: # the environment alone
	@$(RUN)
