# Running Inkan: the demo on this machine, and what `make install` puts where. Included by the Makefile.

DEMO_DIR  ?= build/demo
DEMO_PORT ?= 8443

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=

# realpath: where root's daemons could not reach it, the folder is made a link (demo.py settle), so this is asked late.
demo_dir = $(or $(realpath $(DEMO_DIR)),$(abspath $(or $(DEMO_DIR),build/demo)))
# Debian's python modules (aiosmtpd) are Debian's python's; -B: no __pycache__ in the checkout.
demo_py  = /usr/bin/python3 -B deploy/demo/demo.py --dir '$(demo_dir)' --port '$(or $(DEMO_PORT),8443)'

.PHONY: demo demo-up demo-down demo-settle demo-files
# exec: Ctrl-C goes to the demo itself, and its exit status is make's.
demo: demo-files
	@exec $(demo_py) run
demo-up: demo-files
	@exec $(demo_py) up
demo-down:
	@exec $(demo_py) down

# DEMO_AS_BUILT=1: what BUILD holds is used as it is (a build with other flags, of the tests).
demo-settle:
	@deploy/dependencies.sh demo
	@$(demo_py) settle
	@$(if $(DEMO_AS_BUILT),:,$(MAKE) --no-print-directory all)

# The demo runs an installation of its own inside DEMO_DIR, made by the same rule as a real one: so the daemons' users need
# to reach nothing else (a checkout may lie under /root), and a build during the demo changes nothing under its feet.
demo-files: demo-settle
	@$(demo_py) running || $(MAKE) --no-print-directory demo-install

.PHONY: demo-install
demo-install:
	@rm -rf '$(demo_dir)/program/share'
	@$(MAKE) --no-print-directory install-files PREFIX='$(demo_dir)/program' SYSCONFDIR='$(demo_dir)/program/etc' DESTDIR=
	@$(call put,0755,$(wildcard deploy/demo/*.py),$(demo_dir)/program/demo)
	@$(call put,0644,$(wildcard deploy/demo/templates/*),$(demo_dir)/program/demo/templates)

# put MODE,FILES,FOLDER: install -D gives the folders 0755 whatever the umask is.
put = for f in $(2); do install -D -m $(1) "$$f" '$(DESTDIR)$(3)'/"$${f\#\#*/}" || exit 1; done
# put_sed MODE,FILES,FOLDER: the same for texts that name installed paths.
put_sed = for f in $(2); do t=$$(mktemp) && sed -e 's|/usr/share/inkan|$(PREFIX)/share/inkan|g' \
	  -e 's|/usr/sbin/inkan|$(PREFIX)/sbin/inkan|g' -e 's|/usr/bin/inkan|$(PREFIX)/bin/inkan|g' \
	  -e 's|/etc/inkan|$(SYSCONFDIR)/inkan|g' -e 's|^\#share = .*|share = $(PREFIX)/share/inkan|' "$$f" >"$$t" && install -D -m $(1) "$$t" '$(DESTDIR)$(3)'/"$${f\#\#*/}" || exit 1; \
	  rm -f "$$t"; done

# Of web/ everything but sources: templates, messages, static files.
web_files = $(shell cd web && find . -path ./ownkey -prune -o -type f ! -name '*.[ch]' -print | sort)

.PHONY: install install-files
install: programs ownkey install-files
	@test -e '$(DESTDIR)$(SYSCONFDIR)/inkan/inkan.conf' || \
	  install -D -m 0640 '$(DESTDIR)$(PREFIX)/share/doc/inkan/inkan.conf.sample' '$(DESTDIR)$(SYSCONFDIR)/inkan/inkan.conf'

install-files:
	@$(call put,0755,$(BUILD)/inkan,$(PREFIX)/bin)
	@$(call put,0755,$(BUILD)/inkan-portal $(BUILD)/inkan-worker $(BUILD)/inkan-opener $(BUILD)/inkan-signer,$(PREFIX)/sbin)
	@$(call put_sed,0755,deploy/backup/inkan-backup deploy/backup/inkan-backup-check,$(PREFIX)/sbin)
	@$(call put,0644,$(wildcard db/migrations/*.sql),$(PREFIX)/share/inkan/db/migrations)
	@cd web && for f in $(web_files); do install -D -m 0644 "$$f" '$(DESTDIR)$(PREFIX)/share/inkan/web'/"$$f" || exit 1; done
	@$(call put,0644,$(wildcard deploy/relying/*),$(PREFIX)/share/inkan/relying)
	@$(call put,0644,$(shell ls $(OWNKEY) 2>/dev/null),$(PREFIX)/share/inkan/web/static)
	@$(call put,0644,$(shell ls $(BUILD)/ownkey/ownkey-licenses.txt 2>/dev/null),$(PREFIX)/share/doc/inkan)
	@$(call put_sed,0644,$(wildcard deploy/nginx/*.conf),$(PREFIX)/share/inkan/nginx)
	@$(call put,0644,$(wildcard deploy/nginx/pages/*),$(PREFIX)/share/inkan/nginx/pages)
	@$(call put_sed,0644,$(wildcard deploy/systemd/*.service deploy/systemd/*.target),$(PREFIX)/lib/systemd/system)
	@$(call put,0644,deploy/systemd/sysusers.d/inkan.conf,$(PREFIX)/lib/sysusers.d)
	@$(call put_sed,0644,deploy/systemd/tmpfiles.d/inkan.conf,$(PREFIX)/lib/tmpfiles.d)
	@$(call put_sed,0644,deploy/inkan.conf.sample $(wildcard deploy/postgresql/*) deploy/backup/restore.md deploy/install.md deploy/ca.md deploy/federation.md LICENSE,$(PREFIX)/share/doc/inkan)
	@$(foreach s,1 5 8,$(call put_sed,0644,$(wildcard deploy/man/*.$(s)),$(PREFIX)/share/man/man$(s));)
