#include <math.h>
#include <string.h>

#include "read/job.h"

/* ---- fields --------------------------------------------------------------------------------- */

static size_t column_of(const traffstat_i_job *j, traffstat_role role)
{
    return j->at != NULL && role == TRAFFSTAT_ROLE_CASES ? j->at->column : j->header.column[role];
}

/* Where a record has several counts: does the problem concern all of them? */
static bool is_whole(const traffstat_i_job *j, traffstat_i_kind kind)
{
    return (kind == TRAFFSTAT_I_MISSING_PLACE && j->at->place == NULL) ||
           ((kind == TRAFFSTAT_I_BAD_YEAR || kind == TRAFFSTAT_I_POOLED_YEARS ||
             kind == TRAFFSTAT_I_TOTAL_YEARS) &&
            j->at->year == 0);
}

/* And is it one that the first of them has told already? */
static bool is_told(const traffstat_i_job *j, traffstat_i_kind kind)
{
    return j->at != j->header.counts &&
           (kind == TRAFFSTAT_I_BAD_POPULATION || kind == TRAFFSTAT_I_BAD_COVERAGE ||
            kind == TRAFFSTAT_I_UNKNOWN_FLAG || kind == TRAFFSTAT_I_CONFLICTING_POPULATION);
}

traffstat_status traffstat_i_job_complain(traffstat_i_job *j, traffstat_i_kind kind,
                                          const traffstat_i_record *record, traffstat_role role,
                                          const char *expected)
{
    char name[TRAFFSTAT_I_SHOWN];
    const size_t column = column_of(j, role);
    const bool known = column != TRAFFSTAT_I_NO_COLUMN;
    if (j->at != NULL && is_told(j, kind)) {
        return TRAFFSTAT_OK;
    }
    const bool cells = j->log.cells;
    j->whole = j->at != NULL && is_whole(j, kind);
    j->spared = kind == TRAFFSTAT_I_TOTAL_YEARS;
    j->log.cells = cells && !j->whole;
    const traffstat_status status = traffstat_i_log_add(
        &j->log, kind, record->line, known ? column + 1 : 0,
        known ? traffstat_i_header_name(&j->header, column, name) : traffstat_role_name(role),
        expected, traffstat_i_job_value(j, record, role));
    j->log.cells = cells;
    return status;
}

/* ---- one cell ------------------------------------------------------------------------------- */

static traffstat_status drop(traffstat_i_job *j, traffstat_i_kind kind,
                             const traffstat_i_record *record, traffstat_role role, bool *dropped)
{
    *dropped = true;
    return traffstat_i_job_complain(j, kind, record, role, NULL);
}

/* Hidden: between the bounds that the reader was given; without them, for a reason. */
static void hide(const traffstat_i_job *j, int32_t why, traffstat_cell *cell)
{
    if (j->options->hides) {
        cell->lower = j->options->hidden_lower;
        cell->upper = j->options->hidden_upper;
    } else {
        cell->why = why;
    }
}

static bool is_below(traffstat_i_slice text)
{
    text = traffstat_i_slice_trim(text);
    return text.size > 1 && text.data[0] == '<' && text.data[1] != '=';
}

/* "<5" keeps its own upper end where that is the lower one. */
static void narrow(const traffstat_i_job *j, traffstat_i_slice text, traffstat_cell *cell)
{
    if (j->options->hides && cell->lower != cell->upper && is_below(text) &&
        j->options->hidden_lower <= cell->upper) {
        cell->lower = j->options->hidden_lower;
        cell->upper =
            cell->upper < j->options->hidden_upper ? cell->upper : j->options->hidden_upper;
    }
}

/* No source has more of them than that: a code, or a telephone number. */
static bool is_implausible(const traffstat_i_job *j, const traffstat_cell *cell)
{
    const int64_t most = j->header.known != NULL ? j->header.known->most : 0;
    return most > 0 && cell->lower > most;
}

static traffstat_status read_cases(traffstat_i_job *j, const traffstat_i_record *record,
                                   traffstat_cell *out, bool *dropped)
{
    const traffstat_role role = TRAFFSTAT_ROLE_CASES;
    const traffstat_i_slice text = traffstat_i_job_value(j, record, role);
    switch (traffstat_i_read_count(text, (char) j->options->decimal, &out->lower, &out->upper)) {
    case TRAFFSTAT_I_VALUE_READ:
        narrow(j, text, out);
        return is_implausible(j, out) ? drop(j, TRAFFSTAT_I_IMPLAUSIBLE, record, role, dropped)
                                      : TRAFFSTAT_OK;
    case TRAFFSTAT_I_VALUE_MARK:
        hide(j, TRAFFSTAT_WHY_NOT_REPORTED, out);
        return TRAFFSTAT_OK;
    case TRAFFSTAT_I_VALUE_HIDDEN:
        hide(j, TRAFFSTAT_WHY_SUPPRESSED, out);
        return TRAFFSTAT_OK;
    case TRAFFSTAT_I_VALUE_INAPPLICABLE:
        out->why = TRAFFSTAT_WHY_NOT_APPLICABLE;
        return TRAFFSTAT_OK;
    case TRAFFSTAT_I_VALUE_MISSING:
        out->why = TRAFFSTAT_WHY_NOT_REPORTED;
        return TRAFFSTAT_OK;
    case TRAFFSTAT_I_VALUE_CODE:
        out->why = TRAFFSTAT_WHY_NOT_REPORTED;
        return traffstat_i_job_complain(j, TRAFFSTAT_I_MISSING_CODE, record, role, NULL);
    case TRAFFSTAT_I_VALUE_NEGATIVE:
        return traffstat_i_job_complain(j, TRAFFSTAT_I_NEGATIVE_KEPT, record, role, NULL);
    default:
        return drop(j, TRAFFSTAT_I_UNPARSABLE_COUNT, record, role, dropped);
    }
}

