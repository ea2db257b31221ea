# libtraffstat: the only build entry.
#
#   make            the command and the libraries, under build/release
#   make demo       installs what is missing, builds, draws the Missoula figure
#   make check      installs what the tests need, runs all of them
#   make help       the other targets
#
# CC, CXX, CFLAGS, CPPFLAGS, LDFLAGS and PREFIX are the user's; what the library itself needs is
# kept apart in OUR_*. BUILD is the folder, VARIANT chooses the flags (release debug asan tsan cov fuzz).

VARIANT ?= release
BUILD ?= build/$(VARIANT)
ROOMS ?= base table estimate read model figure report

PREFIX ?= /usr/local
prefix ?= $(PREFIX)
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
libdir ?= $(exec_prefix)/lib
includedir ?= $(prefix)/include
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
pkgconfigdir ?= $(libdir)/pkgconfig
pkgdatadir = $(datadir)/libtraffstat

CC ?= cc
CXX ?= c++
AR ?= ar
INSTALL ?= install
PKG_CONFIG ?= pkg-config
# Debian's own, which sees Debian's cffi and pycparser, whatever python3 comes first in PATH.
PYTHON ?= /usr/bin/python3
WERROR ?= -Werror
CSV_LIBS ?= -lcsv
# V=1 shows whole commands.
Q = $(if $(V),,@)

# Asks the shell at the first use only.
once = $(eval $(1) := $$(shell $(2)))$($(1))
VERSION = $(call once,VERSION,\
	sed -n 's/^.define TRAFFSTAT_VERSION "\(.*\)"/\1/p' include/traffstat/base.h)
SOVERSION = $(firstword $(subst ., ,$(VERSION)))
NODE = TRAFFSTAT_$(SOVERSION).$(word 2,$(subst ., ,$(VERSION)))

# ---- flags ------------------------------------------------------------------------------------

PKGS = gsl pangocairo pangoft2 fontconfig libpng zlib
PKG_CFLAGS = $(or $(call once,PKG_CFLAGS,$(PKG_CONFIG) --cflags $(PKGS)),$(missing))
PKG_LIBS = $(or $(call once,PKG_LIBS,$(PKG_CONFIG) --libs $(PKGS)),$(missing))
missing = $(error Something that the build needs is not installed: run `make deps`)

OPT_release = -O2 -g
OPT_debug = -O0 -g3
OPT_asan = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_tsan = -O1 -g -fsanitize=thread -fno-omit-frame-pointer
OPT_cov = -O0 -g --coverage
OPT_fuzz = $(subst address,fuzzer-no-link$(comma)address,$(OPT_asan))
WARN = -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Wconversion -Wno-sign-conversion
# Contraction is off so that results do not depend on whether the machine has fused arithmetic.
OUR_CFLAGS = -std=c11 $(WARN) $(OPT_$(VARIANT)) -ffp-contract=off -pthread
OUR_CPPFLAGS = -D_GNU_SOURCE -Iinclude
LIB_CFLAGS = $(OUR_CFLAGS) -fPIC -fvisibility=hidden
LIB_CPPFLAGS = $(OUR_CPPFLAGS) -Ilib $(PKG_CFLAGS)
OUR_LDFLAGS = $(filter -fsanitize=% --coverage,$(OPT_$(VARIANT))) -pthread -Wl,--as-needed
LIBS = $(PKG_LIBS) $(CSV_LIBS) -lm
DEPFLAGS = -MMD -MP
compile = $(CC) $(DEPFLAGS) $(1) $(CPPFLAGS) $(2) $(CFLAGS)

# ---- what there is ----------------------------------------------------------------------------

