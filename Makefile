# Every target sets up what it needs below build/ from exact pins; a second run starts at once.
# Nothing but make and Python 3.9 or newer has to be there. Another Python: make PYTHON3=/path/to/python3 ...

PYTHON3 ?= python3
DEV      = $(PYTHON3) -m tools.run dev
ARGS    ?=

.DEFAULT_GOAL := help
.PHONY: help demo serve test check lint audit fmt docs package bench icons clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo:  ## Show the whole product at work on this machine, without Splunk
	@$(DEV) -m sandbox demo $(ARGS)

serve:  ## The product alive in a browser on loopback: setup page, dashboards, alerts (Ctrl-C ends it)
	@$(DEV) -m sandbox serve $(ARGS)

test:  ## Run all tests on every Python of 3.9, 3.11, 3.13 found here (ARGS="tests/unit -k page")
	@$(PYTHON3) -m tools.run_tests $(if $(ARGS),-- $(ARGS))

check:  ## Lint, types, confs, package; bandit, slim and Splunk's AppInspect on it
	@$(DEV) -m tools.check

lint:  ## The quick half of check: ruff, mypy, confs
	@$(DEV) -m tools.check --quick

audit:  ## Ask the advisory databases about what ships (needs a network that reaches them)
	@$(DEV) -m tools.audit

fmt:  ## Sort imports, modernise annotations and apply ruff's safe fixes
	@$(DEV) -m ruff check --fix --quiet --unsafe-fixes --select I,UP . || true
	@$(DEV) -m ruff check --fix .

docs:  ## Write docs/detections.md and the lookups that follow from the confs
	@$(DEV) -m tools.detections_doc

package:  ## Build dist/slack_audit_monitor-<version>.tar.gz, the same byte for byte each time
	@$(DEV) -m tools.package

bench:  ## Measure cost and speed, beside a floor or a limit (ARGS=collector)
	@$(DEV) -m tools.bench $(ARGS)

icons:  ## Draw the icons again (they are committed)
	@$(PYTHON3) -m tools.run icons -m tools.draw_icons

clean:  ## Remove what make built
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find bench bin sandbox tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
