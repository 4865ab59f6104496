# Every command a developer types. A fresh Debian 12 with python3.11, pip and make is enough.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PY := .venv/bin/python
UV = $(shell command -v uv || echo .tools/bin/uv)
TESTS ?=
# A test that hangs ends its worker after so many seconds, says where it stood, and fails.
PATIENCE := -o faulthandler_timeout=900 -o faulthandler_exit_on_timeout=true
WORKERS ?= 2
# The demo's people are invented, and so is who approved its programmes.
DEMO_DIR ?= var/demo
DEMO_PORT ?= 8000
# 0 ends after the report.
DEMO_SERVE ?= 1

.PHONY: help setup system demo test test-long check format lint types imports house bench room docs words lock clean

help:  ## list these
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

LOOK := qamqor/web/static/qamqor/names.json
PAGE_WORDS := qamqor/locale/kk/LC_MESSAGES/django.mo
VACCINATIONS := qamqor/engine/immunisation/everyone

setup: .venv/ready $(LOOK) $(PAGE_WORDS) $(VACCINATIONS)/loop.bc  ## .venv from the lock file; the look, words and loop that are made

.venv/ready: requirements.lock pyproject.toml
	@command -v uv >/dev/null || [ -x .tools/bin/uv ] || python3 -m pip install -q --target .tools uv
	@[ -x $(PY) ] || $(UV) venv -q --python python3 .venv
	$(UV) pip sync -q --python $(PY) --require-hashes requirements.lock
	$(UV) pip install -q --python $(PY) --no-deps --no-build-isolation -e .
	@touch $@

$(LOOK): package-lock.json $(wildcard qamqor/web/frontend/*) qamqor/services/templates/tokens.css
	@tools/make_look.sh

$(PAGE_WORDS): $(wildcard qamqor/locale/*/*.po) | .venv/ready
	@$(PY) tools/page_words.py compile && touch $@

$(VACCINATIONS)/loop.bc: $(wildcard $(VACCINATIONS)/*.py) | .venv/ready
	@$(PY) -c "from $(subst /,.,$(VACCINATIONS)).machine import translated_loop; translated_loop()" && touch $@

system: setup  ## what tests need from the operating system: a browser and fonts
	@tools/ensure_system.sh

demo: setup  ## everything set up, an invented district, who is due and why; then serve it
	@QAMQOR_DEMO=1 $(PY) -m qamqor demo run --out $(DEMO_DIR) --areas 2 --port $(DEMO_PORT) \
	  $(if $(filter 0,$(DEMO_SERVE)),,--serve)

test: setup system check  ## every test, everything it needs set up first
	$(PY) -m pytest $(PATIENCE) -n $(WORKERS) --dist worksteal -m "not long" --cov --cov-report= $(or $(TESTS),--ignore tests/house)
	QAMQOR_TEST_POSTGRESQL=1 $(PY) -m pytest $(PATIENCE) -q -n $(WORKERS) -m "not long" tests/store/fhir tests/services/fhir tests/services/access tests/services/audit tests/web/fhir/test_interactions.py tests/web/fhir/test_bundles.py tests/web/fhir/test_conditional.py tests/web/fhir/test_history.py tests/web/fhir/test_search.py tests/web/fhir/test_everything.py tests/web/fhir/test_merge.py
	$(PY) -m coverage report --include='qamqor/engine/*,qamqor/services/*' --fail-under=95

test-long: setup system  ## what takes hours: 100 kills, whole districts, a hundred thousand histories
	HYPOTHESIS_PROFILE="new examples" $(PY) -m pytest -n $(WORKERS) --dist worksteal $(or $(TESTS),-m "long or not browser")

test-%: setup system  ## one floor: test-engine, test-store, test-services, test-cli, test-content, test-house, test-agreement (long)
	$(PY) -m pytest -n $(WORKERS) tests/$*

check: format lint types imports house content  ## format, lint, types, imports, house, content

format: setup
	@$(PY) -m ruff format --check .
lint: setup
	@$(PY) -m ruff check .
	@[ ! -d content/programmes ] || .venv/bin/sqlfluff lint -q --processes 2 content/programmes
types: setup
	@$(PY) -m mypy
imports: setup
	@.venv/bin/lint-imports
house: setup
	@$(PY) -m pytest -q tests/house
content: setup
	@$(PY) -m qamqor programmes check

bench: setup  ## the benchmarks, with their peers, as ratios in one run
	@$(PY) -m benchmarks $(BENCH)

room: setup  ## NAME=x: every file of a feature
	@git ls-files | grep -E "(^|/)(test_)?$(NAME)(\.|/|_)" || echo "no room named $(NAME)"

docs: setup  ## build the documentation into docs/_build
	@$(PY) tools/make_reference.py
	@$(PY) -m sphinx -q -W --keep-going -b html docs docs/_build

words: setup  ## what still needs translating
	@$(PY) tools/report_words.py
	@$(PY) tools/page_words.py

lock:  ## resolve the lock file again, nothing younger than seven days
	$(UV) pip compile -q pyproject.toml --group dev --python-version 3.11 --universal --generate-hashes \
	  --no-emit-index-url --no-header --exclude-newer "$$(date -u -d '7 days ago' +%F)" -o requirements.lock

clean:  ## remove what can be made again, never var/
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache docs/_build
