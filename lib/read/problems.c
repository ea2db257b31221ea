#include <string.h>

#include "read/read.h"

#define LOST "record dropped"

typedef struct kind {
    const char *code;
    const char *expected;
    const char *done;
    int drops; /* records lost to one problem */
} kind;

static const kind kinds[TRAFFSTAT_I_KINDS] = {
    [TRAFFSTAT_I_BAD_INDICATOR] = {"bad_indicator",
                                   "0 or 1 in the column of a list (name the lists with --lists)",
                                   LOST, 1},
    [TRAFFSTAT_I_BAD_PERSONS] = {"unparsable_count", "a whole number of persons", LOST, 1},
    [TRAFFSTAT_I_NEGATIVE_PERSONS] = {"negative_count", "a count of 0 or more", LOST, 1},
    [TRAFFSTAT_I_ON_NO_LIST] = {"on_no_list",
                                "at least one list: those on none are what is estimated", LOST, 1},
    [TRAFFSTAT_I_BAD_CAPTURES] = {"bad_captures", "how often a person was caught, 1 or more", LOST,
                                  1},
    [TRAFFSTAT_I_MISSING_STRATUM] = {"missing_stratum", "the name of a stratum", LOST, 1},
    [TRAFFSTAT_I_BAD_YEAR] = {"bad_year", "a year from 1800 to 2199", LOST, 1},
    [TRAFFSTAT_I_NEGATIVE_COUNT] = {"negative_count", "a count of 0 or more", LOST, 1},
    [TRAFFSTAT_I_UNPARSABLE_COUNT] = {"unparsable_count",
                                      "a whole number, a range such as 1-9 or a bound such as <5",
                                      LOST, 1},
    [TRAFFSTAT_I_BAD_BOUNDS] = {"bad_bounds", "a lower end that is not above the upper one", LOST,
                                1},
    [TRAFFSTAT_I_MISSING_PLACE] = {"missing_place", "a jurisdiction or a key", LOST, 1},
    [TRAFFSTAT_I_RAGGED_LOST] = {"ragged_row", "as many fields as the header has", LOST, 1},
    [TRAFFSTAT_I_RAGGED_KEPT] = {"ragged_row", "as many fields as the header has",
                                 "fields that are not there taken as blank", 0},
    [TRAFFSTAT_I_QUOTE_OPEN] = {"unterminated_quote", "a closing quote before the record ends",
                                "record dropped, read on at the next line", 1},
    [TRAFFSTAT_I_QUOTE_LONG] = {"long_quote", "a quoted field of a few lines", "kept as one field",
                                0},
    [TRAFFSTAT_I_DUPLICATE_SUM] = {"duplicate_cell", "one record for a series and year",
                                   "added to the earlier one", 0},
    [TRAFFSTAT_I_DUPLICATE_FIRST] = {"duplicate_cell", "one record for a series and year",
                                     "dropped, the first one kept", 1},
    [TRAFFSTAT_I_DUPLICATE_LAST] = {"duplicate_cell", "one record for a series and year",
                                    "kept, the earlier one dropped", 1},
    [TRAFFSTAT_I_CONFLICTING_POPULATION] = {"conflicting_population",
                                            "the population that the cell already has",
                                            "the first one kept", 0},
    [TRAFFSTAT_I_BAD_POPULATION] = {"bad_population", "a number above 0", "left unknown", 0},
    [TRAFFSTAT_I_BAD_COVERAGE] = {"bad_coverage", "a share above 0 and up to 1, or a percentage",
                                  "left unknown", 0},
    [TRAFFSTAT_I_UNKNOWN_FLAG] = {"unknown_flag",
                                  "provisional, partial_year, break, partial, summed; without a "
                                  "count suppressed, not_applicable or unparsable",
                                  "what is unknown left out", 0},
    [TRAFFSTAT_I_UNKNOWN_SYMBOL] = {"unknown_flag",
                                    "A to E, p, r or 0s beside a count; .., ..., ., x or F "
                                    "without one",
                                    "left out", 0},
    [TRAFFSTAT_I_DECODED_AS_CP1252] = {"decoded_as_cp1252", "UTF-8",
                                       "what is not UTF-8 read as Windows-1252", 0},
    [TRAFFSTAT_I_LOST_CHARACTERS] = {"lost_characters", "the letters that U+FFFD stands for",
                                     "kept as U+FFFD", 0},
    [TRAFFSTAT_I_TOTAL_YEARS] = {"total_of_years", "one year", "left out: a sum of the years", 1},
    [TRAFFSTAT_I_POOLED_YEARS] = {"pooled_years", "one year, or a fiscal year of two", LOST, 1},
    [TRAFFSTAT_I_NEGATIVE_KEPT] = {"negative_count", "a count of 0 or more",
                                   "added as a correction", 0},
    [TRAFFSTAT_I_NEGATIVE_TIDY] = {"negative_count", "a count of 0 or more",
                                   "kept as the correction that it was read as", 0},
    [TRAFFSTAT_I_MISSING_CODE] = {"missing_code", "a count of 0 or more",
                                  "taken for a code of missing counts: not reported", 0},
    [TRAFFSTAT_I_IMPLAUSIBLE] = {"implausible_count", "a count that the source can have", LOST, 1},
    [TRAFFSTAT_I_OTHER_MEASURE] = {"other_measure", "the measure that is read",
                                   "left out; --measure all keeps it", 1},
    [TRAFFSTAT_I_FOOTNOTE_MARK] = {"footnote_mark", "a name without a mark", "mark taken off", 0},
    [TRAFFSTAT_I_FOOTER] = {"footer_line", "a record", "no record, counted apart", 0},
    [TRAFFSTAT_I_PREAMBLE] = {"preamble_line", "the header", "passed over, counted apart", 0},
    [TRAFFSTAT_I_NAMELESS] = {"nameless_column", "a name above a column of numbers",
                              "column left out", 0},
    [TRAFFSTAT_I_UNUSED] = {"unused_column", "a year in the name of a column of numbers",
                            "column left out", 0},
    [TRAFFSTAT_I_NO_COUNT] = {"no_count", "a count in one of the columns", LOST, 1},
    [TRAFFSTAT_I_TOTAL_DROPPED] = {"total_of_places", "places that are not totals of others",
                                   "left out; --totals keep keeps it", 0},
    [TRAFFSTAT_I_TOTAL_KEPT] = {"total_of_places", "places that are not totals of others", "kept",
                                0},
    [TRAFFSTAT_I_COMMON_DIVISOR] = {"common_divisor", "counts without a divisor in common",
                                    "kept as written: ask the source before using them", 0},
    [TRAFFSTAT_I_ROUNDED] = {"rounded_counts", "counts that end in any digit", "kept as written",
                             0},
    [TRAFFSTAT_I_FAR_BEYOND] = {"implausible_count",
                                "a count within a hundred times the next of its measure",
                                "kept as written, flagged doubtful", 0},
    [TRAFFSTAT_I_CLEARED_EXCEEDS] = {"cleared_exceeds_counted", "no more cleared than counted",
                                     "kept as written", 0},
    [TRAFFSTAT_I_NAME_VARIANTS] = {"name_variants", "one name for a key",
                                   "one place, under the name that came first", 0},
    [TRAFFSTAT_I_NAME_APART] = {"name_variants", "one spelling of a name", "kept apart", 0},
    [TRAFFSTAT_I_NAME_SHARED] = {"name_shared", "one key for a name", "kept apart", 0},
    [TRAFFSTAT_I_IDENTICAL_ROWS] = {"identical_rows", "records that differ",
                                    "kept: they can be data", 0},
    [TRAFFSTAT_I_IDENTICAL_ENDED] = {"identical_rows_unchecked", "fewer records of a cell",
                                     "what follows is not compared", 0},
    [TRAFFSTAT_I_MAGNITUDE_JUMP] = {"magnitude_jump", "counts of the size of the other file's",
                                    "kept as written, flagged doubtful", 0},
    [TRAFFSTAT_I_EXCEEDS_POPULATION] = {"count_exceeds_population", "no more cases than people",
                                        "kept as written, flagged doubtful", 0},
    [TRAFFSTAT_I_LINK_UNMATCHED] = {"link_unmatched", "the key or name of a place of the counts",
                                    "link left out", 1},
    [TRAFFSTAT_I_SELF_LINK] = {"self_link", "two different places", "link left out", 1},
    [TRAFFSTAT_I_ONE_WAY_LINK] = {"one_way_link", "the link back, as other pairs have it",
                                  "taken both ways", 0},
    [TRAFFSTAT_I_NO_NEIGHBOURS] = {"no_neighbours", "a link to another place of the counts",
                                   "left without neighbours", 0},
};