SRC = $(foreach r,$(ROOMS),$(wildcard lib/$(r)/*.c lib/$(r)/*/*.c))
OBJ = $(SRC:%.c=$(BUILD)/%.o)
COMMAND_SRC = $(wildcard examples/command/*.c)
COMMAND_OBJ = $(COMMAND_SRC:%.c=$(BUILD)/%.o)
EXAMPLE_SRC = $(wildcard examples/*.c)
EXAMPLES = $(EXAMPLE_SRC:%.c=$(BUILD)/%)
SUPPORT_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
CMOCKA_SRC = $(wildcard tests/unit/test_*.c tests/reference/test_*.c tests/property/test_*.c \
	tests/golden/test_*.c tests/bindings/test_*.c)
CMOCKA = $(CMOCKA_SRC:%.c=$(BUILD)/%)
BENCH = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
STUDY = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/study/study_*.c))
CALIBRATION_OBJ = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/study/calibration*.c))
HEADERS = $(wildcard include/traffstat/*.h)
MAN1 = $(wildcard docs/man/*.1)
MAN3 = $(wildcard docs/man/*.3)
DATA = $(wildcard data/*.csv data/*.md)

ARCHIVE = $(BUILD)/lib/libtraffstat.a
SONAME = libtraffstat.so.$(SOVERSION)
SHARED = $(BUILD)/lib/libtraffstat.so

all: lib shared command uninstalled

help:
	@echo 'all        the command and the libraries, under $(BUILD) (the default)'
	@echo 'demo       installs what building needs and is missing; draws $(DEMO)'
	@echo 'check      installs what testing needs and is missing; runs every test'
	@echo 'deps       installs the Debian packages that building and testing need'
	@echo 'install    under PREFIX ($(PREFIX)), below DESTDIR; uninstall takes the same files away'
	@echo 'bench      times charts beside a raw pangocairo program, reading beside bare libcsv'
	@echo 'study      coverage and error of methods on simulated populations (docs/study-*.md)'
	@echo 'fuzz       libFuzzer on the reader for FUZZ_SECONDS ($(FUZZ_SECONDS)), with clang'
	@echo 'lint       clang-format, clang-tidy, cppcheck, lengths of functions'
	@echo 'abicheck   the library against docs/abi/$(SOVERSION).xml, public headers only'
	@echo 'docs       manual pages as text, and a check of them, under build/docs'
	@echo 'dist       build/libtraffstat-$(VERSION).tar.gz of what is committed'
	@echo 'clean      takes $(BUILD) away; distclean takes build away'
	@echo 'compile_commands   build/compile_commands.json'
	@echo 'VARIANT=release|debug|asan|tsan|cov chooses flags, and the folder build/VARIANT'

# ---- compile ----------------------------------------------------------------------------------

$(BUILD)/lib/%.o: lib/%.c Makefile
	@mkdir -p $(@D)
	@echo '  CC $<'
	$(Q)$(call compile,$(LIB_CPPFLAGS),$(LIB_CFLAGS)) -c $< -o $@

# The command and the examples see the public headers alone.
$(BUILD)/examples/%.o: examples/%.c Makefile
	@mkdir -p $(@D)
	@echo '  CC $<'
	$(Q)$(call compile,$(OUR_CPPFLAGS),$(OUR_CFLAGS)) -c $< -o $@

$(BUILD)/examples/command/prior.o: OUR_CPPFLAGS += -DTRAFFSTAT_DATADIR='"$(pkgdatadir)"'

# Tests may look inside.
$(BUILD)/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	@echo '  CC $<'
	$(Q)$(call compile,$(LIB_CPPFLAGS) -Itests,$(LIB_CFLAGS)) -c $< -o $@

# ---- link -------------------------------------------------------------------------------------

# What the libraries are made of; newer only when that changed, as when a source was deleted.
$(BUILD)/objects: FORCE
	@mkdir -p $(@D)
	@echo '$(OBJ)' | cmp -s - $@ || echo '$(OBJ)' > $@
FORCE:

$(ARCHIVE): $(OBJ) $(BUILD)/objects
	@mkdir -p $(@D)
	@rm -f $@
	@echo '  AR $@'
	$(Q)$(AR) rcs $@ $(OBJ)

$(BUILD)/traffstat.map: lib/traffstat.sym
	@mkdir -p $(@D)
	@{ echo '$(NODE) {'; echo 'global:'; sed -n 's/^\([a-z][a-z0-9_]*\).*/    \1;/p' $<; \
	   echo 'local: *;'; echo '};'; } > $@

$(SHARED).$(VERSION): $(OBJ) $(BUILD)/objects $(BUILD)/traffstat.map
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$(BUILD)/traffstat.map \
		$(if $(filter -fsanitize=%,$(OPT_$(VARIANT))),,-Wl$(comma)-z$(comma)defs) \
		$(OUR_LDFLAGS) $(CFLAGS) $(LDFLAGS) $(OBJ) $(LIBS) -o $@
comma := ,

$(BUILD)/lib/$(SONAME): $(SHARED).$(VERSION)
	@ln -sf $(<F) $@
$(SHARED): $(BUILD)/lib/$(SONAME)
	@ln -sf $(<F) $@

