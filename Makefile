# The two commands a newcomer needs are `make demo` and `make test`; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV   := .venv
PYTHON := $(VENV)/bin/python
# Booting virtual sites needs root; everything else does not.
SUDO   := $(if $(filter 0,$(shell id -u)),,sudo)
SITES  ?= 3

.PHONY: help
help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: setup ## Boot virtual car washes, install them, fetch a picture from each (SITES=3)
	$(SUDO) $(PYTHON) -m virtual_fleet demo --sites $(SITES)

.PHONY: demo-deployment
demo-deployment: ## Begin a deployment to the demo's sites that goes out in waves, to be watched
	$(SUDO) $(PYTHON) -m virtual_fleet demo-deployment

.PHONY: demo-down
demo-down: setup ## End the demo and leave nothing behind
	$(SUDO) $(PYTHON) -m virtual_fleet down --name demo

.PHONY: drill
drill: ## Break everything that can break on a virtual fleet, and see who mends it (about half an hour)
	@./setup.sh $(VENV) tests/host_packages.txt
	$(SUDO) $(PYTHON) -m virtual_fleet drill

.PHONY: test
test: ## Run the whole suite, virtual sites included (TESTS=path to narrow it)
	@./setup.sh $(VENV) tests/host_packages.txt
	$(SUDO) $(PYTHON) -m pytest --numprocesses auto --dist loadscope --no-loadscope-reorder $(TESTS)

.PHONY: lint
lint: setup ## Check style, types, imports, playbooks, shell
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/ansible-lint --offline
	$(VENV)/bin/yamllint --strict .
	shellcheck setup.sh .ci/run roles/pi_service/files/carwash $(wildcard roles/*/files/*.sh playbooks/files/*.sh)

.PHONY: screenshots
screenshots: ## Take the pictures of the pages in docs/images
	@./setup.sh $(VENV) tests/host_packages.txt
	$(PYTHON) -m tests.browser.screenshots

.PHONY: bench
bench: ## Measure against peers and limits, print the tables of docs/benchmarks.md
	@./setup.sh $(VENV) bench/host_packages.txt
	$(SUDO) $(PYTHON) -m bench

.PHONY: format
format: setup ## Put the Python code in shape
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

.PHONY: lock
lock: setup ## Take the newest versions of requirements.in into requirements.txt, with hashes
	$(PYTHON) -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url \
		--no-emit-find-links --no-header --upgrade --output-file requirements.txt requirements.in

.PHONY: setup
setup: ## Install what the other commands need (Debian packages, virtual environment)
	@./setup.sh $(VENV)