/* What was done about a form that is no mistake: strict readers go on. */
static bool is_note(traffstat_i_kind which)
{
    static const traffstat_i_kind notes[] = {
        TRAFFSTAT_I_TOTAL_YEARS,     TRAFFSTAT_I_UNUSED,        TRAFFSTAT_I_OTHER_MEASURE,
        TRAFFSTAT_I_FOOTNOTE_MARK,   TRAFFSTAT_I_FOOTER,        TRAFFSTAT_I_PREAMBLE,
        TRAFFSTAT_I_TOTAL_DROPPED,   TRAFFSTAT_I_TOTAL_KEPT,    TRAFFSTAT_I_ROUNDED,
        TRAFFSTAT_I_NAME_VARIANTS,   TRAFFSTAT_I_NAME_APART,    TRAFFSTAT_I_NAME_SHARED,
        TRAFFSTAT_I_IDENTICAL_ENDED, TRAFFSTAT_I_NEGATIVE_TIDY, TRAFFSTAT_I_ONE_WAY_LINK,
        TRAFFSTAT_I_NO_NEIGHBOURS};
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        if (notes[i] == which) {
            return true;
        }
    }
    return false;
}

void traffstat_i_log_init(traffstat_i_log *log, traffstat_ctx *ctx, traffstat_account *account,
                          const char *file, const traffstat_reader *options)
{
    *log = (traffstat_i_log){
        .ctx = ctx,
        .account = account,
        .file = file,
        .limit = options->limits[TRAFFSTAT_LIMIT_EXAMPLES],
        .strict = options->strictness == TRAFFSTAT_READ_STRICT,
    };
    traffstat_i_text_init(&log->first_loss, ctx);
}

