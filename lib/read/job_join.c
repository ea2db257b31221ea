#include <math.h>
#include <string.h>

#include "read/job.h"

/* ---- joining -------------------------------------------------------------------------------- */

static traffstat_status note_population(traffstat_i_job *j, const traffstat_i_record *record,
                                        traffstat_i_stored *stored, double population)
{
    if (isnan(population) || stored->cell.population == population) {
        return TRAFFSTAT_OK;
    }
    if (isnan(stored->cell.population)) {
        stored->cell.population = population;
        stored->population_line = record->line;
        return TRAFFSTAT_OK;
    }
    traffstat_text expected;
    traffstat_i_text_init(&expected, j->ctx);
    if (traffstat_i_log_wants(&j->log, TRAFFSTAT_I_CONFLICTING_POPULATION)) {
        traffstat_i_text_add_double(&expected, stored->cell.population);
        traffstat_i_text_addf(&expected, " as on line %lld", (long long) stored->population_line);
    }
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (!expected.failed) {
        status =
            traffstat_i_job_complain(j, TRAFFSTAT_I_CONFLICTING_POPULATION, record,
                                     TRAFFSTAT_ROLE_POPULATION, traffstat_i_text_get(&expected));
    }
    traffstat_i_text_clear(&expected);
    return status;
}

/* The name that a person would look for. */
static const char *place_of(const traffstat_i_job *j, const traffstat_i_record *record,
                            char out[TRAFFSTAT_I_SHOWN])
{
    const traffstat_i_slice name = traffstat_i_job_value(j, record, TRAFFSTAT_ROLE_JURISDICTION);
    return traffstat_i_slice_show(
        name.size > 0 ? name : traffstat_i_job_value(j, record, TRAFFSTAT_ROLE_KEY), out);
}

static traffstat_status note_duplicate(traffstat_i_job *j, const traffstat_i_record *record,
                                       const traffstat_i_stored *stored, traffstat_i_kind kind)
{
    if (!traffstat_i_log_wants(&j->log, kind)) {
        return traffstat_i_log_add(&j->log, kind, record->line, 0, "", NULL,
                                   (traffstat_i_slice){"", 0});
    }
    char name[TRAFFSTAT_I_SHOWN];
    traffstat_text got;
    traffstat_i_text_init(&got, j->ctx);
    traffstat_i_text_addf(&got, "%s %d, which line %lld%s%s has already", place_of(j, record, name),
                          (int) stored->cell.year, (long long) stored->line,
                          stored->file != j->file ? " of " : "",
                          stored->file != j->file ? stored->file : "");
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (!got.failed) {
        status = traffstat_i_log_add(&j->log, kind, record->line, 0, "", NULL,
                                     traffstat_i_slice_of(traffstat_i_text_get(&got)));
    }
    traffstat_i_text_clear(&got);
    return status;
}

static traffstat_status refuse_duplicate(traffstat_i_job *j, const traffstat_i_record *record,
                                         const traffstat_i_stored *stored)
{
    char name[TRAFFSTAT_I_SHOWN];
    traffstat_i_place(j->ctx, record->line, 0, -1);
    return traffstat_i_fail(
        j->ctx, TRAFFSTAT_E_CONFLICT, "%s:%lld: a second record for %s in %d, after line %lld%s%s",
        j->file, (long long) record->line, place_of(j, record, name), (int) stored->cell.year,
        (long long) stored->line, stored->file != j->file ? " of " : "",
        stored->file != j->file ? stored->file : "");
}

static traffstat_status add_to(traffstat_i_job *j, const traffstat_i_record *record,
                               traffstat_i_stored *stored, const traffstat_cell *more)
{
    if (traffstat_i_cell_add(&stored->cell, more)) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_place(j->ctx, record->line, 0, -1);
    return traffstat_i_fail(j->ctx, TRAFFSTAT_E_LIMIT,
                            "%s:%lld: the counts of one series in %d add up to more than 2^63 - 2",
                            j->file, (long long) record->line, (int) stored->cell.year);
}

