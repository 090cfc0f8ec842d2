# Everything a developer or CI runs. `make` alone lists the targets.
PYTHON ?= python3
STACK ?= sandbox
BIN := .venv/bin
SANDBOX := $(BIN)/python -m sandbox
PULUMI := $(SANDBOX) pulumi
EVIDENCE := $(BIN)/python -m evidence
STORE ?= .evidence/store
KEY ?= .evidence/signing-key.pem
FROM ?= preview
ON_STACK := --stack $(STACK) --policy-pack policy_pack --policy-pack-config stacks/policy.$(STACK).json

.DEFAULT_GOAL := help
.PHONY: help setup lock fix check test mutation preview demo-block up refresh destroy evidence bench docs clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  STACK=NAME chooses the stack (now: $(STACK)); stacks/ holds them."

setup: .venv/.installed ## the virtual environment, from the hash-locked requirements

# The stamp is made last, so that an interrupted installation is begun again.
.venv/.installed: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Hedgerow needs Python 3.11 or newer, not %d.%d: run make with PYTHON=python3.11" % sys.version_info[:2])'
	@test ! -L .venv || { echo "setup: .venv is a link: remove it, or another checkout's packages are lost" >&2; exit 1; }
	@echo "setup: installing the locked packages into .venv (about a minute on a new machine)"
	@$(PYTHON) -m venv --clear .venv || { echo "setup: no virtual environment could be made: install your system's python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.txt -r requirements-dev.txt
	@touch $@

lock: setup ## lock the versions in pyproject.toml, with hashes
	$(BIN)/uv pip compile pyproject.toml --universal --no-header --generate-hashes -q -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --universal --no-header --group dev -c requirements.txt --generate-hashes -q -o requirements-dev.txt

fix: setup ## format, and mend what the linter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check: setup ## lint, format, types, import contracts, workflows
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.actionlint
	$(BIN)/zizmor --offline --quiet .github

test: setup engine browser ## every test, the ones on the real engine included
	$(BIN)/python -m pytest -n 2 --dist loadgroup

mutation: setup ## weaken every property of the environment that matters, and name what no rule notices
	@$(BIN)/python -m tests.mutation

.PHONY: engine browser
engine: setup
	@$(SANDBOX) build

# The report is tested in one: the machine's own, or one that is installed.
browser: setup
	@$(BIN)/python -m tests.browser

preview: setup ## preview STACK on the real engine, with the policy pack
	@$(PULUMI) preview $(ON_STACK)

demo-block: setup ## preview a change that breaks promises, and see it blocked
	@log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	PULUMI_DEBUG_COMMANDS=true $(PULUMI) --cwd demo preview --stack demo --policy-pack ../policy_pack --event-log "$$log"; code=$$?; \
	if [ $$code -ne 0 ] && grep -q '"enforcementLevel":"mandatory"' "$$log"; then \
		echo "demo-block: the engine exited with $$code: the change is blocked."; \
	else \
		echo "demo-block: the engine exited with $$code and reported no mandatory violation: NOT blocked." >&2; exit 1; \
	fi

up: setup ## create or update STACK in the sandbox
	@$(PULUMI) up $(ON_STACK) --yes --skip-preview

refresh: setup ## compare STACK's state with what is really there
	@$(PULUMI) refresh --stack $(STACK) --yes

destroy: setup ## delete what STACK holds in the sandbox
	@$(PULUMI) destroy --stack $(STACK) --yes --skip-preview

# The engine's exit code is kept: a change that is blocked has its evidence, and make still fails.
evidence: setup ## preview STACK (FROM=up: deploy it; FROM=state: as it is saved), collect into a signed bundle, report, verify
	@case "$(FROM)" in preview|up|state) ;; *) echo "evidence: FROM is preview, up or state" >&2; exit 2 ;; esac
	@case "$(KEY)" in awskms:*) ;; *) test -e "$(KEY)" || $(EVIDENCE) keygen "$(KEY)" ;; esac
	@work=$$(mktemp -d); trap 'rm -rf "$$work"' EXIT; \
	echo "evidence: $(STACK), from its $(FROM)" >&2; export PULUMI_DEBUG_COMMANDS=true; \
	case "$(FROM)" in \
	preview) $(PULUMI) preview $(ON_STACK) --json --event-log "$$work/log" > "$$work/places"; engine=$$? ;; \
	up) $(PULUMI) up $(ON_STACK) --yes --skip-preview --event-log "$$work/log" >&2; engine=$$?; \
		$(PULUMI) stack export --stack $(STACK) > "$$work/places" ;; \
	state) $(PULUMI) stack export --stack $(STACK) > "$$work/state"; engine=$$? ;; \
	esac; \
	test -s "$$work/log" || test -s "$$work/state" || { echo "evidence: the engine exited with $$engine and said nothing of $(STACK)" >&2; exit 1; }; \
	test ! -s "$$work/log" || set -- --event-log "$$work/log"; \
	test ! -s "$$work/state" || set -- --state "$$work/state" --pulumi "$(PULUMI)"; \
	test ! -s "$$work/places" || set -- "$$@" --places "$$work/places"; \
	$(EVIDENCE) collect "$$@" --store "$(STORE)" --key "$(KEY)"; collected=$$?; \
	case $$collected in 0|3) ;; *) exit $$collected ;; esac; \
	$(EVIDENCE) report "$(STORE)" && \
	$(EVIDENCE) public-key --key "$(KEY)" > "$$work/public" && $(EVIDENCE) verify "$(STORE)" --key "$$work/public" || exit 1; \
	test $$engine -eq 0 || echo "evidence: the engine exited with $$engine: the report says what blocks, or why it could not judge" >&2; \
	test $$engine -eq 0 && exit $$collected

bench: setup engine ## what the pack costs beside scanners and in previews, as ratios in one run, and the evidence of a fleet
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.fleet

docs: setup ## the generated pages: the environment, the rules, the controls; it names what no rule answers for
	@$(BIN)/python -m architecture docs
	@$(BIN)/python -m policy_pack.documentation docs

clean: ## forget the sandbox and the virtual environment (the engine stays in its cache)
	@if [ -x $(BIN)/python ] && [ -d .sandbox ]; then $(SANDBOX) reset --yes; fi
	rm -rf .venv .sandbox .mypy_cache .ruff_cache .pytest_cache .hypothesis
