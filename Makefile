# One Makefile for people and CI alike. `make` tells what there is.
SHELL := /bin/sh
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo dev)
ADDR    ?= 127.0.0.1:8080
DATA    ?= ./data
TOOLS   := $(CURDIR)/.cache/tools
# The module names the newest Go; whoever has an older one may let it fetch that.
GO      ?= go

.PHONY: help
help: ## show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: setup build ## install what is missing, build, start everything, take in the sample letters
	BLATTWERK_DATA=$(DATA) BLATTWERK_ADDR=$(ADDR) bin/blattwerk serve --samples testdata/letters --log-level warn

.PHONY: test
test: setup-test build ## install what the tests need, and run them all
	$(GO) test -count=1 -timeout 40m ./...

.PHONY: race
race: setup-test build ## the tests of the concurrent rooms with the race detector
	$(GO) test -race -count=1 -timeout 40m ./workers/... ./storage/... ./pipeline/child/...

.PHONY: inbox-long
inbox-long: ## ten minutes of slow, broken, doubled and empty files into a hot folder
	$(GO) test ./workers/inbox -count=1 -timeout 15m -run EveryFile -v -args -long 10m

.PHONY: fuzz
fuzz: ## fuzz everything that parses bytes from outside, FUZZTIME each
	deploy/testing/fuzz.sh $(or $(FUZZTIME),60s)

.PHONY: bench
bench: setup build ## measure against OCRmyPDF, write docs/benchmarks.md (15 minutes; BENCH=-quick: 2; BENCH=-ours: how well we read, 1)
	deploy/testing/bench/setup.sh
	$(GO) run ./deploy/testing/bench $(BENCH)

.PHONY: bench-pages
bench-pages: setup setup-test build ## measure orientation, blank pages, torture and memory, write docs/reading-pages.md (20 minutes)
	OMP_THREAD_LIMIT=1 $(GO) test ./pipeline/ocr -run TestMeasurePages -count=1 -timeout 2h -v -measure $(CURDIR)/docs/reading-pages.md
	$(GO) test ./pipeline/route -run TestTorture -count=1 -timeout 2h -torture $(CURDIR)/docs/reading-pages.md
	$(GO) test ./deploy/testing/bench -run TestMeasureMemory -count=1 -timeout 2h -v -measure $(CURDIR)/docs/reading-pages.md

.PHONY: bench-sorting
bench-sorting: setup build ## measure sorting and fields, write docs/sorting.md (5 minutes)
	$(GO) run ./deploy/testing/sorting

.PHONY: conformance
conformance: setup build ## check every PDF/A we make with veraPDF, write docs/conformance.md (PART=gate: a part, of writer,gate,files,rivals)
	deploy/testing/tools.sh verapdf
	deploy/testing/bench/setup.sh
	$(GO) run ./deploy/testing/conformance -part "$(PART)" $(CONFORMANCE)

.PHONY: bench-search
bench-search: setup-test ## measure search and screens on 100,000 letters, write docs/search.md (half an hour; BENCH="-file FILE -at ADDRESS" keeps what was filled, and then takes minutes)
	$(GO) test ./storage/catalog -run TestMeasureSearch -count=1 -timeout 3h -v -measure $(CURDIR)/docs/search.md $(BENCH)

.PHONY: screens
screens: setup setup-test build ## pictures of every page into docs/screens, each held against axe-core
	$(GO) run ./deploy/testing/screens

.PHONY: lint
lint: setup ## formatting, vet, staticcheck, the import arrows, the licences
	deploy/testing/tools.sh staticcheck depguard go-licenses
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "gofmt -w the files above"; exit 1; }
	$(GO) vet ./...
	$(TOOLS)/staticcheck ./...
	$(TOOLS)/depguard ./...
	deploy/testing/doc.sh
	deploy/testing/licences.sh

.PHONY: build
build: ## build bin/blattwerk
	CGO_ENABLED=1 $(GO) build -ldflags "-X main.version=$(VERSION)" -o bin/blattwerk ./cmd/blattwerk

.PHONY: setup
setup:
	@deploy/setup.sh run

.PHONY: setup-test
setup-test:
	@deploy/setup.sh test
	@deploy/testing/tools.sh versitygw verapdf axe

.PHONY: clean
clean: ## remove what the build made (not the data)
	rm -rf bin .cache
