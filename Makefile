# SPDX-License-Identifier: GPL-2.0
# Builds, checks, installs and shows MemX; `make help` lists the goals.

O ?= build
PREFIX ?= /usr/local
FLOOR ?=

# Headers: KDIR=directory, KVER=release, else the running kernel's.
kernel = $(eval kernel := $$(shell compat/kdir.sh "$(KDIR)" "$(KVER)"))$(kernel)
kver = $(word 1,$(kernel))
kdir = $(word 2,$(kernel))
kbuild = $(if $(kver),,$(error no kernel headers))compat/kbuild.sh $(kver) $(kdir) $(O) FLOOR=$(FLOOR) $(if $(W),W=$(W)) $(if $(C),C=$(C)) $(if $(V),V=$(V))
moddir = $(DESTDIR)/lib/modules/$(kver)/updates/memx
# Without the modules for tests, which FLOOR= adds.
product = $(shell sed -n 's/^obj-m := //p' Kbuild | sed 's/\.o\b/.ko/g')
sbindir = $(DESTDIR)$(PREFIX)/sbin
xendir = $(DESTDIR)/etc/xen/scripts
luadir = $(DESTDIR)$(PREFIX)/share/wireshark
unitdir = $(DESTDIR)$(PREFIX)/lib/systemd/system
sbin-scripts = packaging/systemd/memx-devd-adopt
units = packaging/systemd/memx-attach@.service packaging/systemd/memx-devd.service $(if $(have-xenstore),tools/dom0/memx-dom0.service)
lab = $(if $(BASE),LAB_BASE=$(BASE) && export LAB_BASE &&) $(if $(KERNEL),LAB_KERNEL=$$(tests/lab/suite-kernel $(KERNEL)) && export LAB_KERNEL LAB_MEMORY=1 &&) tests/lab/lab

.DEFAULT_GOAL := all
.PHONY: all modules tools install uninstall install-xl-shim uninstall-xl-shim check lab lab-build lab-shell demo clean distclean help
.DELETE_ON_ERROR:

all: modules tools		## modules and tools (this is the default)

modules:			## kernel modules, for KVER= or KDIR= if not the running kernel
	$(kbuild)

include tests/build/user.mk

install: all			## install modules, tools, the xl hotplug script, units for systemd and the dissector (DESTDIR=, PREFIX=)
	install -d $(moddir) $(sbindir) $(xendir) $(luadir)
	install -m 644 $(addprefix $(O)/modules/$(kver)/,$(product)) $(moddir)
	strip --strip-debug $(moddir)/*.ko
	install -m 755 $(tool-programs) $(sbin-scripts) $(sbindir)
	install -m 755 $(filter-out %.sh,$(hotplug)) $(xendir)
	install -m 644 $(filter %.sh,$(hotplug)) $(xendir)
	install -m 644 tools/wireshark/rmap.lua $(luadir)
	install -d $(unitdir)
	$(foreach unit,$(units),sed 's|@sbindir@|$(PREFIX)/sbin|g' $(unit) | install -m 644 /dev/stdin $(unitdir)/$(notdir $(unit)) &&) :
	$(if $(DESTDIR),,depmod $(kver))

uninstall:			## remove what install put there
	rm -rf $(moddir)
	rm -f $(addprefix $(sbindir)/,$(notdir $(tool-programs) $(sbin-scripts))) $(addprefix $(xendir)/,$(notdir $(hotplug))) $(luadir)/rmap.lua $(addprefix $(unitdir)/,$(notdir $(units)))
	$(if $(DESTDIR),,depmod $(kver))

install-xl-shim: xl-shim	## put the shim for vdev=memx before this host's stock xl (DPKG_ROOT=, PREFIX=)
	PREFIX=$(PREFIX) packaging/xl-shim/xl-shim install $(xl-shim)

uninstall-xl-shim:		## take it away again
	PREFIX=$(PREFIX) packaging/xl-shim/xl-shim remove

check:				## all tests that need no machine of their own (SUITES="unit style" for some)
	tests/deps.sh build check
	tests/build/check $(SUITES)

lab: lab-build			## tests on virtual machines: all, or T=name (KERNEL=trixie: on that suite's kernel; BASE=commit: what rtt-compare compares with)
	$(lab) run $(or $(T),all)

lab-shell: lab-build		## look around in a running topology, T=name
	$(lab) shell $(T)

# From when the demo counts its time.
demo: export LAB_STARTED := $(shell date +%s)
demo: lab-build			## a guest swaps into other machines' memory; ends in a table
	$(lab) demo

# The lab's hosts run the kernel whose headers the metapackage stands for. Their
# image is made meanwhile, once: that is waiting for the archive, mostly.
lab-build:
	tests/deps.sh build lab
	$(if $(KERNEL),compat/build-all.sh $(KERNEL))
	$(lab) image >/dev/null & image=$$!; trap "kill $$image" INT TERM; \
	$(MAKE) --no-print-directory all FLOOR=1 KVER=$$(dpkg-query -W -f '$${Depends}' linux-headers-amd64 | sed 's/linux-headers-\([^ ,]*\).*/\1/'); made=$$?; \
	wait $$image && exit $$made

clean:				## remove what was built
	rm -rf $(O)

distclean: clean		## and everything that was fetched
	rm -rf .cache

help:				## this list
	@sed -n 's/^\([a-z-]*\):.*##[[:space:]]*/\1	/p' $(MAKEFILE_LIST) | expand -t 14