void traffstat_i_log_clear(traffstat_i_log *log)
{
    traffstat_i_text_clear(&log->first_loss);
}

bool traffstat_i_log_wants(const traffstat_i_log *log, traffstat_i_kind which)
{
    const uint64_t limit = log->all[which] ? TRAFFSTAT_I_EXAMPLES_MAX : log->limit;
    return log->strict || log->met[which] < limit;
}

void traffstat_i_log_add_times(traffstat_i_log *log, traffstat_i_kind which, int64_t times)
{
    log->met[which] += (uint64_t) times;
    traffstat_i_account_times(log->account, kinds[which].code, times);
}

void traffstat_i_log_keep_all(traffstat_i_log *log, traffstat_i_kind which)
{
    log->all[which] = true;
    traffstat_i_account_keep(log->account, kinds[which].code, TRAFFSTAT_I_EXAMPLES_MAX);
}

bool traffstat_i_kind_drops(traffstat_i_kind which)
{
    return kinds[which].drops > 0;
}

/* "7: cases: expected a count of 0 or more, got "-3"" */
static traffstat_status describe(traffstat_text *text, const traffstat_i_account_place *place,
                                 const char *expected, const char *got)
{
    traffstat_i_text_add_int(text, place->line);
    traffstat_i_text_add(text, ": ");
    if (place->column[0] != '\0') {
        traffstat_i_text_addf(text, "%s: ", place->column);
    }
    traffstat_i_text_addf(text, "expected %s, got \"%s\"", expected, got);
    return text->failed ? traffstat_i_fail(text->ctx, TRAFFSTAT_E_NOMEM, "out of memory")
                        : TRAFFSTAT_OK;
}

static traffstat_status refuse(traffstat_i_log *log, const traffstat_i_account_place *place,
                               size_t number, const char *expected, const char *got)
{
    traffstat_text what;
    traffstat_i_text_init(&what, log->ctx);
    traffstat_status status = describe(&what, place, expected, got);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_place(log->ctx, place->line, (int64_t) number, -1);
        status = traffstat_i_fail(log->ctx, TRAFFSTAT_E_VALUE, "%s:%s", log->file,
                                  traffstat_i_text_get(&what));
    }
    traffstat_i_text_clear(&what);
    return status;
}

traffstat_status traffstat_i_log_add(traffstat_i_log *log, traffstat_i_kind which, int64_t line,
                                     size_t number, const char *column, const char *expected,
                                     traffstat_i_slice got)
{
    const kind *about = &kinds[which];
    const traffstat_i_account_place place = {log->file, line, column};
    const char *wanted = expected != NULL ? expected : about->expected;
    const int drops = log->cells ? 0 : about->drops;
    const char *done = log->cells && about->drops > 0 ? "count left out" : about->done;
    char shown[TRAFFSTAT_I_SHOWN] = "";
    if (traffstat_i_log_wants(log, which)) {
        (void) traffstat_i_slice_show(got, shown);
    }
    log->met[which]++;
    traffstat_status status =
        traffstat_i_account_problem(log->account, about->code, &place, wanted, shown, done, drops);
    if (status == TRAFFSTAT_OK && drops > 0 && log->first_loss.size == 0) {
        status = describe(&log->first_loss, &place, wanted, shown);
    }
    if (status == TRAFFSTAT_OK && log->strict && !is_note(which)) {
        status = refuse(log, &place, number, wanted, shown);
    }
    return status;
}

traffstat_status traffstat_i_log_add_whole(traffstat_i_log *log, traffstat_i_kind which,
                                           const char *file, int64_t line, const char *got)
{
    return traffstat_i_log_add_rows(log, which, file, line, got, kinds[which].drops);
}

traffstat_status traffstat_i_log_add_rows(traffstat_i_log *log, traffstat_i_kind which,
                                          const char *file, int64_t line, const char *got,
                                          int64_t rows)
{
    const kind *about = &kinds[which];
    const traffstat_i_account_place place = {file, line, ""};
    log->met[which]++;
    const traffstat_status status = traffstat_i_account_problem(
        log->account, about->code, &place, about->expected, got, about->done, rows);
    if (status != TRAFFSTAT_OK || !log->strict || is_note(which)) {
        return status;
    }
    traffstat_i_place(log->ctx, line, 0, -1);
    return traffstat_i_fail(log->ctx, TRAFFSTAT_E_VALUE, "%s: expected %s, got %s", file,
                            about->expected, got);
}
