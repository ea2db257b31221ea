/* Which column of an overlap is a list, the count, a stratum. */
#include <string.h>

#include "read/lists.h"

#define FOLDED 128

void traffstat_i_list_columns_clear(traffstat_ctx *ctx, traffstat_i_list_columns *columns)
{
    for (size_t i = 0; columns->names != NULL && i < columns->width; i++) {
        traffstat_i_free(ctx, columns->names[i]);
    }
    traffstat_i_free(ctx, columns->names);
    traffstat_i_free(ctx, columns->lists);
    traffstat_i_free(ctx, columns->strata);
    *columns = (traffstat_i_list_columns){0};
}

static traffstat_status copy_names(traffstat_ctx *ctx, const traffstat_i_record *record,
                                   traffstat_i_list_columns *out)
{
    size_t width = record->kept;
    while (width > 1 && traffstat_i_slice_trim(record->field[width - 1]).size == 0) {
        width--; /* spreadsheets leave empty columns at the right */
    }
    out->names = traffstat_i_alloc(ctx, width, sizeof *out->names);
    out->lists = traffstat_i_alloc(ctx, width, sizeof *out->lists);
    out->strata = traffstat_i_alloc(ctx, width, sizeof *out->strata);
    if (out->names == NULL || out->lists == NULL || out->strata == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    out->width = width;
    for (size_t i = 0; i < width; i++) {
        const traffstat_i_slice name = traffstat_i_slice_trim(record->field[i]);
        out->names[i] = traffstat_i_strndup(ctx, name.data, name.size);
        if (out->names[i] == NULL) {
            return TRAFFSTAT_E_NOMEM;
        }
    }
    return TRAFFSTAT_OK;
}

/* ---- columns that were named ----------------------------------------------------------------- */

static const char *nearest_name(const traffstat_i_list_columns *columns, const char *wanted)
{
    const char *nearest = "";
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < columns->width; i++) {
        const size_t distance = traffstat_i_edit_distance(wanted, columns->names[i]);
        if (distance < least) {
            least = distance;
            nearest = columns->names[i];
        }
    }
    return nearest;
}

/* By name as written (case aside), or "#3"; an exact match beats one that differs in case. */
static traffstat_status find_named(traffstat_ctx *ctx, const char *file,
                                   const traffstat_i_list_columns *columns, const char *what,
                                   const char *wanted, size_t *out)
{
    int64_t number = 0;
    if (wanted[0] == '#' && traffstat_i_parse_int(wanted + 1, strlen(wanted + 1), &number) &&
        number >= 1 && (uint64_t) number <= columns->width) {
        *out = (size_t) number - 1;
        return TRAFFSTAT_OK;
    }
    size_t found = TRAFFSTAT_I_NO_COLUMN;
    for (size_t i = columns->width; i-- > 0;) {
        const bool same = strcmp(columns->names[i], wanted) == 0;
        if (same || (traffstat_i_compare_nocase(columns->names[i], wanted) == 0 &&
                     found == TRAFFSTAT_I_NO_COLUMN)) {
            found = i;
        }
    }
    if (found == TRAFFSTAT_I_NO_COLUMN) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_COLUMN,
                                "%s has no column \"%s\" for the %s; the nearest name is \"%s\"",
                                file, wanted, what, nearest_name(columns, wanted));
    }
    *out = found;
    return TRAFFSTAT_OK;
}

/* ---- columns that are recognised ------------------------------------------------------------- */