/* One end in the tidy form, where no number is a code. */
static traffstat_status read_end(traffstat_i_job *j, const traffstat_i_record *record,
                                 traffstat_role role, bool *dropped, int64_t *end, bool *there)
{
    int64_t other = 0;
    const traffstat_i_value read = traffstat_i_read_count(traffstat_i_job_value(j, record, role),
                                                          (char) j->options->decimal, end, &other);
    *there = read == TRAFFSTAT_I_VALUE_READ || read == TRAFFSTAT_I_VALUE_NEGATIVE ||
             read == TRAFFSTAT_I_VALUE_CODE;
    if (read == TRAFFSTAT_I_VALUE_UNREADABLE || (*there && *end != other)) {
        return drop(j, TRAFFSTAT_I_UNPARSABLE_COUNT, record, role, dropped);
    }
    return TRAFFSTAT_OK;
}

/* The tidy form: both ends empty is not reported, only the upper one empty is "at least". */
static traffstat_status read_bounds(traffstat_i_job *j, const traffstat_i_record *record,
                                    traffstat_cell *out, bool *dropped)
{
    bool has_lower = false;
    bool has_upper = false;
    traffstat_status status =
        read_end(j, record, TRAFFSTAT_ROLE_CASES_LOWER, dropped, &out->lower, &has_lower);
    if (status == TRAFFSTAT_OK && !*dropped) {
        status = read_end(j, record, TRAFFSTAT_ROLE_CASES_UPPER, dropped, &out->upper, &has_upper);
    }
    if (status != TRAFFSTAT_OK || *dropped) {
        return status;
    }
    if (!has_lower && !has_upper) {
        out->why = TRAFFSTAT_WHY_NOT_REPORTED;
        return TRAFFSTAT_OK;
    }
    if (!has_upper) {
        out->upper = TRAFFSTAT_NO_UPPER;
    }
    const bool below = out->lower < 0;
    if (has_lower && below && out->lower != out->upper) {
        return drop(j, TRAFFSTAT_I_NEGATIVE_COUNT, record, TRAFFSTAT_ROLE_CASES_LOWER, dropped);
    }
    if (!has_lower || out->lower > out->upper) {
        return drop(j, TRAFFSTAT_I_BAD_BOUNDS, record, TRAFFSTAT_ROLE_CASES_LOWER, dropped);
    }
    return below ? traffstat_i_job_complain(j, TRAFFSTAT_I_NEGATIVE_TIDY, record,
                                            TRAFFSTAT_ROLE_CASES_LOWER, NULL)
                 : TRAFFSTAT_OK;
}

static traffstat_status read_population(traffstat_i_job *j, const traffstat_i_record *record,
                                        traffstat_cell *out)
{
    double value = 0.0;
    const traffstat_i_value read =
        traffstat_i_read_number(traffstat_i_job_value(j, record, TRAFFSTAT_ROLE_POPULATION),
                                (char) j->options->decimal, &value);
    if (read == TRAFFSTAT_I_VALUE_READ && value > 0.0) {
        out->population = value;
        return TRAFFSTAT_OK;
    }
    return read == TRAFFSTAT_I_VALUE_MISSING
               ? TRAFFSTAT_OK
               : traffstat_i_job_complain(j, TRAFFSTAT_I_BAD_POPULATION, record,
                                          TRAFFSTAT_ROLE_POPULATION, NULL);
}

static traffstat_status read_coverage(traffstat_i_job *j, const traffstat_i_record *record,
                                      traffstat_cell *out)
{
    double value = 0.0;
    const traffstat_i_value read =
        traffstat_i_read_share(traffstat_i_job_value(j, record, TRAFFSTAT_ROLE_COVERAGE),
                               (char) j->options->decimal, &value);
    if (read == TRAFFSTAT_I_VALUE_READ) {
        out->coverage = value;
        return TRAFFSTAT_OK;
    }
    return read == TRAFFSTAT_I_VALUE_MISSING
               ? TRAFFSTAT_OK
               : traffstat_i_job_complain(j, TRAFFSTAT_I_BAD_COVERAGE, record,
                                          TRAFFSTAT_ROLE_COVERAGE, NULL);
}

