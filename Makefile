# The commands of the project. `make run` and `make test` do all the set-up themselves.
.PHONY: run test soak bench eval safety content chat train lint format lock requests clean

# The same for our own modules, wherever a machine tells Python to keep nothing.
unexport PYTHONDONTWRITEBYTECODE

PYTHON := .venv/bin/python
ENGINE := .venv-engine/bin/python
UV := $(shell command -v uv || echo .tools/bin/uv)

run: .venv/.installed .venv-engine/.installed
	@$(PYTHON) -m bot run

test: .venv/.installed-for-tests .venv-engine/.installed lint
	@$(PYTHON) -m bot train --if-needed
	$(ENGINE) -m pytest -c tests/engine/pytest.ini tests/engine
	$(PYTHON) -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder --durations=15

# The long form of the tests of races, whole lives and crashes; an hour and more.
soak: .venv/.installed-for-tests .venv-engine/.installed
	@$(PYTHON) -m bot train --if-needed
	SOAK=1 $(PYTHON) -m pytest tests/store/test_race.py tests/store/test_life_of_a_booking.py \
		tests/system/test_kills.py

# Our assistant beside the stock bot of `rasa init`, in one run: DATA is the folder with the two
# public data sets, BENCH=full trains stock on all of them too (hours). Needs an idle machine.
bench: .venv/.installed .venv-engine/.installed
	@$(PYTHON) -m bench all $(if $(DATA),--data "$(DATA)") $(if $(filter full,$(BENCH)),--full)

# How well messages are understood; `make eval CSV=own.csv` for a clinic's own (columns text, accept).
eval: .venv-engine/.installed
	@$(ENGINE) -m bot.evaluation $(if $(CSV),"$(CSV)")

# What the judgement of safety misses and imagines (docs/safety.md); CSV: ordinary texts besides.
safety: .venv-engine/.installed
	@$(ENGINE) -m bot.evaluation.safety $(CSV)

# Every text a doctor answers for, as patients read it, on one page; fails on a broken rule.
content: .venv/.installed
	@$(PYTHON) -m bot content

chat: .venv/.installed
	@$(PYTHON) -m bot chat

train: .venv/.installed .venv-engine/.installed
	@$(PYTHON) -m bot train

requests: .venv/.installed
	@$(PYTHON) -m bot requests

lint: .venv/.installed-for-tests
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	.venv/bin/mypy

format: .venv/.installed-for-tests
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

# Makes the locks anew from the .in files; they hold hashes and no address.
lock: $(UV)
	$(UV) pip compile --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
		--python-version 3.12 requirements-test.in -o requirements-test.txt
	$(UV) pip compile --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--python-version 3.12 -c requirements-test.txt requirements.in -o requirements.txt
	$(UV) pip compile --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade \
		--python-version 3.10 requirements-engine.in -o requirements-engine.txt

.venv/.installed: requirements.txt | $(UV)
	@sh bot/install.sh $(UV) 3.12 .venv requirements.txt
	@touch $@

.venv/.installed-for-tests: requirements-test.txt .venv/.installed
	@sh bot/install.sh $(UV) 3.12 .venv requirements-test.txt
	@touch $@

.venv-engine/.installed: requirements-engine.txt | $(UV)
	@sh bot/install.sh $(UV) 3.10 .venv-engine requirements-engine.txt
	@touch $@

# A machine without uv gets one in a tool environment of the project's own.
.tools/bin/uv:
	@sh bot/install_uv.sh

clean:
	rm -rf .venv .venv-engine .tools
