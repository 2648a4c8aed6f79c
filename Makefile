# Every target sets up what it needs: on a fresh machine only Python 3.11 to 3.13, make and git have to be there.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
# The locks are complete, so nothing is resolved anew; older versions of pip stumble over extras when they try.
PIP := $(BIN)/python -m pip install --quiet --no-deps --disable-pip-version-check
# uv installs in seconds what takes pip minutes. pip does it where uv has no wheel or does not reach the index that pip knows.
INSTALL = install() { $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps "$$@" 2>/dev/null || $(PIP) "$$@"; }; install
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
  --no-emit-index-url --no-annotate --no-header
EXTRAS := $(addprefix --extra ,postgres redis amqp nats kafka aws s3 gcs dask tnef tokens triage otel)
DEPLOYED := $(addprefix --extra ,postgres redis amqp nats kafka kubernetes aws triage otel)
.DEFAULT_GOAL := help
.PHONY: help demo stop test lint format reference bench lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | awk -F'\t' '{printf "make %-16s %s\n", $$1, $$2}'

demo: $(VENV)/run ## all of the set-up; server, simulator, worker; one run of process-mail; prints outcomes and where to look
	@$(BIN)/mailroom demo

stop: ## end what `make demo` left running
	@if [ -x $(BIN)/mailroom ]; then $(BIN)/mailroom demo --stop; else echo "Nothing of ours is running."; fi

test: lint ## all of the set-up; format, lint, types, import contracts and tests: what CI runs
	@# Bytecode is written whatever the environment says: without it, every process that a test starts compiles anew.
	@# A test that hangs ends its process after minutes: it counts as failed, and the log says where it stood.
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -q -n 3 --dist loadgroup --max-worker-restart 0 \
	  -o faulthandler_timeout=400 -o faulthandler_exit_on_timeout=true

lint: $(VENV)/dev ## format, lint, types and import contracts alone
	$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(BIN)/mypy && $(BIN)/lint-imports

format: $(VENV)/dev ## format the code and mend what the linter can
	$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

lock: $(VENV)/dev ## write the lock files anew from pyproject.toml, keeping versions that still fit
	echo uv | $(LOCK) - -c requirements/dev.lock -o requirements/uv.lock
	$(LOCK) pyproject.toml --group build -o requirements/run.lock
	$(LOCK) pyproject.toml --group dev $(EXTRAS) -c requirements/run.lock -o requirements/dev.lock
	$(LOCK) pyproject.toml --group build $(DEPLOYED) -c requirements/dev.lock -c requirements/run.lock -o requirements/deploy.lock

reference: $(VENV)/dev ## write docs/settings.md, docs/errors.md and the decisions' index anew
	$(BIN)/python -m deployments.reference

bench: $(VENV)/dev ## the main job beside the SDK used by hand: calls a second, CPU, memory, the server's share (MAILS=1000)
	$(BIN)/python -m tests.benchmarks.bench_main $(if $(MAILS),--mails $(MAILS))

bench-scale: $(VENV)/dev ## is the fifty-thousandth mail as cheap as the first? (MAILS=50000, RUNNER=processes)
	$(BIN)/python -m tests.benchmarks.bench_scale $(if $(MAILS),--mails $(MAILS)) $(if $(RUNNER),--runner $(RUNNER))

bench-threads: $(VENV)/dev ## are mails in the conversation that their In-Reply-To says, and at what cost? (MAILS=50000)
	$(BIN)/python -m tests.benchmarks.threads $(if $(MAILS),--mails $(MAILS))

bench-kills: $(VENV)/dev ## runs over 500 mails killed at random 200 times: is every mail completed once, is an answer asked for again? (BEGUN=processes, BEGUN=warm)
	$(BIN)/python -m tests.benchmarks.bench_kills $(if $(BEGUN),--begun $(BEGUN)) $(if $(KILLS),--kills $(KILLS))

bench-shares: $(VENV)/dev ## 3,000 mails shared by three processes, one killed amid its work: is each mail completed once, and paid once?
	$(BIN)/python -m tests.benchmarks.bench_shares $(if $(MAILS),--mails $(MAILS))

soak-forms: $(VENV)/dev ## both UIs in a browser: every form sent as it stands, every deployment run from its form, schedules kept
	$(BIN)/pytest -q -m soak tests/e2e/test_every_form.py tests/e2e/test_on_demand.py tests/e2e/test_schedules_in_the_ui.py \
	  tests/e2e/test_forms_that_teach.py

soak-approvals: $(VENV)/dev ## is all of 1, 3, 10 and 30 held replies on the screen, in both of Prefect's UIs, at three sizes? does a pause hold?
	$(BIN)/pytest -q -m soak tests/e2e/test_approval_in_the_ui.py tests/e2e/test_pause_that_holds.py

soak-endings: $(VENV)/dev ## does the log of a deployed run end with its state, in every way it can end?
	$(BIN)/pytest -q -m soak tests/flows/test_endings.py

soak-shares: $(VENV)/dev ## three processes share the mails of one source in PostgreSQL, and one of them is killed
	$(BIN)/pytest -q -m soak tests/flows/test_shares.py

soak-warm: $(VENV)/dev ## what a worker begins cold, and what it does when its fork server is killed
	$(BIN)/pytest -q -m soak tests/deployments/worker

soak-runners: $(VENV)/dev ## the main job on a cluster of Dask, and of Ray where it is installed
	$(BIN)/pytest -q -m soak tests/flows/test_task_runners.py