/* A word for a count that is not there says nothing of one that is. */
static traffstat_status read_flags(traffstat_i_job *j, const traffstat_i_record *record,
                                   traffstat_cell *out)
{
    int32_t why = TRAFFSTAT_WHY_COUNTED;
    bool known = traffstat_i_read_flags(traffstat_i_job_value(j, record, TRAFFSTAT_ROLE_FLAGS),
                                        &out->flags, &why);
    if (why != TRAFFSTAT_WHY_COUNTED && out->why == TRAFFSTAT_WHY_COUNTED) {
        known = false;
    } else if (why != TRAFFSTAT_WHY_COUNTED) {
        out->why = why;
    }
    return known ? TRAFFSTAT_OK
                 : traffstat_i_job_complain(j, TRAFFSTAT_I_UNKNOWN_FLAG, record,
                                            TRAFFSTAT_ROLE_FLAGS, NULL);
}

/* Statistics Canada's symbol beside a count, or in its place: then it says why there is none. */
static traffstat_status read_symbol(traffstat_i_job *j, const traffstat_i_record *record,
                                    traffstat_cell *out)
{
    uint32_t flags = 0;
    int32_t why = TRAFFSTAT_WHY_COUNTED;
    const bool known = traffstat_i_read_symbol(
        traffstat_i_job_value(j, record, TRAFFSTAT_ROLE_FLAGS), &flags, &why);
    const bool counted = out->why == TRAFFSTAT_WHY_COUNTED;
    if (!known || (why != TRAFFSTAT_WHY_COUNTED && counted)) {
        return traffstat_i_job_complain(j, TRAFFSTAT_I_UNKNOWN_SYMBOL, record, TRAFFSTAT_ROLE_FLAGS,
                                        NULL);
    }
    out->flags = flags;
    if (why == TRAFFSTAT_WHY_SUPPRESSED) {
        out->why = TRAFFSTAT_WHY_COUNTED;
        hide(j, why, out);
    } else if (why != TRAFFSTAT_WHY_COUNTED) {
        out->why = why;
    }
    return TRAFFSTAT_OK;
}

/* "Total" in the place of a year: the records above it are counted already. */
static bool is_total(traffstat_i_slice text)
{
    static const char *const words[] = {"total", "totals",   "grandtotal", "subtotal",
                                        "all",   "allyears", "sum"};
    char folded[24];
    if (text.size == 0 || traffstat_i_fold(text, folded, sizeof folded) + 1 >= sizeof folded) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(folded, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static traffstat_status read_year(traffstat_i_job *j, const traffstat_i_record *record,
                                  traffstat_cell *out, bool *dropped)
{
    if (j->at != NULL && j->at->year != 0) {
        out->year = j->at->year;
        return TRAFFSTAT_OK;
    }
    const traffstat_i_slice text = traffstat_i_job_value(j, record, TRAFFSTAT_ROLE_YEAR);
    switch (traffstat_i_read_period(text, j->options->fiscal, &out->year)) {
    case TRAFFSTAT_I_PERIOD_YEAR:
        return TRAFFSTAT_OK;
    case TRAFFSTAT_I_PERIOD_POOLED:
        return drop(j, TRAFFSTAT_I_POOLED_YEARS, record, TRAFFSTAT_ROLE_YEAR, dropped);
    default:
        return drop(j, is_total(text) ? TRAFFSTAT_I_TOTAL_YEARS : TRAFFSTAT_I_BAD_YEAR, record,
                    TRAFFSTAT_ROLE_YEAR, dropped);
    }
}

/* What costs the record its place in the panel comes first: a dropped record has one reason. */
traffstat_status traffstat_i_job_cell(traffstat_i_job *j, const traffstat_i_record *record,
                                      traffstat_cell *out, bool *dropped)
{
    *out = (traffstat_cell){.population = NAN, .coverage = NAN, .places = 1};
    *dropped = false;
    traffstat_status status = read_year(j, record, out, dropped);
    if (status == TRAFFSTAT_OK && !*dropped) {
        status = j->header.bounds ? read_bounds(j, record, out, dropped)
                                  : read_cases(j, record, out, dropped);
    }
    if (*dropped || status != TRAFFSTAT_OK) {
        return status;
    }
    if (out->why != TRAFFSTAT_WHY_COUNTED) {
        out->lower = 0;
        out->upper = 0;
    }
    if (traffstat_i_job_has(j, TRAFFSTAT_ROLE_POPULATION)) {
        status = read_population(j, record, out);
    }
    if (status == TRAFFSTAT_OK && traffstat_i_job_has(j, TRAFFSTAT_ROLE_COVERAGE)) {
        status = read_coverage(j, record, out);
    }
    if (status == TRAFFSTAT_OK && traffstat_i_job_has(j, TRAFFSTAT_ROLE_FLAGS)) {
        status = j->header.symbols ? read_symbol(j, record, out) : read_flags(j, record, out);
    }
    return status;
}
