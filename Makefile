# Inkan. `make help` lists what there is; the README says what for.
#
# One static library per room of the house (db ca sp web ra fcgi); a program is its main file linked with the rooms it may
# use. BUILD, CC and EXTRA (more compiler and linker flags) can be given on the command line.

BUILD   ?= build
CC      ?= gcc
VERSION := 0.1
WARN    := -Wall -Wextra -Wshadow -Wswitch-enum -Wformat=2 -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes
HARDEN  := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
CFLAGS  ?= -O2 -g

need = $(shell pkg-config --$(1) $(2) 2>/dev/null)
GLIB   := glib-2.0 gio-2.0
PKGS   := $(GLIB) lasso gobject-2.0 xmlsec1-openssl libxml-2.0 libxslt libexslt openssl libpq libcurl libseccomp libpng libjpeg zlib libqrencode

# -isystem: the libraries' headers are not held to our warnings (xmlsec's and lasso's don't pass them).
INCLUDES = $(patsubst -I%,-isystem %,$(filter-out -I/usr/include,$(call need,cflags,$(PKGS))))
ALLCFLAGS = -std=c11 -D_GNU_SOURCE -DINKAN_VERSION='"$(VERSION)"' -DG_LOG_USE_STRUCTURED -I. $(INCLUDES) \
            $(WARN) $(HARDEN) $(CFLAGS) $(EXTRA)
LIBS = $(call need,libs,$(PKGS)) -lfcgi -lm

ROOMS    := db ca sp web ra fcgi
PROGRAMS := $(BUILD)/inkan-portal $(BUILD)/inkan-signer $(BUILD)/inkan-worker $(BUILD)/inkan-opener $(BUILD)/inkan $(BUILD)/inkan-bench
MAINS    := fcgi/portal_main.c ca/signer_main.c ra/worker_main.c ra/opener_main.c ra/inkan_main.c tests/bench/inkan_bench.c

# V=1 shows the whole commands.
tell  = $(if $(V),set -x,echo '  $(1)  $(2)')
obj   = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
rooms = $(foreach r,$(1),$(BUILD)/lib$(r).a)

.PHONY: all
all: $(BUILD)/.dependencies
	@$(MAKE) --no-print-directory programs ownkey

.PHONY: programs
programs: $(PROGRAMS)

# --- building -------------------------------------------------------------------------------------------------------------

$(BUILD)/.dependencies: deploy/dependencies.sh
	@deploy/dependencies.sh build
	@mkdir -p $(BUILD) && touch $@

$(BUILD)/obj/%.o: %.c $(BUILD)/.flags
	@mkdir -p $(@D)
	@$(call tell,CC,$<); $(CC) $(ALLCFLAGS) -MMD -MP -c -o $@ $<

# Rebuilds everything when the flags change (make sanitize in the same folder, another compiler).
$(BUILD)/.flags: FORCE
	@mkdir -p $(BUILD)
	@echo '$(CC) $(CFLAGS) $(EXTRA) $(VERSION)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(EXTRA) $(VERSION)' > $@
FORCE:

define room_library
$(BUILD)/lib$(1).a: $(call obj,$(filter-out $(MAINS),$(wildcard $(1)/*.c)))
	@$(call tell,AR,$$@); rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_library,$(r))))

# Each program links the rooms that it may use and no more: what is not linked cannot be called.
link = @$(call tell,LD,$@); $(CC) $(ALLCFLAGS) -pie -Wl,-z,relro,-z,now -o $@ $(1) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)

$(BUILD)/inkan-portal: $(call obj,fcgi/portal_main.c) $(call rooms,fcgi ra sp web ca db)
	$(call link,$<)
$(BUILD)/inkan-signer: $(call obj,ca/signer_main.c) $(call rooms,ca db)
	$(call link,$<)
$(BUILD)/inkan-worker: $(call obj,ra/worker_main.c) $(call rooms,ra sp web ca db)
	$(call link,$<)
$(BUILD)/inkan-opener: $(call obj,ra/opener_main.c) $(call rooms,ra sp db)
	$(call link,$<)
$(BUILD)/inkan: $(call obj,ra/inkan_main.c) $(call rooms,ra sp web ca db)
	$(call link,$<)
$(BUILD)/inkan-bench: $(call obj,tests/bench/inkan_bench.c) $(call rooms,ra web ca db)
	$(call link,$<)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# --- the script that makes keys in the browser: the one thing here that needs npm's registry; without it the choice is not offered

OWNKEY := $(BUILD)/ownkey/ownkey.js
.PHONY: ownkey
ownkey: $(OWNKEY)
$(OWNKEY): web/ownkey/build $(wildcard web/ownkey/*.mjs web/ownkey/*.json)
	@$(call tell,JS,$@); web/ownkey/build $(@D)

# --- unit tests: tests/unit/test_NAME.c, each a program that speaks TAP ------------------------------------------------------

UNIT := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(call rooms,$(ROOMS))
	@mkdir -p $(@D)
	$(call link,$<)
.PHONY: unit-programs
unit-programs: $(UNIT)
.SECONDARY:

include tests/tests.mk
include deploy/deploy.mk

.PHONY: clean
clean:
	rm -rf $(BUILD)

.PHONY: help
help:
	@echo 'make            builds the programs into $(BUILD)/'
	@echo 'make demo       runs all of it in the foreground: https://localhost:8443/ (DEMO_PORT, DEMO_DIR); Ctrl-C ends it'
	@echo 'make demo-up    the same in the background; make demo-down ends it'
	@echo 'make test       everything but long runs; make sanitize: the same under ASan and UBSan'
	@echo 'make bench      figures, as ratios; make bench-NAME for one'
	@echo 'make fuzz       every fuzz target for FUZZ_SECONDS (60) each; make faults: the long fault runs'
	@echo 'make lint       warnings, cppcheck, arrows between folders, settings against manual and sample'
	@echo 'make lint-certificates   10,000 certificates, good and bad: our linter against five other parsers (CERTIFICATES)'