test-compose: $(VENV)/dev ## the processes of compose.yaml on this machine's PostgreSQL and Redis, and mail through all of them (minutes)
	$(BIN)/pytest -q -m soak tests/deployments/docker/test_composition.py

test-image: $(VENV)/dev ## builds the image on a Docker engine, one that is set up where there is none: what it weighs, holds, says and writes
	$(BIN)/pytest -q -m soak tests/deployments/docker/test_image.py

test-compose-real: $(VENV)/dev ## compose.yaml as it is on a Docker engine, used as an operator does, from an upgrade to `down` and `up` (half an hour)
	$(BIN)/pytest -q -m soak tests/deployments/docker/test_real_compose.py

bench-receiver: $(VENV)/dev ## 10,000 mails posted to a receiver that is killed five times, and more beside hostile connections: is each acknowledged one in an outcome, once?
	$(BIN)/python -m tests.benchmarks.bench_receiver

bench-realtime: $(VENV)/dev ## from a post to an outcome, all processes real: how soon, in how many runs, through an outage of Prefect? (MAILS=1000)
	$(if $(MAILS),MAILROOM_BENCH_MAILS=$(MAILS)) $(BIN)/python -m tests.benchmarks.bench_realtime

bench-limits: $(VENV)/dev ## three processes share a provider's limits for a minute: how much is used, how often is one refused?
	$(BIN)/python -m tests.benchmarks.bench_limits

bench-faults: $(VENV)/dev ## 1,000 mails through a provider that refuses, fails and hangs up: what comes of them, is every token in the book?
	$(BIN)/python -m tests.benchmarks.bench_faults

soak-kills: $(VENV)/dev ## a run killed by SIGKILL twenty times: is any answer paid for again that was in the book?
	$(BIN)/pytest -q -m soak tests/tasks/providers/gateway/test_gateway_kills.py

bench-reports: $(VENV)/dev ## how long do costs, digest, metrics, estimate and show take over 50,000 mails and 100,000 calls? (MAILS=50000)
	$(BIN)/python -m tests.benchmarks.bench_reports $(if $(MAILS),--mails $(MAILS))

bench-cost: $(VENV)/dev ## tokens and dollars a mail, seven ways of asking; with MAILROOM_CORPUS, over labelled office mail, too
	$(BIN)/python -m tests.benchmarks.cost

soak-money: $(VENV)/dev ## batches killed at every step, three workers on one budget, the bill of 1,000 mails with faults
	$(BIN)/pytest -q -m soak tests/tasks/understand/test_batches.py tests/tasks/ledger/test_bill.py tests/flows/test_budget.py

bench-doubts: $(VENV)/dev ## how often is a true answer doubted, and a changed one not? with MAILROOM_CORPUS, over labelled office mail, too
	$(BIN)/python -m tests.benchmarks.bench_doubts

real-llm: $(VENV)/dev ## the sample mailbox through a real model: MAILROOM_REAL_LLM=http://127.0.0.1:8080/v1 (an hour with a small one)
	$(BIN)/python -m tests.benchmarks.real_llm

bench-triage: $(VENV)/dev ## a classifier taught by labelled mails: how many may it answer, how often is its bound broken? (MAILROOM_CORPUS)
	$(BIN)/python -m tests.benchmarks.bench_triage

bench-injection: $(VENV)/dev ## mails that give orders, read by a model that obeys: do they reach what no rule names?
	$(BIN)/python -m tests.benchmarks.injection

bench-ingest: $(VENV)/dev ## 1,000 to 50,000 ordinary mails read into the ledger: how fast, in how much memory, beside a library?
	$(BIN)/python -m tests.benchmarks.ingest

corpus: $(VENV)/dev ## the public mails that MAILROOM_CORPUS names, and built ones: what is read, and is any author's word lost?
	$(BIN)/python -m tests.benchmarks.corpus

fuzz: $(VENV)/dev ## a minute of mails nobody wrote; led by coverage where atheris can be installed
	@test -d $(VENV)/fuzz/atheris || { $(INSTALL) --target $(VENV)/fuzz atheris==3.0.0; } || \
	  echo "atheris cannot be installed here, so mails are changed by chance."
	PYTHONPATH=$(VENV)/fuzz $(BIN)/python -m tests.benchmarks.fuzz

clean: stop ## end what runs, and delete everything that was made here, the demo's ledger included
	rm -rf $(VENV) .mailroom out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(VENV)/python:
	@test -n "$(PYTHON)" || { echo "Mailroom needs Python 3.11, 3.12 or 3.13: install one, or name it: make PYTHON=/path/to/python3"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/uv: requirements/uv.lock | $(VENV)/python
	@$(PIP) --require-hashes --only-binary :all: -r requirements/uv.lock || \
	  echo "There is no uv for this machine; pip installs, which takes minutes."
	@touch $@

$(VENV)/run: requirements/run.lock pyproject.toml | $(VENV)/uv
	@echo "Installing what Mailroom needs to run."
	@$(INSTALL) --require-hashes -r requirements/run.lock
	@$(INSTALL) --no-build-isolation -e .
	@# Compiled once here, so that no process of the demo or the tests has to do it at its start.
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -W ignore -c \
	  "import flows.process_mail, deployments.cli.main, prefect.server.api.server, prefect.cli"
	@touch $@

$(VENV)/dev: requirements/dev.lock $(VENV)/run
	@echo "Installing what the tests need."
	@$(INSTALL) --require-hashes -r requirements/dev.lock
	@touch $@
