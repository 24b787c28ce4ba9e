# Computer Vision by Hand. Python 3.11 or newer and make are all that a fresh machine needs; `make help` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
SITE := _build/html
PORT ?= 8000
export PATH := $(CURDIR)/$(BIN):$(PATH)
# The two cores of a small machine are shared by tests that run side by side: one thread each.
ONE_THREAD := OPENBLAS_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help book serve lite bundle pdf test test-all lint unit notebooks site-tests bench bench-store bench-pages bench-lighthouse refresh lab lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: .venv/course node_modules/.package-lock.json ## build the site, warnings as errors
	jupyter-book build . --warningiserror --nitpick --keep-going
	@echo "The site is in $(SITE). To read it: make serve, or open $(SITE)/index.html"

serve: book ## build the site and serve it on this machine
	@echo "http://127.0.0.1:$(PORT)/ (stop with Ctrl+C)"
	python -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE)

lite: export BOOK_WITH_LITE := 1
lite: book ## build the site with JupyterLite in it: 48 MB more, and links to it on every chapter
	python tools/lite.py $(SITE)/lite

bundle: book ## pack site, notebooks and packages into one zip for reading without a network
	python tools/bundle.py

PAPER ?= A4
pdf: book .venv/test ## print each chapter and the whole book into _build/pdf (PAPER=letter for the other size)
	python tools/browser.py
	python tools/pdf.py --paper $(PAPER)

test: lint unit notebooks site-tests ## run every check there is
	@echo "All checks passed."

test-all: test ## the same, and what takes minutes
	$(ONE_THREAD) pytest tests/slow -n 2 --dist loadfile
	@echo "All checks passed, the slow ones too."

lint: .venv/test ## style of code and notebooks
	ruff check .
	ruff format --check .

unit: .venv/test node_modules/.package-lock.json ## unit and property tests
	$(ONE_THREAD) pytest tests --ignore=tests/site --ignore=tests/slow --ignore=tests/byhand -n 2
	PYTHONPATH=tests/without pytest tests/byhand -n 2

notebooks: .venv/test ## run every notebook and compare its stored outputs
	$(ONE_THREAD) pytest --nbval -n 2 --dist loadfile index.ipynb chapters

site-tests: book .venv/test ## drive the built site in a browser
	python tools/browser.py
	pytest tests/site -n 2 --dist worksteal

bench: .venv/course ## measure the core against what is installed (benchmarks/requirements.txt names whom)
	python benchmarks/core.py

bench-store: .venv/course ## measure the core, store the results, write the tables of the page on speed
	python benchmarks/core.py --store
	python benchmarks/report.py

bench-pages: book .venv/test ## measure the site: bytes of a page, time of an explorer's step
	PYTHONPATH=tools python benchmarks/pages.py

bench-lighthouse: book .venv/test ## let Lighthouse look at one page of each kind (PAGES="chapters/*" for others)
	PYTHONPATH=tools python benchmarks/lighthouse.py $(foreach page,$(PAGES),'$(page)')

refresh: .venv/course ## run the notebooks and store their outputs as text (NOTEBOOKS=... for some)
	python tools/refresh.py $(NOTEBOOKS)

lab: .venv/course ## open the chapters in JupyterLab
	jupyter lab chapters

lock: ## resolve the requirements anew and write the pins
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet uv
	uv pip compile $(LOCK) requirements.in -o requirements.txt
	uv pip compile $(LOCK) requirements-test.in -o requirements-test.txt
	uv pip compile $(LOCK) --no-annotate .binder/requirements.in -o .binder/requirements.txt
	npm install --package-lock-only
LOCK := --quiet --upgrade --universal --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links

clean: ## remove what was built (not .venv)
	rm -rf _build

.venv/course: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version). Name another one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/test: .venv/course requirements-test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@

node_modules/.package-lock.json: .venv/course package-lock.json
	npm ci --silent
	@touch $@
