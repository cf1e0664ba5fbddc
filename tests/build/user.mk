# SPDX-License-Identifier: GPL-2.0
# Everything that runs in user space: the tools, and the engines under the unit
# tests, the simulator and the fuzzers. Included by the top Makefile.

# Files that are also compiled outside of the kernel (tests/checks/purity).
pure := $(wildcard rmap/engine/*.c memx-core/engine/*.c backend/mxbk_req.c backend/mxbk_fsm.c backend/mxbk_queue.c frontend/mxbf_req.c)
unit-names := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/unit_*.c))
fuzz-names := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
hotplug := $(filter-out %.md %.rules,$(wildcard hotplug-scripts/*))
have-xenstore := $(shell pkg-config --exists xenstore 2>/dev/null && echo y)
tool-programs := $(O)/tools/memxctl $(if $(have-xenstore),$(O)/tools/memx-xs $(O)/tools/memx-dom0)

CLANG ?= clang
fuzz-cc := $(if $(shell command -v $(CLANG)),$(CLANG),$(CC))
fuzz-libfuzzer := $(filter-out $(CC),$(fuzz-cc))

user-cflags := -std=gnu11 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
user-cflags += -Icompat -Irmap -Imemx-core -Ibackend -Ifrontend -Ixenstore -Itools -Itools/lib -Imemx-core/uapi -Irmap/uapi -Itests/unit -Ipackaging -MMD -MP
sanitize := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# One flavour of user-space objects: $(1) name, $(2) compiler, $(3) flags.
# engines.a hands a program only the engine files that it needs, and none
# that it has included itself.
define flavour
$(O)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$(2) $(user-cflags) $(3) -c -o $$@ $$<

$(O)/$(1)/engines.a: $(pure:%.c=$(O)/$(1)/%.o)
	@rm -f $$@
	ar crs $$@ $$^
endef

$(eval $(call flavour,asan,$(CC),-O1 $(sanitize)))
$(eval $(call flavour,fast,$(CC),-O2))
$(eval $(call flavour,cover,$(CC),-O2 -DMX_COVERAGE))
$(eval $(call flavour,fuzz,$(fuzz-cc),-O1 $(sanitize) $(if $(fuzz-libfuzzer),-fsanitize=fuzzer-no-link -fsanitize-coverage-ignorelist=tests/fuzz/uncovered.txt)))
$(eval $(call flavour,free,$(CC),-O2 -ffreestanding -fno-pic -fno-stack-protector -fcf-protection=none -DNDEBUG))

-include $(shell find $(O)/asan $(O)/fast $(O)/cover $(O)/fuzz $(O)/guest $(O)/free -name '*.d' 2>/dev/null)
.SECONDARY:
.PHONY: unit sim sim-cluster fuzz wire pure-objects xl-shim xl-shim-tests

# tools

tools: $(tool-programs)		## memxctl, memx-xs and memx-dom0

tool-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
tool-cflags += -Imemx-core/uapi -Irmap/uapi -Imemx-core -Irmap -Ixenstore -Itools -Itools/lib -Icompat
tool-headers := $(wildcard tools/*.h tools/lib/*.h xenstore/*.h memx-core/uapi/*.h rmap/uapi/*.h)
tool-lib := $(wildcard tools/lib/*.c)
tool-libs := json-c smartcols

$(O)/tools/memxctl: $(wildcard tools/*.c) $(tool-lib) $(tool-headers)
	@mkdir -p $(@D)
	$(CC) $(tool-cflags) $(CFLAGS) $$(pkg-config --cflags libmnl $(tool-libs)) -o $@ $(filter %.c,$^) $(LDFLAGS) \
		$$(pkg-config --libs libmnl $(tool-libs))

$(O)/tools/memx-xs: $(wildcard xenstore/*.c) $(tool-lib) memx-core/engine/mx_maptext.c $(tool-headers)
	@mkdir -p $(@D)
	$(CC) $(tool-cflags) $(CFLAGS) $$(pkg-config --cflags xenstore $(tool-libs)) -o $@ $(filter %.c,$^) $(LDFLAGS) \
		$$(pkg-config --libs xenstore $(tool-libs))

$(O)/tools/memx-dom0: $(wildcard tools/dom0/*.c) $(tool-lib) $(tool-headers) $(wildcard tools/dom0/*.h)
	@mkdir -p $(@D)
	$(CC) $(tool-cflags) $(CFLAGS) $$(pkg-config --cflags xenstore $(tool-libs)) -o $@ $(filter %.c,$^) $(LDFLAGS) \
		$$(pkg-config --libs xenstore $(tool-libs))

# vdev=memx for a stock xl, for the version of Xen whose headers are here

xl-shim := $(O)/xl-shim/memx-xl-shim.so
xl-shim: $(xl-shim)		## the shim with which a stock xl takes vdev=memx, see packaging/README.md
xen-abi = $(or $(shell pkg-config --modversion xlutil 2>/dev/null),$(error no headers of Xen's libraries: libxen-dev))
shim-make = $(CC) -std=gnu11 -O2 -g -Wall -Wextra -fPIC -shared -Ipackaging $(CFLAGS)

$(xl-shim): packaging/xl-shim/shim.c packaging/memx-alias.h
	@mkdir -p $(@D)
	$(shim-make) -DXEN_ABI='"VERS_$(xen-abi)"' -o $@ $<

# for its tests: one for a Xen that there is not, a program that has disks parsed,
# and a stand-in for what needs a running Xen
xl-shim-tests: $(xl-shim) $(O)/xl-shim/other/memx-xl-shim.so $(O)/xl-shim/xl_parse $(O)/xl-shim/xl_find.so
$(O)/xl-shim/other/memx-xl-shim.so: packaging/xl-shim/shim.c packaging/memx-alias.h
	@mkdir -p $(@D)
	$(shim-make) -DXEN_ABI='"VERS_1.2.0"' -o $@ $<
$(O)/xl-shim/xl_parse: tests/shell/xl_parse.c
	@mkdir -p $(@D)
	$(CC) $(user-cflags) -o $@ $< -lxlutil -lxenlight
$(O)/xl-shim/xl_find.so: tests/shell/xl_find.c
	@mkdir -p $(@D)
	$(shim-make) -o $@ $<

# what compat/mx_crypto_user.h stands on
crypto-libs := -lsodium

# unit tests: cmocka under ASan and UBSan; mxtest.c may fail any allocation

wrap := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
unit: $(unit-names:%=$(O)/unit/%)
$(O)/unit/%: $(O)/asan/tests/unit/%.o $(O)/asan/tests/unit/mxtest.o $(O)/asan/engines.a
	@mkdir -p $(@D)
	$(CC) $(sanitize) $(wrap) -o $@ $^ $(unit-libs) -lcmocka $(crypto-libs)
$(O)/unit/unit_volopt: unit-libs := -lmnl
$(O)/unit/unit_out: unit-libs := -ljson-c -lsmartcols
$(O)/unit/unit_monitor: unit-libs := -lmnl -ljson-c -lsmartcols
$(O)/unit/unit_pm: unit-libs := -ljson-c -lsmartcols
$(O)/unit/unit_d0_config $(O)/unit/unit_d0_serve: unit-libs := -ljson-c

# the simulator, fast for many seeds and with sanitizers for some; make sim
# SEEDS=N also runs so many

sim-objs := $(patsubst %.c,%.o,$(wildcard tests/sim/kit/*.c tests/sim/rmap/*.c))
sim: $(O)/sim/sim $(O)/sim/sim-asan
	$(if $(SEEDS),$(O)/sim/sim --seeds $(SEEDS))
$(O)/sim/sim: $(sim-objs:%=$(O)/fast/%) $(O)/fast/engines.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(crypto-libs)
$(O)/sim/sim-asan: $(sim-objs:%=$(O)/asan/%) $(O)/asan/engines.a
	@mkdir -p $(@D)
	$(CC) $(sanitize) -o $@ $^ $(crypto-libs)

# the cluster's engines, likewise; the fast one counts arrows (--coverage)

cluster-objs := $(patsubst %.c,%.o,$(wildcard tests/sim/kit/*.c tests/sim/cluster/*.c))
sim-cluster: $(O)/sim/sim-cluster $(O)/sim/sim-cluster-asan
	$(if $(SEEDS),$(O)/sim/sim-cluster --seeds $(SEEDS))
$(O)/sim/sim-cluster: $(cluster-objs:%=$(O)/cover/%) $(O)/cover/engines.a
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(crypto-libs)
$(O)/sim/sim-cluster-asan: $(cluster-objs:%=$(O)/asan/%) $(O)/asan/engines.a
	@mkdir -p $(@D)
	$(CC) $(sanitize) -o $@ $^ $(crypto-libs)

# fuzz targets: libFuzzer where clang is, else a small driver of our own

fuzz: $(fuzz-names:%=$(O)/fuzz/bin/%)
$(O)/fuzz/bin/%: $(O)/fuzz/tests/fuzz/%.o $(if $(fuzz-libfuzzer),,$(O)/fuzz/tests/build/fuzz_main.o) $(O)/fuzz/engines.a
	@mkdir -p $(@D)
	$(fuzz-cc) $(sanitize) $(if $(fuzz-libfuzzer),-fsanitize=fuzzer) -o $@ $^ $(fuzz-libs) $(crypto-libs)
$(O)/fuzz/bin/fuzz_memxctl: fuzz-libs := -lmnl -ljson-c -lsmartcols
$(O)/fuzz/bin/fuzz_rmp_auth: fuzz-libs := -Wl,--wrap=crypto_scalarmult_curve25519,--wrap=crypto_scalarmult_curve25519_base
$(O)/fuzz/bin/fuzz_size: fuzz-libs := -ljson-c -lsmartcols

# the backend as it is, on stand-ins for the kernel and Xen, which are one header;
# all others that it asks for are empty files

guest-rig := $(wildcard tests/fuzz/xen/*.[ch])
guest-files := $(filter %.c,$(guest-rig)) tests/fuzz/fuzz_mxbk_guest.c
guest-files += $(filter-out backend/mxbk_main.c backend/mxbk_claim.c backend/mxbk_park.c,$(wildcard backend/*.c))
guest-objs := $(guest-files:%.c=$(O)/guest/%.o)
# 64-bit numbers are long long in the kernel only.
guest-flags := -O1 $(sanitize) -Wno-format -ftrivial-auto-var-init=pattern -I$(O)/guest/include -include tests/fuzz/xen/kernel.h
$(eval $(call flavour,guest,$(fuzz-cc),$(guest-flags) $(if $(fuzz-libfuzzer),-fsanitize=fuzzer-no-link)))
$(guest-objs): $(O)/guest/include/.made
$(O)/guest/include/.made: $(wildcard backend/*.[ch]) frontend/mxbf.h frontend/mxbf_io.c frontend/mxbf_give.c memx-core/core/mx_core.h rmap/rmp.h
	@mkdir -p $(@D)
	@sed -n 's/^#include <\(.*\)>$$/\1/p' $^ | sort -u | while read -r h; do \
		mkdir -p $(@D)/$$(dirname $$h) && : >$(@D)/$$h || exit 1; done
	@touch $@
$(O)/fuzz/bin/fuzz_mxbk_guest: $(guest-objs) $(if $(fuzz-libfuzzer),,$(O)/fuzz/tests/build/fuzz_main.o) $(O)/fuzz/engines.a
	@mkdir -p $(@D)
	$(fuzz-cc) $(sanitize) $(if $(fuzz-libfuzzer),-fsanitize=fuzzer) -o $@ $^

# the frontend's way of bios, likewise, with a backend that lies

$(O)/fuzz/tests/fuzz/fuzz_mxbf_backend.o: tests/fuzz/fuzz_mxbf_backend.c tests/fuzz/front/kernel.h $(wildcard frontend/*.[ch]) $(O)/guest/include/.made
	@mkdir -p $(@D)
	$(fuzz-cc) $(user-cflags) -O1 $(sanitize) $(if $(fuzz-libfuzzer),-fsanitize=fuzzer-no-link) -I$(O)/guest/include -c -o $@ $<

# what goes over the wire: a table of it, and frames for the dissector

wire-frames := $(patsubst %.c,%.o,$(wildcard tests/wire/frames*.c))
wire: $(O)/wire/table $(O)/wire/frames
$(O)/wire/table: $(O)/asan/tests/wire/table.o $(O)/asan/engines.a
	@mkdir -p $(@D)
	$(CC) $(sanitize) -o $@ $^
$(O)/wire/frames: $(wire-frames:%=$(O)/asan/%) $(O)/asan/engines.a
	@mkdir -p $(@D)
	$(CC) $(sanitize) -o $@ $^

# the engines with nothing around them, for the symbol check

pure-objects: $(pure:%.c=$(O)/free/%.o)
	@echo $^
