/* Two files of one source: a series' count of a year that is ten times, or a tenth, of what the file
 * before had. Counts of each file are added up apart, for cells that several files have. */
#include "read/job.h"

#define JUMP 10

/* A cell of several files: what the one before the last had, and where the last one's begins. */
struct traffstat_i_vintage {
    size_t cell;
    int64_t earlier;
    int64_t base;
    const char *earlier_file;
    int64_t from; /* the first jump of the cell; 0 and 0: none */
    int64_t to;
};

static bool jumps(int64_t from, int64_t to)
{
    return from > 0 && to > 0 && (from / JUMP >= to || to / JUMP >= from);
}

/* The counts of the last file are complete. */
static void close_vintage(traffstat_i_job *j, traffstat_i_vintage *of)
{
    const traffstat_cell *cell = &j->cells.items[of->cell].cell;
    const int64_t later = cell->lower - of->base;
    if (of->from == 0 && cell->why == TRAFFSTAT_WHY_COUNTED && jumps(of->earlier, later)) {
        of->from = of->earlier;
        of->to = later;
    }
    of->earlier = later;
}

traffstat_status traffstat_i_job_cross(traffstat_i_job *j, traffstat_i_stored *stored)
{
    const bool replaces = j->options->duplicates == TRAFFSTAT_DUPLICATES_LAST;
    const int64_t lower = stored->cell.why == TRAFFSTAT_WHY_COUNTED ? stored->cell.lower : 0;
    traffstat_i_vintage *of = NULL;
    if (stored->vintage > 0) {
        of = &j->vintages[stored->vintage - 1];
        close_vintage(j, of);
    } else {
        if (!traffstat_i_reserve(j->ctx, &j->vintages, &j->vintage_capacity, j->vintage_count + 1,
                                 sizeof *j->vintages)) {
            return TRAFFSTAT_E_NOMEM;
        }
        of = &j->vintages[j->vintage_count++];
        *of = (traffstat_i_vintage){.cell = (size_t) (stored - j->cells.items), .earlier = lower};
        stored->vintage = (uint32_t) j->vintage_count;
    }
    of->base = replaces ? 0 : lower;
    of->earlier_file = stored->last_file;
    stored->last_file = j->file;
    return TRAFFSTAT_OK;
}

/* ---- saying so ------------------------------------------------------------------------------ */

static traffstat_status report_cell(traffstat_i_job *j, const traffstat_panel *panel,
                                    const traffstat_i_vintage *of)
{
    const traffstat_i_stored *stored = &j->cells.items[of->cell];
    char name[TRAFFSTAT_I_SHOWN];
    traffstat_text text;
    traffstat_i_text_init(&text, j->ctx);
    if (traffstat_i_log_wants(&j->log, TRAFFSTAT_I_MAGNITUDE_JUMP)) {
        traffstat_i_text_add(
            &text, traffstat_i_slice_show(
                       traffstat_i_slice_of(traffstat_i_panel_label(panel, stored->series)), name));
        traffstat_i_text_addf(&text, " %d: %lld after %lld in %s", (int) stored->cell.year,
                              (long long) of->to, (long long) of->from, of->earlier_file);
    }
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_log_add_whole(&j->log, TRAFFSTAT_I_MAGNITUDE_JUMP,
                                                stored->last_file, 0, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

/* The cells that two files have, as a whole. */
static traffstat_status report_files(traffstat_i_job *j, double before, double after)
{
    traffstat_text text;
    traffstat_i_text_init(&text, j->ctx);
    traffstat_i_text_add(&text, "the counts that both files have sum to ");
    traffstat_i_text_add_double(&text, after);
    traffstat_i_text_add(&text, " after ");
    traffstat_i_text_add_double(&text, before);
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_log_add_whole(&j->log, TRAFFSTAT_I_MAGNITUDE_JUMP, j->file, 0,
                                                traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

traffstat_status traffstat_i_job_tell_vintages(traffstat_i_job *j, traffstat_panel *panel)
{
    double before = 0.0;
    double after = 0.0;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < j->vintage_count; i++) {
        const int64_t earlier = j->vintages[i].earlier;
        close_vintage(j, &j->vintages[i]);
        before += (double) earlier;
        after += (double) j->vintages[i].earlier;
    }
    if (before > 0.0 && after > 0.0 && (before >= JUMP * after || after >= JUMP * before)) {
        status = report_files(j, before, after);
    }
    for (size_t i = 0; i < j->vintage_count && status == TRAFFSTAT_OK; i++) {
        const traffstat_i_vintage *of = &j->vintages[i];
        const traffstat_i_stored *stored = &j->cells.items[of->cell];
        if (of->from == 0) {
            continue;
        }
        const size_t row = traffstat_panel_find(panel, stored->series, stored->cell.year);
        if (row != TRAFFSTAT_NONE) {
            traffstat_i_panel_flag(panel, row, TRAFFSTAT_FLAG_DOUBTFUL);
        }
        status = report_cell(j, panel, of);
    }
    return status;
}