# The archive inside the command saves its start the loading and relocating of one more library.
$(BUILD)/bin/traffstat: $(COMMAND_OBJ) $(ARCHIVE)
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(OUR_LDFLAGS) $(CFLAGS) $(LDFLAGS) $(COMMAND_OBJ) $(ARCHIVE) $(LIBS) -o $@

# Examples link as programs of other people do.
$(EXAMPLES): $(BUILD)/examples/%: $(BUILD)/examples/%.o $(SHARED)
	@echo '  LD $@'
	$(Q)$(CC) $(OUR_LDFLAGS) $(CFLAGS) $(LDFLAGS) $< -L$(BUILD)/lib -ltraffstat \
		-Wl,-rpath,$(abspath $(BUILD)/lib) -lm -o $@

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(SUPPORT_OBJ) $(ARCHIVE)
	@mkdir -p $(@D)
	@echo '  LD $@'
	$(Q)$(CC) $(OUR_LDFLAGS) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(ARCHIVE) $(LIBS) \
		-lcmocka -ljansson -o $@

# The oracle of existence is a linear program; GLPK has no .pc file.
$(BUILD)/tests/unit/test_overlap_exist: LIBS += -lglpk

$(BENCH) $(STUDY): $(BUILD)/tests/%: $(BUILD)/tests/%.o $(ARCHIVE)
	@echo '  LD $@'
	$(Q)$(CC) $(OUR_LDFLAGS) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(ARCHIVE) $(LIBS) -o $@

# The study of the models of reporting, and the small run of it among the tests.
$(BUILD)/tests/study/study_reporting $(BUILD)/tests/property/test_calibration: $(CALIBRATION_OBJ)

lib: $(ARCHIVE)
shared: $(SHARED)
command: $(BUILD)/bin/traffstat
examples: $(EXAMPLES)
tests: $(CMOCKA)