static bool among(const char *folded, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(folded, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* 2: a count and nothing else; 1: may be one, such as "n", unless another column surely is. */
static int count_rank(const char *folded)
{
    static const char *const names[] = {"count",   "counts", "freq",        "frequency",
                                        "persons", "people", "individuals", "cases"};
    if (among(folded, names, sizeof names / sizeof names[0])) {
        return 2;
    }
    return traffstat_i_is_plain_count(folded) ? 1 : 0;
}

static bool is_captures(const char *folded)
{
    static const char *const names[] = {"captures", "capture",  "ncaptures", "numberofcaptures",
                                        "nbcap",    "k",        "times",     "timescaught",
                                        "caught",   "contacts", "timesseen", "sightings"};
    return among(folded, names, sizeof names / sizeof names[0]);
}

/* An agency or a department is a list more often than a place that persons are counted by. */
static bool is_stratum(const char *folded)
{
    static const char *const not_places[] = {"agency", "agencyname", "pubagencyname", "department"};
    static const char *const names[] = {"stratum", "strata"};
    return among(folded, names, sizeof names / sizeof names[0]) ||
           traffstat_i_role_rank(TRAFFSTAT_ROLE_YEAR, folded) > 0 ||
           (traffstat_i_role_rank(TRAFFSTAT_ROLE_JURISDICTION, folded) > 0 &&
            !among(folded, not_places, sizeof not_places / sizeof not_places[0]));
}

/* What tells records apart and counts nothing. */
static bool is_label(const char *folded)
{
    static const char *const names[] = {"id", "personid", "caseid",    "victimid", "uid",
                                        "nr", "number",   "rownumber", "row",      "name"};
    return folded[0] == '\0' || among(folded, names, sizeof names / sizeof names[0]);
}

/* What a column is, before the lists are known. */
typedef enum use { USE_FREE, USE_LIST, USE_COUNT, USE_STRATUM, USE_NOTHING } use;

typedef struct search {
    traffstat_ctx *ctx;
    const traffstat_reader *options;
    const char *file;
    traffstat_i_list_columns *out;
    use *uses;
} search;

static traffstat_status name_count(search *s)
{
    const traffstat_i_binding *binding = &s->options->roles[TRAFFSTAT_ROLE_CASES];
    if (binding->how == TRAFFSTAT_I_MAPPED) {
        return find_named(s->ctx, s->file, s->out, "count", binding->text, &s->out->count);
    }
    int best = 0;
    for (size_t i = 0; i < s->out->width; i++) {
        char folded[FOLDED];
        (void) traffstat_i_fold(traffstat_i_slice_of(s->out->names[i]), folded, sizeof folded);
        const int rank = s->uses[i] == USE_FREE ? count_rank(folded) : 0;
        if (rank > best) {
            best = rank;
            s->out->count = i;
        } else if (rank > 0 && rank == best) {
            return traffstat_i_fail(s->ctx, TRAFFSTAT_E_COLUMN,
                                    "%s: two columns could be the count, \"%s\" and \"%s\": choose "
                                    "one, as --map cases=%s",
                                    s->file, s->out->names[s->out->count], s->out->names[i],
                                    s->out->names[i]);
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status name_lists(search *s)
{
    const traffstat_i_overlap_wish *wish = &s->options->overlap;
    for (size_t i = 0; i < wish->list_count; i++) {
        size_t column = 0;
        const traffstat_status status =
            find_named(s->ctx, s->file, s->out, "list", wish->lists[i], &column);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        if (s->uses[column] == USE_LIST) {
            return traffstat_i_fail(s->ctx, TRAFFSTAT_E_ARGUMENT, "the list \"%s\" is named twice",
                                    s->out->names[column]);
        }
        s->uses[column] = USE_LIST;
    }
    return TRAFFSTAT_OK;
}

static traffstat_status name_strata(search *s)
{
    const char *wanted = s->options->overlap.stratum;
    const bool none = wanted != NULL && strcmp(wanted, "none") == 0;
    if (wanted != NULL && !none) {
        size_t column = 0;
        const traffstat_status status =
            find_named(s->ctx, s->file, s->out, "strata", wanted, &column);
        if (status == TRAFFSTAT_OK) {
            s->uses[column] = USE_STRATUM;
        }
        return status;
    }
    for (size_t i = 0; i < s->out->width; i++) {
        char folded[FOLDED];
        (void) traffstat_i_fold(traffstat_i_slice_of(s->out->names[i]), folded, sizeof folded);
        if (s->uses[i] == USE_FREE && is_stratum(folded)) {
            s->uses[i] = none ? USE_NOTHING : USE_STRATUM;
        }
    }
    return TRAFFSTAT_OK;
}

/* What nobody asked for: labels are left out, all else is a list unless the lists were named. */
static void settle_rest(search *s)
{
    size_t lists = 0;
    for (size_t i = 0; i < s->out->width; i++) {
        char folded[FOLDED];
        (void) traffstat_i_fold(traffstat_i_slice_of(s->out->names[i]), folded, sizeof folded);
        if (s->uses[i] == USE_FREE) {
            s->uses[i] =
                is_label(folded) || s->options->overlap.list_count > 0 ? USE_NOTHING : USE_LIST;
        }
        lists += s->uses[i] == USE_LIST;
    }
    for (size_t i = 0; i < s->out->width && lists == 1; i++) {
        char folded[FOLDED];
        (void) traffstat_i_fold(traffstat_i_slice_of(s->out->names[i]), folded, sizeof folded);
        if (s->uses[i] == USE_LIST && is_captures(folded) &&
            s->out->count != TRAFFSTAT_I_NO_COLUMN) {
            s->out->captures = i;
            s->uses[i] = USE_NOTHING;
        }
    }
}

/* Lists in the order in which they were named, else in that of the file. */
static traffstat_status collect(search *s)
{
    const traffstat_i_overlap_wish *wish = &s->options->overlap;
    for (size_t i = 0; i < s->out->width; i++) {
        if (s->uses[i] == USE_STRATUM) {
            s->out->strata[s->out->stratum_count++] = i;
        } else if (s->uses[i] == USE_LIST && wish->list_count == 0) {
            s->out->lists[s->out->list_count++] = i;
        }
    }
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < wish->list_count && status == TRAFFSTAT_OK; i++) {
        status = find_named(s->ctx, s->file, s->out, "list", wish->lists[i],
                            &s->out->lists[s->out->list_count++]);
    }
    return status;
}

static traffstat_status check_columns(search *s)
{
    if (s->out->captures != TRAFFSTAT_I_NO_COLUMN || s->out->list_count >= 2) {
        return TRAFFSTAT_OK;
    }
    return traffstat_i_fail(
        s->ctx, TRAFFSTAT_E_COLUMN,
        s->out->list_count == 1
            ? "%s has one list, \"%s\": two or more columns of 0 and 1 are needed to overlap"
            : "%s has no columns of lists%s: each list is a column of 0 and 1, named by its header",
        s->file, s->out->list_count == 1 ? s->out->names[s->out->lists[0]] : "");
}

static traffstat_status find_all(search *s)
{
    traffstat_status status = name_lists(s);
    if (status == TRAFFSTAT_OK) {
        status = name_strata(s);
    }
    if (status == TRAFFSTAT_OK) {
        status = name_count(s);
    }
    if (status == TRAFFSTAT_OK && s->out->count != TRAFFSTAT_I_NO_COLUMN) {
        if (s->uses[s->out->count] == USE_LIST) {
            return traffstat_i_fail(s->ctx, TRAFFSTAT_E_ARGUMENT,
                                    "the column \"%s\" cannot be a list and the count",
                                    s->out->names[s->out->count]);
        }
        s->uses[s->out->count] = USE_COUNT;
    }
    if (status == TRAFFSTAT_OK) {
        settle_rest(s);
        status = collect(s);
    }
    return status == TRAFFSTAT_OK ? check_columns(s) : status;
}

traffstat_status traffstat_i_list_columns_read(traffstat_ctx *ctx, const traffstat_reader *options,
                                               const char *file, const traffstat_i_record *record,
                                               traffstat_i_list_columns *out)
{
    *out = (traffstat_i_list_columns){.count = TRAFFSTAT_I_NO_COLUMN,
                                      .captures = TRAFFSTAT_I_NO_COLUMN};
    traffstat_status status = copy_names(ctx, record, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    search s = {.ctx = ctx, .options = options, .file = file, .out = out};
    s.uses = traffstat_i_alloc(ctx, out->width, sizeof *s.uses);
    if (s.uses == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_place(ctx, record->line, 0, -1);
    status = find_all(&s);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_place(ctx, 0, 0, -1);
    }
    traffstat_i_free(ctx, s.uses);
    return status;
}