/* How many the record says were cleared, where that is an exact number. */
static bool read_cleared(const traffstat_i_job *j, const traffstat_i_record *record, int64_t *out)
{
    int64_t upper = 0;
    if (j->at == NULL || j->at->cleared == 0) {
        return false;
    }
    const traffstat_i_value read = traffstat_i_read_count(
        traffstat_i_job_field(record, j->at->cleared - 1), (char) j->options->decimal, out, &upper);
    return (read == TRAFFSTAT_I_VALUE_READ || read == TRAFFSTAT_I_VALUE_NEGATIVE) && *out == upper;
}

/* What was cleared in the cell of the record: alone, or beside that of the records before. */
static void set_cleared(const traffstat_i_job *j, const traffstat_i_record *record,
                        traffstat_i_stored *stored)
{
    stored->has_cleared = read_cleared(j, record, &stored->cleared);
}

static void add_cleared(const traffstat_i_job *j, const traffstat_i_record *record,
                        traffstat_i_stored *stored)
{
    int64_t more = 0;
    stored->has_cleared = stored->has_cleared && read_cleared(j, record, &more) &&
                          traffstat_i_add_int64(stored->cleared, more, &stored->cleared);
}

/* The record is used: by this cell, where all that it counts is of one place. */
static void use(traffstat_i_job *j, traffstat_i_stored *stored)
{
    const bool other_places = j->at != NULL && j->at->place != NULL;
    stored->records += j->counted || other_places ? 0 : 1;
    j->counted = true;
    j->used++;
}

static traffstat_status join(traffstat_i_job *j, const traffstat_i_record *record,
                             traffstat_i_stored *stored, const traffstat_cell *more)
{
    traffstat_status status;
    switch (j->options->duplicates) {
    case TRAFFSTAT_DUPLICATES_SUM:
        status = traffstat_i_job_repeat(j, record, (size_t) (stored - j->cells.items), more);
        use(j, stored);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        status = note_duplicate(j, record, stored, TRAFFSTAT_I_DUPLICATE_SUM);
        if (status == TRAFFSTAT_OK) {
            status = note_population(j, record, stored, more->population);
        }
        add_cleared(j, record, stored);
        return status == TRAFFSTAT_OK ? add_to(j, record, stored, more) : status;
    case TRAFFSTAT_DUPLICATES_FIRST:
        return note_duplicate(j, record, stored, TRAFFSTAT_I_DUPLICATE_FIRST);
    case TRAFFSTAT_DUPLICATES_LAST:
        status = note_duplicate(j, record, stored, TRAFFSTAT_I_DUPLICATE_LAST);
        stored->cell = *more;
        set_cleared(j, record, stored);
        stored->file = j->file;
        stored->line = record->line;
        stored->population_line = record->line;
        return status;
    default:
        return refuse_duplicate(j, record, stored);
    }
}

traffstat_status traffstat_i_job_join(traffstat_i_job *j, const traffstat_i_record *record,
                                      size_t series, const traffstat_cell *cell)
{
    bool fresh = false;
    traffstat_i_stored *stored = traffstat_i_cells_at(&j->cells, series, cell->year, &fresh);
    if (stored == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    if (!fresh && stored->last_file != j->file &&
        traffstat_i_job_cross(j, stored) != TRAFFSTAT_OK) {
        return TRAFFSTAT_E_NOMEM;
    }
    if (!fresh) {
        return join(j, record, stored, cell);
    }
    stored->cell = *cell;
    set_cleared(j, record, stored);
    stored->file = j->file;
    stored->line = record->line;
    stored->population_line = record->line;
    stored->last_file = j->file;
    stored->hash = record->hash;
    j->repeats = j->repeats && j->counted;
    use(j, stored);
    return TRAFFSTAT_OK;
}
