# minimal, being replaced
PKGS = gsl pangocairo pangoft2 fontconfig libpng zlib
VARIANT ?= release
BUILD ?= build/$(VARIANT)
ROOMS ?= base table estimate read model figure report
CC ?= cc
OPT_release = -O2 -g
OPT_debug = -O0 -g3
OPT_asan = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
WARN = -std=c11 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wconversion -Wno-sign-conversion
ALLFLAGS = $(WARN) $(OPT_$(VARIANT)) -D_GNU_SOURCE -fvisibility=hidden -fPIC -pthread -Iinclude -Ilib $(shell pkg-config --cflags $(PKGS))
LIBS = $(shell pkg-config --libs $(PKGS)) -lcsv -lm -pthread
SRC = $(foreach r,$(ROOMS),$(wildcard lib/$(r)/*.c lib/$(r)/*/*.c))
OBJ = $(SRC:%.c=$(BUILD)/%.o)
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -MMD -MP -c $< -o $@
$(BUILD)/lib/libtraffstat.a: $(OBJ)
	@mkdir -p $(@D)
	rm -f $@; ar rcs $@ $^
lib: $(BUILD)/lib/libtraffstat.a
$(BUILD)/tests/%: tests/%.c $(wildcard tests/support/*.c tests/support/*.h) $(BUILD)/lib/libtraffstat.a
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) -Itests -o $@ $< $(wildcard tests/support/*.c) $(BUILD)/lib/libtraffstat.a $(LIBS) -lcmocka -ljansson
$(BUILD)/bin/traffstat: $(wildcard examples/command/*.c examples/command/*.h) $(BUILD)/lib/libtraffstat.a
	@mkdir -p $(@D)
	$(CC) $(WARN) $(OPT_$(VARIANT)) -D_GNU_SOURCE -Iinclude -o $@ $(wildcard examples/command/*.c) $(BUILD)/lib/libtraffstat.a $(LIBS)
command: $(BUILD)/bin/traffstat
-include $(OBJ:.o=.d)
.PHONY: lib command