FUZZERS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(FUZZERS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(ARCHIVE)
	@echo '  LD $@'
	$(Q)$(CC) $(OUR_LDFLAGS) -fsanitize=fuzzer $(CFLAGS) $(LDFLAGS) $< $(ARCHIVE) $(LIBS) -o $@

.SECONDARY:
.DELETE_ON_ERROR:
-include $(OBJ:.o=.d) $(COMMAND_OBJ:.o=.d) $(EXAMPLES:=.d) $(CMOCKA:=.d) $(SUPPORT_OBJ:.o=.d) \
	$(BENCH:=.d) $(STUDY:=.d) $(CALIBRATION_OBJ:.o=.d) $(BUILD)/tests/abi/bites.d \
	$(BUILD)/tests/golden/compare.d

# ---- pkg-config -------------------------------------------------------------------------------

pc = sed -e 's|@prefix@|$(prefix)|' -e 's|@exec_prefix@|$(exec_prefix)|' \
	-e 's|@libdir@|$(libdir)|' -e 's|@includedir@|$(includedir)|' \
	-e 's|@version@|$(VERSION)|' -e 's|@csv_libs@|$(CSV_LIBS)|' \
	-e 's|@source@|$(CURDIR)|' -e 's|@build@|$(abspath $(BUILD))|'

$(BUILD)/pkgconfig/traffstat-uninstalled.pc: pkgconfig/traffstat-uninstalled.pc.in \
		include/traffstat/base.h
	@mkdir -p $(@D)
	@$(pc) $< > $@

uninstalled: $(BUILD)/pkgconfig/traffstat-uninstalled.pc

# ---- install ----------------------------------------------------------------------------------

to = $(DESTDIR)$(1)
INSTALLED = $(bindir)/traffstat $(includedir)/traffstat.h \
	$(HEADERS:include/%=$(includedir)/%) \
	$(libdir)/libtraffstat.a $(libdir)/libtraffstat.so $(libdir)/$(SONAME) \
	$(libdir)/libtraffstat.so.$(VERSION) $(pkgconfigdir)/traffstat.pc \
	$(MAN1:docs/man/%=$(mandir)/man1/%) $(MAN3:docs/man/%=$(mandir)/man3/%) \
	$(DATA:data/%=$(pkgdatadir)/%)

install: all
	$(INSTALL) -d $(call to,$(bindir)) $(call to,$(includedir)/traffstat) $(call to,$(libdir)) \
		$(call to,$(pkgconfigdir)) $(call to,$(pkgdatadir)) $(call to,$(mandir)/man1) \
		$(call to,$(mandir)/man3)
	$(INSTALL) -m 755 $(BUILD)/bin/traffstat $(call to,$(bindir))
	$(INSTALL) -m 644 include/traffstat.h $(call to,$(includedir))
	$(INSTALL) -m 644 $(HEADERS) $(call to,$(includedir)/traffstat)
	$(INSTALL) -m 644 $(ARCHIVE) $(call to,$(libdir))
	$(INSTALL) -m 755 $(SHARED).$(VERSION) $(call to,$(libdir))
	ln -sf libtraffstat.so.$(VERSION) $(call to,$(libdir)/$(SONAME))
	ln -sf $(SONAME) $(call to,$(libdir)/libtraffstat.so)
	$(pc) pkgconfig/traffstat.pc.in > $(call to,$(pkgconfigdir)/traffstat.pc)
	chmod 644 $(call to,$(pkgconfigdir)/traffstat.pc)
	$(if $(MAN1),$(INSTALL) -m 644 $(MAN1) $(call to,$(mandir)/man1))
	$(if $(MAN3),$(INSTALL) -m 644 $(MAN3) $(call to,$(mandir)/man3))
	$(if $(DATA),$(INSTALL) -m 644 $(DATA) $(call to,$(pkgdatadir)))

# Folders go only where they are ours and empty.
uninstall:
	rm -f $(foreach f,$(INSTALLED),$(call to,$(f)))
	-rmdir $(call to,$(includedir)/traffstat) $(call to,$(pkgdatadir)) 2>/dev/null

# ---- what must be installed -------------------------------------------------------------------

DEPS_BUILD = gcc libc6-dev pkg-config libgsl-dev libcsv-dev libcairo2-dev libpango1.0-dev \
	libfontconfig-dev libpng-dev zlib1g-dev librandom123-dev fonts-noto-core
DEPS_TEST = g++ python3 python3-cffi python3-pycparser libcmocka-dev libjansson-dev locales \
	librsvg2-bin poppler-utils qpdf abigail-tools clang clang-tidy clang-format cppcheck \
	binutils groff-base libglpk-dev

deps:
	@$(call ensure,$(DEPS_BUILD) $(DEPS_TEST))
deps-build:
	@$(call ensure,$(DEPS_BUILD))

# Silent when nothing is missing.
define ensure
set -eu; \
if ! command -v dpkg-query >/dev/null; then \
    echo 'This is not Debian: see that these are installed: $(1)' >&2; exit 0; \
fi; \
missing=; \
for package in $(1); do \
    case "$$(dpkg-query -W -f='$${db:Status-Status}' $$package 2>/dev/null || true)" in \
    installed) ;; *) missing="$$missing $$package" ;; \
    esac; \
done; \
if [ -z "$$missing" ]; then exit 0; fi; \
echo "Installing Debian packages:$$missing"; \
as_root=; \
if [ "$$(id -u)" -ne 0 ]; then \
    if ! command -v sudo >/dev/null; then \
        echo "Run this as root, then again: apt-get install --no-install-recommends$$missing" >&2; \
        exit 1; \
    fi; \
    as_root=sudo; \
fi; \
apt="$$as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y"; \
apt="$$apt -o DPkg::Lock::Timeout=300"; \
$$apt update </dev/null || echo 'Going on with the package lists at hand'; \
$$apt install --no-install-recommends $$missing </dev/null
endef

# ---- demo -------------------------------------------------------------------------------------

DEMO = build/missoula.png

# Made in steps of their own, because what pkg-config says may change with the first.
demo:
	@$(MAKE) --no-print-directory deps-build
	@$(MAKE) --no-print-directory $(parallel) command
	@$(BUILD)/bin/traffstat chart data/missoula.csv --evidence uk-2013 -o $(DEMO)
	@echo '$(DEMO)'

parallel = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(call once,CORES,nproc 2>/dev/null || echo 2))

# ---- check ------------------------------------------------------------------------------------

ASAN = build/asan
LOCALES = build/locale
JOBS_FILE = build/check/jobs
SCRIPTS = $(wildcard tests/abi/check_*.py tests/bindings/check_*.py tests/install/check_*.py \
	tests/golden/check_*.py tests/lint/check_*.py)
