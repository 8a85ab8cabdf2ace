# Targets call the same commands locally and in CI. `make help` lists them.
SHELL := /bin/bash
BIN := $(CURDIR)/bin
GO ?= go
KUBELOGIN_VERSION := v0.2.21
KUBERNETES_VERSION := v1.36.3
KUBE_LDFLAGS := -s -w -X k8s.io/component-base/version.gitVersion=$(KUBERNETES_VERSION) -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36 -X k8s.io/component-base/version.gitTreeState=clean
export GOFLAGS := -buildvcs=false $(GOFLAGS)

.PHONY: help build demo test confirm lab check bench corpus kusto tour-az az fuzz clean tools-present browser-present node-present
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

tools-present:
	@for t in $(GO) gcc g++; do command -v $$t >/dev/null || { echo "make: $$t is missing. On Debian: apt-get install -y gcc g++ (Go 1.26 or later: https://go.dev/dl)"; exit 1; }; done

# What the tests of pages need: a Chromium, 10 s and some 250 MB where it is not there yet.
browser-present:
	@for b in "$$POSTERN_BROWSER" chromium-headless-shell chromium chromium-browser google-chrome; do [ -n "$$b" ] && command -v "$$b" >/dev/null && exit 0; done; \
	[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing chromium-headless-shell" && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null && exit 0; \
	echo "make: the tests of pages need a Chromium. On Debian, as root: apt-get install -y --no-install-recommends chromium-headless-shell (or name one in POSTERN_BROWSER)"; exit 1

# What the comparison with Kusto's own grammar needs; the npm package itself is fetched by its test.
node-present:
	@for t in node npm; do command -v $$t >/dev/null || { echo "make: $$t is missing. On Debian: apt-get install -y nodejs npm (Node.js 18 or later)"; exit 1; }; done

build: tools-present ## build postern, postern-lab, kubectl and kubelogin into bin/
	@mkdir -p $(BIN)
	@echo "building postern"; $(GO) build -o $(BIN)/postern ./cmd/postern
	@ln -sf postern $(BIN)/kubectl-postern
	@echo "building postern-lab (a whole kube-apiserver: some minutes the first time)"; cd lab && $(GO) build -ldflags "$(KUBE_LDFLAGS)" -o $(BIN)/postern-lab ./cmd/postern-lab
	@echo "building kubectl"; cd lab && $(GO) build -ldflags "$(KUBE_LDFLAGS)" -o $(BIN)/kubectl k8s.io/kubernetes/cmd/kubectl
	@[ "$$(cat $(BIN)/.kubelogin 2>/dev/null)" = $(KUBELOGIN_VERSION) ] || { echo "building kubelogin $(KUBELOGIN_VERSION)"; GOBIN=$(BIN) GOFLAGS=-buildvcs=false $(GO) install github.com/Azure/kubelogin@$(KUBELOGIN_VERSION) && echo $(KUBELOGIN_VERSION) > $(BIN)/.kubelogin; }

demo: build ## the tour on a fresh lab, which then stays up until Ctrl-C
	@exec $(BIN)/postern-lab tour --fresh --keep

test: build browser-present node-present ## every test of every module, the lab's among them
	$(GO) test -timeout 20m ./...
	cd lab && $(GO) test -timeout 60m -p 1 ./...
	cd tools && $(GO) test ./...

confirm: build ## hold rbac against a real API server in full (SEED=, WORLDS=, FAMILY=); make test does less
	cd lab && $(GO) test -count=1 -timeout 60m -v -run '^TestConfirm$$' ./confirm -args -seed $${SEED:-$$(date +%s)} -worlds $${WORLDS:-210} -questions 108 -who-can 24 -requests 6 -family $${FAMILY:-300}

lab: build ## start the lab in the background (stop it with bin/postern lab down)
	@$(BIN)/postern-lab up

check: tools-present ## formatting, vet, staticcheck, the pure core without cgo
	@out=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$out" ] || { echo "gofmt wants: $$out"; exit 1; }
	CGO_ENABLED=0 $(GO) build ./audit/... ./rbac/... ./kql/...
	$(GO) vet ./...
	cd lab && $(GO) vet ./...
	cd tools && $(GO) build -o $(BIN)/staticcheck honnef.co/go/tools/cmd/staticcheck
	$(BIN)/staticcheck ./...

bench: build ## whole-run ratios against named rivals (see bench/BENCHMARKS.md)
	$(GO) run ./bench

corpus: build ## score the compiler against recorded Kusto answers, where ../shared is present
	@if [ -x ../shared/kql/run ]; then \
	  ../shared/kql/run --postern $(BIN)/postern --min 78 --fail $(BIN)/corpus-fail.jsonl && \
	  cd tools && $(GO) run ./corpus -cases $$(wc -l < ../../shared/kql/cases.jsonl) -fail $(BIN)/corpus-fail.jsonl -known ../docs/kql-differences.jsonl; \
	else echo "corpus: ../shared/kql is not here; nothing to score"; fi

kusto: tools-present node-present ## hold the compiler against Kusto's own parser and binder, with ../shared/kql where it is present
	cd tools && POSTERN_KQL_CORPUS=$${POSTERN_KQL_CORPUS:-$$(cd ../../shared/kql 2>/dev/null && pwd)} $(GO) test -count=1 -v ./kusto

tour-az: build ## the tour with real az (installs Debian's azure-cli if it may)
	@command -v az >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends azure-cli >/dev/null; } || { echo "make: az is missing. As root: apt-get install -y azure-cli"; exit 1; }
	@$(BIN)/postern-lab tour --fresh --az=required

az: build ## the lab's Azure against the real az, scripts in lab/e2e/testdata/az (installs Debian's azure-cli if it may)
	@command -v az >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends azure-cli >/dev/null; } || { echo "make: az is missing. As root: apt-get install -y azure-cli"; exit 1; }
	cd lab && $(GO) test -tags az -count=1 -parallel 1 -timeout 15m -run '^TestAz$$' -v ./e2e

fuzz: ## each fuzz target for FUZZTIME (default 30s)
	@for p in $$(grep -rl --include='*_test.go' 'func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  mod=.; case $$p in ./lab/*) mod=lab; p=./$${p#./lab/};; esac; \
	  for f in $$(cd $$mod && grep -ho 'func Fuzz[A-Za-z0-9]*' $$p/*_test.go | cut -d' ' -f2); do \
	    echo "$$p $$f"; (cd $$mod && $(GO) test $$p -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-30s}) || exit 1; done; done

clean: ## remove what make built
	rm -rf $(BIN)
