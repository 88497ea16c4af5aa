# Sunshine Grid. `make help` lists what can be done.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
JOBS ?= 2

# Exported only when given, so that the settings keep the defaults in one place.
ifdef PORT
export PORT
endif
ifdef HOST
export HOST
endif
ifdef VAR_DIR
export VAR_DIR
endif

# Checks that need no server: with both set, none is started.
NO_SERVERS := DATABASE_URL=postgresql://nobody@localhost/none REDIS_URL=redis://localhost/0
# Made-up values with which production starts; they protect nothing.
PRODUCTION := $(NO_SERVERS) DJANGO_SETTINGS_MODULE=governance.settings.production ALLOWED_HOSTS=portal.example \
	SECRET_KEY=only-for-the-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF \
	PERSONAL_KEYS=check:$(shell printf '0123456789abcdef%.0s' 1 2 3 4) \
	BLIND_INDEX_KEY=$(shell printf '123456789abcdef0%.0s' 1 2 3 4) \
	SEAL_KEY=$(shell printf '23456789abcdef01%.0s' 1 2 3 4)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-slow check guards bench screenshots messages install install-dev browser

help: ## Show this list
	@echo "Sunshine Grid 阳光网格. Needs Python 3.11 or later and make; everything else is installed into $(VENV)/."
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'
	@echo
	@echo "  PORT=8000 and VAR_DIR=var/ can be set: make run PORT=8080 VAR_DIR=/srv/demo"

run: install ## Run the portal with its demo on http://localhost:8000/ until Ctrl-C
	@$(PY) -m governance.run --under-make

test: install-dev ## Run the tests on real PostgreSQL, Redis, Celery and Chromium (under 10 minutes on 2 cores)
	$(PY) -m pytest -n $(JOBS) --dist loadgroup -m "not slow"

test-slow: install-dev ## Run the faults of whole processes, long browser walks and fuzzing (under 45 minutes)
	$(PY) -m pytest -m slow

check: install-dev ## Run ruff, mypy, import-linter, djLint, makemigrations --check, check --deploy
	$(PY) -m ruff check --output-format concise .
	$(PY) -m ruff format --check .
	$(NO_SERVERS) $(PY) -m mypy governance grid
	$(NO_SERVERS) $(VENV)/bin/lint-imports
	$(PY) -m djlint --lint --quiet templates
	$(PY) manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING
	@echo "make check: 7 checks passed."

guards: install-dev ## Take guards out one at a time and expect the tests to turn red each time
	$(PY) -m tests.guards

bench: install-dev ## Measure pages and ladder; loads a whole city once (BENCH_CASES=…), exits 1 when a goal is missed
	$(PY) -m tests.bench

screenshots: install-dev ## Take the pictures in docs/screenshots/ from a running demo
	$(PY) -m tests.screenshots

messages: install-dev ## Collect the texts to translate into locale/ (needs gettext)
	$(NO_SERVERS) $(PY) manage.py makemessages --locale zh_Hans --no-obsolete --no-wrap --ignore '.venv/*' --ignore 'var/*'
	$(PY) -m governance.translations

# A virtual environment remembers which list it was installed from, so an unchanged one costs nothing.
install: $(PY)
	@cmp -s requirements.txt $(VENV)/installed.txt || { \
		echo "Installing what requirements.txt lists; this takes a minute …" && \
		$(PIP) install --requirement requirements.txt && cp requirements.txt $(VENV)/installed.txt; }

install-dev: install
	@cmp -s requirements-dev.txt $(VENV)/installed-dev.txt || { \
		echo "Installing what requirements-dev.txt lists …" && \
		$(PIP) install --requirement requirements-dev.txt && cp requirements-dev.txt $(VENV)/installed-dev.txt; }

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than 3.11 or missing. Name a newer one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) comes without venv. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
