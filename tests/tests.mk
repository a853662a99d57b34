# Tests, benchmarks, lint. Included by the Makefile. Every test is a program that speaks TAP; tests/run calls them all.

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

.PHONY: test-dependencies
test-dependencies:
	@deploy/dependencies.sh test

.PHONY: test-programs
test-programs: unit-programs $(INTEGRATION) $(REPLAY)