# traffstat.py is what the others import.
PY_EXAMPLES = $(filter-out examples/traffstat.py,$(wildcard examples/*.py))
CLI = $(wildcard tests/cli/test_cli.*)

check:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory BUILD=build/release VARIANT=release check-all

# What does not build is a failed check, not the end of all checks: hence -k and `|| :`. The runner
# finds the program missing (an old one is taken away first) and says so.
check-all:
	@rm -f $(CMOCKA) $(CMOCKA:$(BUILD)/%=$(ASAN)/%) $(EXAMPLES) $(BUILD)/bin/traffstat \
		$(ASAN)/bin/traffstat $(BUILD)/lib/libtraffstat.*
	@$(MAKE) --no-print-directory -k $(parallel) all examples tests compare \
		$(LOCALES)/de_DE.UTF-8 $(LOCALES)/ps_AF.UTF-8 || :
	@$(MAKE) --no-print-directory -k $(parallel) BUILD=$(ASAN) VARIANT=asan command tests bites || :
	@$(MAKE) --no-print-directory -s jobs
	@$(environment) $(PYTHON) tests/run $(JOBS_FILE)

environment = CC='$(CC)' CXX='$(CXX)' PKG_CONFIG='$(PKG_CONFIG)' MAKE='$(MAKE)' BUILD='$(BUILD)' \
	ASAN='$(ASAN)' ARCHIVE='$(ARCHIVE)' SHARED='$(SHARED)' NODE='$(NODE)' VERSION='$(VERSION)' \
	SONAME='$(SONAME)' LOCPATH='$(abspath $(LOCALES))'

# One line a job: how its result is told (tap, sum, status), its name, its command.
tab := $(shell printf '\t')
define newline


endef
job = $(1)$(tab)$(strip $(2))$(tab)$(strip $(3))$(newline)
define JOBS
$(foreach s,$(SCRIPTS),$(call job,tap,$(s:tests/%.py=%),$(PYTHON) $(s)))\
$(foreach t,$(CMOCKA_SRC:tests/%.c=%),$(call job,tap,$(t),$(BUILD)/tests/$(t)))\
$(foreach t,$(CMOCKA_SRC:tests/%.c=%),$(call job,tap,$(t) [asan],$(ASAN)/tests/$(t)))\
$(call job,tap,sanitizers bite,$(PYTHON) tests/abi/sanitizers_bite.py $(ASAN)/tests/abi/bites)\
$(foreach t,$(CMOCKA_SRC:tests/%.c=%),$(call job,tap,$(t) [de_DE],\
  env LC_ALL=de_DE.UTF-8 TRAFFSTAT_TEST_LOCALE=1 $(BUILD)/tests/$(t)))\
$(call job,status,manual pages,$(MAKE) -s docs)\
$(foreach e,$(EXAMPLE_SRC:%.c=%),$(call job,status,$(e),$(BUILD)/$(e)))\
$(foreach e,$(PY_EXAMPLES),$(call job,status,$(e),\
  env TRAFFSTAT_LIBRARY=$(abspath $(SHARED)) $(PYTHON) $(e)))\
$(foreach c,$(CLI),$(call job,sum,cli,$(c) $(abspath $(BUILD)/bin/traffstat)))\
$(foreach c,$(CLI),$(call job,sum,cli [asan],$(c) $(abspath $(ASAN)/bin/traffstat)))
endef
jobs:
	$(shell mkdir -p $(dir $(JOBS_FILE)))$(file >$(JOBS_FILE),$(JOBS))

# glibc's own sources of locales, compiled here: nothing of the machine is changed.
$(LOCALES)/%.UTF-8:
	@mkdir -p $(@D)
	localedef -i $* -f UTF-8 $(abspath $@)

bites: $(BUILD)/tests/abi/bites
compare: $(BUILD)/tests/golden/compare

lint:
	@$(MAKE) --no-print-directory deps
	@$(environment) $(PYTHON) tests/lint/check_lint.py

# ---- bench ------------------------------------------------------------------------------------

bench: $(BUILD)/bin/traffstat $(BENCH)
	@$(PYTHON) tests/bench/run.py $(BUILD)

# Simulated populations, the better part of an hour: docs/study-rates.md and docs/study-reporting.md
# are written, the tables of docs/study-overlap.md are printed.
study: $(STUDY)
	$(BUILD)/tests/study/study_rates > docs/study-rates.md.new
	mv docs/study-rates.md.new docs/study-rates.md
	$(BUILD)/tests/study/study_reporting > docs/study-reporting.md.new
	mv docs/study-reporting.md.new docs/study-reporting.md
	$(BUILD)/tests/study/study_overlap

# ---- fuzz -------------------------------------------------------------------------------------

# libFuzzer, with clang. Small blocks, so that short inputs have many. The corpus is kept under
# build/fuzz, and so is what stops a fuzzer (crash-..., timeout-...): the next run begins with it.
FUZZ = build/fuzz
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
FUZZ_FLAGS = -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=8192 -artifact_prefix=$(FUZZ)/corpus/

fuzz:
	@$(MAKE) --no-print-directory $(parallel) VARIANT=fuzz BUILD=$(FUZZ) CC='$(FUZZ_CC)' \
		CPPFLAGS='$(CPPFLAGS) -DTRAFFSTAT_I_BLOCK=512' fuzzers
	@$(PYTHON) tests/fuzz/seeds.py $(FUZZ)/corpus
	$(FUZZ)/tests/fuzz/fuzz_read $(FUZZ_FLAGS) -dict=tests/fuzz/read.dict $(FUZZ)/corpus
	@mkdir -p $(FUZZ)/links
	@printf '0from,to\n01,02\nA,B MT\n05,03\n' > $(FUZZ)/links/seed
	$(FUZZ)/tests/fuzz/fuzz_links $(FUZZ_FLAGS) -dict=tests/fuzz/read.dict $(FUZZ)/links
fuzzers: $(FUZZERS)

# ---- ABI --------------------------------------------------------------------------------------

ABI_BASELINE = docs/abi/$(SOVERSION).xml

# From 1.0 on a difference that is not an addition fails; 0.x promises nothing and only tells.
abicheck: $(SHARED)
	@mkdir -p build/abi
	abidw --headers-dir include --no-corpus-path --no-comp-dir-path --no-show-locs \
		--out-file build/abi/$(SOVERSION).xml $(SHARED).$(VERSION)
	@if [ ! -f $(ABI_BASELINE) ]; then \
	    echo 'no $(ABI_BASELINE): nothing was promised yet; build/abi/$(SOVERSION).xml could be it'; \
	elif abidiff --no-added-syms $(ABI_BASELINE) build/abi/$(SOVERSION).xml; then \
	    echo 'the ABI is that of $(ABI_BASELINE)'; \
	else \
	    [ '$(SOVERSION)' = 0 ]; \
	fi

# ---- the rest ---------------------------------------------------------------------------------

compile_commands: build/compile_commands.json
build/compile_commands.json: Makefile $(SRC) $(COMMAND_SRC) $(EXAMPLE_SRC) $(CMOCKA_SRC)
	@mkdir -p $(@D)
	@{ echo '['; \
	   for f in $(SRC); do $(call entry,$(LIB_CPPFLAGS) $(LIB_CFLAGS)); done; \
	   for f in $(COMMAND_SRC) $(EXAMPLE_SRC); do \
	       $(call entry,$(OUR_CPPFLAGS) $(OUR_CFLAGS)); done; \
	   for f in $(CMOCKA_SRC) $(wildcard tests/support/*.c); do \
	       $(call entry,$(LIB_CPPFLAGS) -Itests $(LIB_CFLAGS)); done; \
	 } | sed '$$ s/,$$/]/' > $@
entry = printf '{"directory": "%s", "file": "%s", "command": "%s -c %s"},\n' \
	'$(CURDIR)' "$$f" '$(CC) $(strip $(1))' "$$f"

docs:
	@mkdir -p build/docs
	@set -e; for page in $(MAN1) $(MAN3); do \
	    warnings=$$(groff -man -Tutf8 -ww -z $$page 2>&1); \
	    if [ -n "$$warnings" ]; then echo "$$page: $$warnings" >&2; exit 1; fi; \
	    groff -man -Tutf8 -P-c $$page | sed 's/.\x08//g' > build/docs/$$(basename $$page).txt; \
	done
	@echo build/docs

DIST = libtraffstat-$(VERSION)
dist:
	@mkdir -p build
	git archive --format=tar --prefix=$(DIST)/ HEAD | gzip -n -9 > build/$(DIST).tar.gz
	@echo build/$(DIST).tar.gz

clean:
	rm -rf $(BUILD)
distclean:
	rm -rf build

.PHONY: FORCE all help lib shared command examples tests uninstalled install uninstall deps \
	deps-build demo check check-all jobs bites compare lint bench study fuzz fuzzers abicheck \
	compile_commands docs dist clean distclean
