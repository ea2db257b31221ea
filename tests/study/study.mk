# Simulation studies: `make study` writes docs/study-*.md. Minutes, so no part of `make check`.
STUDY = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/study/study_*.c))

$(STUDY): $(BUILD)/tests/study/%: $(BUILD)/tests/study/%.o $(ARCHIVE)
	@echo '  LD $@'
	$(Q)$(CC) $(OUR_LDFLAGS) $(CFLAGS) $(LDFLAGS) $< $(ARCHIVE) $(LIBS) -o $@

docs/study-rates.md: $(BUILD)/tests/study/study_rates
	$< > $@.new
	mv $@.new $@

study: $(STUDY)
	$(MAKE) -B docs/study-rates.md

.PHONY: study
