# The front door. `make deps` installs what is needed, everything else builds and runs.

SHELL := /bin/bash
SWIFT ?= swift
PREFIX ?= /usr/local
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
RELEASE := .build/release/replay

BUILD_PACKAGES := libssh2-1-dev libcurl4-openssl-dev libarchive-dev libsqlite3-dev libxml2-dev pkg-config
RUN_PACKAGES := qemu-system-x86 qemu-utils mmdebstrap extlinux syslinux-common e2fsprogs fdisk ca-certificates
TEST_PACKAGES := openssh-server openssh-client dropbear-bin tinysshd busybox shellcheck python3 python3-venv python3-yaml curl sudo git xfsprogs patch chromium docker-registry skopeo golang-go golang-github-vmware-govmomi-dev
BENCH_PACKAGES := packer ansible-core ansible-mitogen

# One at a time: many of them hold real servers to deadlines.
UNIT_TESTS := $(SWIFT) test --skip-build --disable-xctest --no-parallel --skip EndToEndTests
# Two at a time: an emulated guest keeps little more than one processor busy. Deadlines slip on a busy machine: `make test`
# therefore gives a failing half one more chance.
GUEST_TESTS := $(SWIFT) test --skip-build --disable-xctest --experimental-maximum-parallelization-width 2 --filter EndToEndTests

.PHONY: help deps deps-test build debug test unit soak check fmt bench fuzz demo docs install clean

help: ## Show the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

deps: ## Install the system packages that building and running need (apt)
	@scripts/install-packages $(BUILD_PACKAGES) $(RUN_PACKAGES)

deps-test: deps
	@scripts/install-packages $(TEST_PACKAGES)
	@scripts/install-oracles

build: ## Build the release binary
	$(SWIFT) build -c release --static-swift-stdlib -Xlinker --strip-all --product replay

debug:
	$(SWIFT) build --build-tests

test: deps-test ## Run all tests: unit, integration against a real sshd, end to end on a QEMU guest
	$(SWIFT) build --build-tests
	$(UNIT_TESTS) || $(UNIT_TESTS)
	$(GUEST_TESTS) || $(GUEST_TESTS)

unit: ## Run the tests that need no guest
	$(SWIFT) build --build-tests
	$(UNIT_TESTS)

check: deps-test ## Check format, scripts and imports; build with warnings as errors
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests
	shellcheck --shell=sh --exclude=SC2034,SC2154 $$(find Sources -name '*.sh')
	shellcheck $$(grep -lE '^#!/bin/(ba)?sh' scripts/* .ci/* Tests/Support/*)
	test -z "$$(gofmt -l Tests/Support)"
	REPLAY_STRICT=1 $(SWIFT) build --build-tests --explicit-target-dependency-import-check error

fmt: ## Format the sources
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

bench: deps-test build ## Measure, with peers side by side where they are installed
	$(SWIFT) build -c release --product RemoteBenchmark
	@scripts/install-packages $(BENCH_PACKAGES) || echo "some peers cannot be installed here"
	scripts/bench-remote .build/release/RemoteBenchmark
	scripts/bench $(RELEASE)

soak: deps-test ## Run the long proofs: 1,000 cuts, outages of up to a minute, 1 GiB of output, a file of 4 GiB
	$(SWIFT) build --build-tests
	REPLAY_SOAK=1 $(SWIFT) test --skip-build --disable-xctest --no-parallel --filter "LinkLossTests|VolumeTests|HostileOutputTests|FaultTests/restarts"

# Clang's libFuzzer, which comes with Swift. A crash stays in .build/fuzz/TARGET as crash-…: copy it to Tests/Corpus.
FUZZ_SECONDS ?= 600
FUZZER := .build/fuzz/release/Fuzzing

fuzz: ## Feed parser, expander, ignore files and archives with made-up input, FUZZ_SECONDS each
	REPLAY_FUZZ=1 $(SWIFT) build -c release --scratch-path .build/fuzz -Xswiftc -sanitize=fuzzer --product Fuzzing
	scripts/fuzz $(FUZZER) $(FUZZ_SECONDS)

demo: deps build ## Replay samples/nginx, boot the template and fetch its page
	scripts/demo $(RELEASE)

docs: ## Build the documentation of the modules
	REPLAY_DOCS=1 $(SWIFT) package generate-documentation --target DockerfileLanguage --warnings-as-errors
	REPLAY_DOCS=1 $(SWIFT) package generate-documentation --target DockerfileChecks --warnings-as-errors
	REPLAY_DOCS=1 $(SWIFT) package generate-documentation --target Explanations --warnings-as-errors

install: build ## Install replay and its tables below PREFIX
	install -D -m 755 $(RELEASE) $(DESTDIR)$(PREFIX)/bin/replay
	install -d $(DESTDIR)$(PREFIX)/share/replay/basemaps
	install -m 644 basemaps/*.yaml $(DESTDIR)$(PREFIX)/share/replay/basemaps/

clean: ## Remove what was built
	$(SWIFT) package clean
