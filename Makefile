# Two commands: `make run` and `make test`. Both create .venv and install what they need.
PYTHON ?= python3
BIN := .venv/bin
ONLY ?=

.PHONY: run test lint bench soak lock clean

run: .venv/run.stamp
	$(BIN)/gatehouse serve

test: .venv/test.stamp
	@command -v chromium >/dev/null || { echo "Chromium is missing. Debian: apt-get install chromium (.ci/run does it)."; exit 2; }
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { echo "PostgreSQL is missing. Debian: apt-get install postgresql (.ci/run does it)."; exit 2; }
	$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -r core pages app.py

bench: .venv/test.stamp
	$(BIN)/python -m tests.bench $(ONLY)

soak: .venv/test.stamp
	GATEHOUSE_KILLS=100 HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest tests/services/test_kill.py tests/query tests/ledger
	GATEHOUSE_SOAK=1 $(BIN)/python -m pytest -s tests/analysis/test_alarm_rates.py tests/analysis/test_forecast.py tests/analysis/test_fairness_verdict.py

# The lock names versions and hashes, never a registry. Needs uv (pip install uv).
lock: .venv/test.stamp
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --group test -c requirements.lock -o requirements-test.lock

clean:
	rm -rf .venv data/var

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	touch $@

.venv/test.stamp: requirements-test.lock .venv/run.stamp
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-test.lock
	touch $@
