# Tests, benchmarks, lint. Included by the Makefile. Every test is a program that speaks TAP; tests/run calls them all.

FUZZ_SECONDS ?= 60
TESTS ?=

# Helpers of the tests (the private PostgreSQL) are linked into unit and integration programs alike.
$(BUILD)/libtests.a: $(call obj,$(wildcard tests/integration/cluster*.c))
	@rm -f $@ && ar rcs $@ $^
$(UNIT): $(BUILD)/libtests.a

# Integration programs: tests/integration/test_NAME.c.
INTEGRATION := $(patsubst tests/integration/%.c,$(BUILD)/tests/integration/%,$(wildcard tests/integration/test_*.c))
$(INTEGRATION): $(BUILD)/tests/integration/%: $(BUILD)/obj/tests/integration/%.o $(BUILD)/libtests.a $(call rooms,$(ROOMS))
	@mkdir -p $(@D)
	$(call link,$<)

# Fuzz targets: tests/fuzz/fuzz_NAME.c. `make test` replays their corpora, `make fuzz` searches for more.
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAY := $(FUZZ_NAMES:%=$(BUILD)/tests/fuzz/replay_%)
$(REPLAY): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay.o $(call rooms,$(ROOMS))
	@mkdir -p $(@D)
	$(call link,$< $(BUILD)/obj/tests/fuzz/replay.o)

SEARCH := $(FUZZ_NAMES:%=$(BUILD)/tests/fuzz/fuzz_%)
$(SEARCH): $(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(call rooms,$(ROOMS))
	@mkdir -p $(@D)
	$(call link,-fsanitize=fuzzer $<)

# What `make bench` measures with and against: limits of the machine, hello over FastCGI, a client, the portal's list.
BENCH := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(filter-out tests/bench/inkan_bench.c,$(wildcard tests/bench/*.c)))
$(BENCH): $(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(call rooms,db)
	@mkdir -p $(@D)
	$(call link,$<)

# Certificates, good and bad, for the comparison of our linter with other people's parsers.
CERTIFICATES_PROGRAM := $(BUILD)/tests/certificates/make_certificates
$(CERTIFICATES_PROGRAM): $(BUILD)/obj/tests/certificates/make_certificates.o $(call rooms,ca db)
	@mkdir -p $(@D)
	$(call link,$<)

.PHONY: test-programs fuzz-programs
test-programs: unit-programs $(INTEGRATION) $(REPLAY) $(CERTIFICATES_PROGRAM)
fuzz-programs: $(SEARCH)

.PHONY: test-dependencies
test-dependencies:
	@deploy/dependencies.sh test
	@mkdir -p $(BUILD) && touch $(BUILD)/.dependencies

# TESTS="word word" runs the programs whose path contains one of the words.
.PHONY: test
test: test-dependencies
	@$(MAKE) --no-print-directory -j$$(nproc) programs test-programs ownkey
	@$(MAKE) --no-print-directory -s test-browser-tools
	@BUILD=$(BUILD) DEMO_DIR= DEMO_PORT=$(TEST_PORT) tests/run $(TESTS)

# Ports TEST_PORT to TEST_PORT+19 of 127.0.0.1; another one lets two checkouts be tested side by side.
TEST_PORT ?= 9443

# playwright-core and axe-core, from the lock file that is committed. The browser is Debian's.
.PHONY: test-browser-tools
test-browser-tools: tests/browser/node_modules/.installed
tests/browser/node_modules/.installed: tests/browser/package-lock.json
	cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# The same tests under AddressSanitizer and UndefinedBehaviorSanitizer, the demo's processes too.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
.PHONY: sanitize
sanitize: test-dependencies
	@SANITIZED=1 $(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize CFLAGS='-O1 -g' EXTRA='$(SANITIZE)' \
	    TEST_PORT=$(shell expr $(TEST_PORT) + 20) test

.PHONY: fuzz
fuzz: test-dependencies
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-O1 -g' \
	    EXTRA='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' fuzz-programs
	@BUILD=$(BUILD)/fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/search $(FUZZ_NAMES)

# The short form of the fault runs is in `make test`.
.PHONY: faults
faults: test-dependencies
	@$(MAKE) --no-print-directory -j$$(nproc) programs test-programs
	@BUILD=$(BUILD) DEMO_DIR= DEMO_PORT=$(TEST_PORT) FAULTS=long tests/run tests/faults/

# Our linter against other people's parsers, over many certificates; `make test` takes 220 of them.
CERTIFICATES ?= 10000
.PHONY: lint-certificates
lint-certificates: test-dependencies
	@$(MAKE) --no-print-directory -j$$(nproc) $(CERTIFICATES_PROGRAM)
	@BUILD=$(BUILD) CERTIFICATES=$(CERTIFICATES) /usr/bin/python3 tests/certificates/test_certificates.py

.PHONY: lint
lint: test-dependencies
	@BUILD=$(BUILD) MAKE='$(MAKE)' tests/lint/all

.PHONY: bench bench-dependencies
bench-dependencies:
	@deploy/dependencies.sh bench
	@mkdir -p $(BUILD) && touch $(BUILD)/.dependencies
bench: bench-all
bench-%: bench-dependencies
	@$(MAKE) --no-print-directory -j$$(nproc) programs $(BENCH)
	@BUILD=$(BUILD) DEMO_PORT=$(TEST_PORT) tests/bench/run $*
