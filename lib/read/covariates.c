/* Columns beside the counts: which there are, which rows of a panel a record belongs to, and numbers
 * or words made of what stands there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "read/job.h"
#include "table/covariates.h"

#define WORDS_MAX 200     /* of one column: more look like names, not like categories */
#define ASKED_MAX 1000    /* columns */
#define COUNT_MOST (1e15) /* of one count, so that sums stay exact */

typedef struct asked {
    size_t column;
    char *name;     /* of the column, as the header has it */
    char *baseline; /* NULL: none was given */
} asked;

typedef struct entry {
    size_t series; /* of the file */
    int32_t year;
    int64_t line;
    size_t texts; /* the first of its texts, among all */
} entry;

typedef struct work {
    traffstat_ctx *ctx;
    const char *path;
    const traffstat_reader *options;
    const traffstat_panel *panel;
    const char *const *names;
    size_t count;
    traffstat_covariate_kind kind;
    traffstat_account *account;
    asked *asked; /* `count` */
    bool any_year;
    bool has_category;
    bool has_measure;
    entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    size_t *starts; /* of texts in the arena */
    size_t start_count;
    size_t start_capacity;
    traffstat_text arena;
    traffstat_panel *file; /* its series */
    size_t *owner;         /* by row of the panel: an entry, or NONE */
    const char **words;    /* sorted, of the column at hand */
    traffstat_covariates *made;
} work;

/* ---- what was asked for ---------------------------------------------------------------------- */

/* NO_COLUMN: none; *many: two. */
static size_t find_column(const traffstat_i_header *header, const char *name, bool *many)
{
    int64_t number = 0;
    size_t found = TRAFFSTAT_I_NO_COLUMN;
    if (name[0] == '#' && traffstat_i_parse_int(name + 1, strlen(name + 1), &number) &&
        number >= 1 && (uint64_t) number <= header->width) {
        return (size_t) number - 1;
    }
    for (size_t i = 0; i < header->width; i++) {
        if (traffstat_i_compare_nocase(header->names[i], name) == 0) {
            *many = *many || found != TRAFFSTAT_I_NO_COLUMN;
            found = found == TRAFFSTAT_I_NO_COLUMN ? i : found;
        }
    }
    return found;
}

static traffstat_status fail_column(const work *w, const traffstat_i_header *header,
                                    const char *name, bool many)
{
    const char *nearest = "";
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < header->width; i++) {
        const size_t distance = traffstat_i_edit_distance(name, header->names[i]);
        nearest = distance < least ? header->names[i] : nearest;
        least = distance < least ? distance : least;
    }
    return many ? traffstat_i_fail(w->ctx, TRAFFSTAT_E_COLUMN,
                                   "%s: two columns are called \"%s\": choose one by number, as #3",
                                   w->path, name)
                : traffstat_i_fail(w->ctx, TRAFFSTAT_E_COLUMN,
                                   "%s has no column \"%s\"; the nearest name is \"%s\"", w->path,
                                   name, nearest);
}

/* "region=West": a header that is called so beats a baseline. */
static traffstat_status find_asked(work *w, const traffstat_i_header *header, size_t which)
{
    asked *out = &w->asked[which];
    bool many = false;
    char shown[TRAFFSTAT_I_SHOWN];
    const char *name = w->names[which];
    out->column = find_column(header, name, &many);
    const char *mark = strrchr(name, '=');
    if (out->column == TRAFFSTAT_I_NO_COLUMN && mark != NULL && mark > name && mark[1] != '\0' &&
        w->kind == TRAFFSTAT_COVARIATE_VALUES) {
        char *left = traffstat_i_strndup(w->ctx, name, (size_t) (mark - name));
        out->baseline = traffstat_i_strdup(w->ctx, mark + 1);
        if (left == NULL || out->baseline == NULL) {
            traffstat_i_free(w->ctx, left);
            return TRAFFSTAT_E_NOMEM;
        }
        out->column = find_column(header, left, &many);
        const traffstat_status status = out->column == TRAFFSTAT_I_NO_COLUMN || many
                                            ? fail_column(w, header, left, many)
                                            : TRAFFSTAT_OK;
        traffstat_i_free(w->ctx, left);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    if (out->column == TRAFFSTAT_I_NO_COLUMN || many) {
        return fail_column(w, header, name, many);
    }
    out->name = traffstat_i_strdup(w->ctx, traffstat_i_header_name(header, out->column, shown));
    return out->name != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

static traffstat_status take_header(traffstat_i_job *j, void *user)
{
    work *w = user;
    const traffstat_i_header *header = &j->header;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < w->count && status == TRAFFSTAT_OK; i++) {
        status = find_asked(w, header, i);
        if (status == TRAFFSTAT_OK) {
            header->wanted[w->asked[i].column] = 1;
        }
    }
    w->any_year = header->constant[TRAFFSTAT_ROLE_YEAR] == traffstat_i_any_year;
    w->has_category = header->parts_size > 0 || traffstat_i_job_has(j, TRAFFSTAT_ROLE_CATEGORY);
    w->has_measure = traffstat_i_job_has(j, TRAFFSTAT_ROLE_MEASURE);
    return status;
}

/* ---- records --------------------------------------------------------------------------------- */

static traffstat_status take_record(traffstat_i_job *j, const traffstat_i_record *record,
                                    size_t series, int32_t year, void *user)
{
    static const char end = '\0';
    work *w = user;
    (void) j;
    if (!traffstat_i_reserve(w->ctx, &w->entries, &w->entry_capacity, w->entry_count + 1,
                             sizeof *w->entries) ||
        !traffstat_i_reserve(w->ctx, &w->starts, &w->start_capacity, w->start_count + w->count,
                             sizeof *w->starts)) {
        return TRAFFSTAT_E_NOMEM;
    }
    w->entries[w->entry_count++] = (entry){series, year, record->line, w->start_count};
    for (size_t i = 0; i < w->count; i++) {
        const traffstat_i_slice text =
            traffstat_i_slice_trim(traffstat_i_job_field(record, w->asked[i].column));
        w->starts[w->start_count++] = w->arena.size;
        traffstat_i_text_add_bytes(&w->arena, text.data, text.size);
        traffstat_i_text_add_bytes(&w->arena, &end, 1);
    }
    return w->arena.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}

static const char *text_of(const work *w, size_t which, size_t column)
{
    return traffstat_i_text_get(&w->arena) + w->starts[w->entries[which].texts + column];
}

/* A number of either sign: what counts people is never below 0, but an index may be. */
static traffstat_i_value number_of(const work *w, const char *text, double *out)
{
    static const char minus[] = "\xe2\x88\x92";
    const size_t mark = text[0] == '-' ? 1 : strncmp(text, minus, 3) == 0 ? 3 : 0;
    const bool negative =
        mark > 0 && (traffstat_i_is_digit(text[mark]) || text[mark] == (char) w->options->decimal);
    const traffstat_i_value read = traffstat_i_read_number(
        traffstat_i_slice_of(text + (negative ? mark : 0)), (char) w->options->decimal, out);
    if (negative && read == TRAFFSTAT_I_VALUE_READ) {
        *out = -*out;
    }
    return read;
}

/* A value that cannot be used, at its place. */
static traffstat_status refuse(const work *w, traffstat_status status, size_t which, size_t column,
                               const char *expected)
{
    char shown[TRAFFSTAT_I_SHOWN];
    const entry *at = &w->entries[which];
    traffstat_i_place(w->ctx, at->line, (int64_t) w->asked[column].column + 1, -1);
    return traffstat_i_fail(
        w->ctx, status, "%s:%lld: %s: expected %s, got \"%s\"", w->path, (long long) at->line,
        w->asked[column].name, expected,
        traffstat_i_slice_show(traffstat_i_slice_of(text_of(w, which, column)), shown));
}

/* ---- which rows a record belongs to ---------------------------------------------------------- */

static traffstat_status check_same(const work *w, size_t which, size_t row)
{
    const size_t before = w->owner[row];
    for (size_t i = 0; i < w->count; i++) {
        char shown[TRAFFSTAT_I_SHOWN];
        if (strcmp(text_of(w, which, i), text_of(w, before, i)) == 0) {
            continue;
        }
        const size_t series = traffstat_panel_row_series(w->panel, row);
        traffstat_i_place(w->ctx, w->entries[which].line, (int64_t) w->asked[i].column + 1, -1);
        return traffstat_i_fail(
            w->ctx, TRAFFSTAT_E_CONFLICT,
            "%s:%lld: %s of %s in %d is \"%s\" here, and not on line %lld", w->path,
            (long long) w->entries[which].line, w->asked[i].name,
            traffstat_i_panel_label(w->panel, series), (int) traffstat_panel_years(w->panel)[row],
            traffstat_i_slice_show(traffstat_i_slice_of(text_of(w, which, i)), shown),
            (long long) w->entries[before].line);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status add_counts(const work *w, size_t which, size_t row)
{
    for (size_t i = 0; i < w->count; i++) {
        double value = 0.0;
        const traffstat_i_value read = number_of(w, text_of(w, which, i), &value);
        if (read == TRAFFSTAT_I_VALUE_MISSING) {
            continue;
        }
        if (read != TRAFFSTAT_I_VALUE_READ || !(value >= 0.0 && value <= COUNT_MOST) ||
            value != floor(value)) {
            return refuse(w, TRAFFSTAT_E_VALUE, which, i, "a whole number of cases, or nothing");
        }
        w->made->values[row * w->count + i] += value;
    }
    return TRAFFSTAT_OK;
}

static traffstat_status take_row(work *w, size_t which, size_t row)
{
    const bool first = w->owner[row] == TRAFFSTAT_NONE;
    if (first) {
        w->owner[row] = which;
        w->made->known[row] = true;
    }
    if (w->kind == TRAFFSTAT_COVARIATE_COUNTS) {
        return add_counts(w, which, row);
    }
    return first ? TRAFFSTAT_OK : check_same(w, which, row);
}

static traffstat_status take_series(work *w, size_t which, size_t series)
{
    const size_t first = traffstat_panel_series_first(w->panel, series);
    const size_t end = first + traffstat_panel_series_count(w->panel, series);
    traffstat_status status = TRAFFSTAT_OK;
    if (!w->any_year) {
        const size_t row = traffstat_panel_find(w->panel, series, w->entries[which].year);
        return row != TRAFFSTAT_NONE ? take_row(w, which, row) : status;
    }
    for (size_t row = first; row < end && status == TRAFFSTAT_OK; row++) {
        status = take_row(w, which, row);
    }
    return status;
}

static traffstat_status take_entries(work *w, traffstat_i_places *places, bool *matched)
{
    traffstat_status status = TRAFFSTAT_OK;
    size_t last = TRAFFSTAT_NONE;
    for (size_t i = 0; i < w->entry_count && status == TRAFFSTAT_OK; i++) {
        if (w->entries[i].series != last) {
            last = w->entries[i].series;
            status = traffstat_i_places_match(places, w->file, last, w->has_category,
                                              w->has_measure, matched);
        }
        for (size_t s = 0; s < traffstat_panel_series(w->panel) && status == TRAFFSTAT_OK; s++) {
            status = matched[s] ? take_series(w, i, s) : TRAFFSTAT_OK;
        }
    }
    return status;
}

static traffstat_status match(work *w)
{
    traffstat_i_places *places = NULL;
    const size_t rows = traffstat_panel_rows(w->panel);
    bool *matched = traffstat_i_alloc(w->ctx, traffstat_panel_series(w->panel), sizeof *matched);
    w->owner = traffstat_i_alloc(w->ctx, rows, sizeof *w->owner);
    traffstat_status status = matched != NULL && w->owner != NULL
                                  ? traffstat_i_places_new(w->ctx, w->panel, &places)
                                  : TRAFFSTAT_E_NOMEM;
    for (size_t row = 0; row < rows && status == TRAFFSTAT_OK; row++) {
        w->owner[row] = TRAFFSTAT_NONE;
    }
    if (status == TRAFFSTAT_OK) {
        status = take_entries(w, places, matched);
    }
    traffstat_i_places_free(places);
    traffstat_i_free(w->ctx, matched);
    return status;
}

/* "Missoula: 2019, 2020" */
static traffstat_status list_unmatched(const work *w, size_t series)
{
    traffstat_text text;
    traffstat_i_text_init(&text, w->ctx);
    traffstat_i_text_addf(&text, "%s:", traffstat_i_panel_label(w->panel, series));
    const size_t first = traffstat_panel_series_first(w->panel, series);
    const size_t end = first + traffstat_panel_series_count(w->panel, series);
    size_t missing = 0;
    for (size_t row = first; row < end; row++) {
        if (!w->made->known[row]) {
            traffstat_i_text_addf(&text, "%s %d", missing > 0 ? "," : "",
                                  (int) traffstat_panel_years(w->panel)[row]);
            missing++;
        }
    }
    const traffstat_i_account_place place = {w->path, 0, ""};
    traffstat_status status = text.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    if (status == TRAFFSTAT_OK && missing > 0) {
        status = traffstat_i_account_problem(
            w->account, "covariate_unmatched", &place, "a record for each row of the counts",
            traffstat_i_text_get(&text),
            w->kind == TRAFFSTAT_COVARIATE_COUNTS ? "taken for none" : "left without values", 0);
    }
    traffstat_i_text_clear(&text);
    return status;
}

/* ---- numbers and words ----------------------------------------------------------------------- */

static bool is_counted(const work *w, size_t row)
{
    return traffstat_panel_whys(w->panel)[row] == TRAFFSTAT_WHY_COUNTED;
}

static bool is_missing(const work *w, const char *text)
{
    double value = 0.0;
    return number_of(w, text, &value) == TRAFFSTAT_I_VALUE_MISSING;
}

/* *words: the column is of words. The first row with the rarer kind is what is wrong with it. */
static traffstat_status look(const work *w, size_t column, bool *words)
{
    size_t numbers = 0;
    size_t others = 0;
    size_t first_number = TRAFFSTAT_NONE;
    size_t first_other = TRAFFSTAT_NONE;
    for (size_t row = 0; row < w->made->rows; row++) {
        double value = 0.0;
        const size_t which = w->owner[row];
        if (which == TRAFFSTAT_NONE) {
            continue;
        }
        const traffstat_i_value read = number_of(w, text_of(w, which, column), &value);
        if (read == TRAFFSTAT_I_VALUE_MISSING && is_counted(w, row)) {
            return refuse(w, TRAFFSTAT_E_VALUE, which, column,
                          "a value for each row of the counts");
        }
        if (read == TRAFFSTAT_I_VALUE_MISSING) {
            w->made->known[row] = false; /* nothing is estimated there */
            continue;
        }
        const bool number = read == TRAFFSTAT_I_VALUE_READ;
        first_number = number && numbers == 0 ? which : first_number;
        first_other = !number && others == 0 ? which : first_other;
        numbers += number;
        others += !number;
    }
    *words = others > 0 || w->asked[column].baseline != NULL;
    if (numbers == 0 || others == 0 || w->asked[column].baseline != NULL) {
        return TRAFFSTAT_OK;
    }
    return numbers < others
               ? refuse(w, TRAFFSTAT_E_VALUE, first_number, column,
                        "a word, as in most rows (COLUMN=WORD takes numbers for words)")
               : refuse(w, TRAFFSTAT_E_VALUE, first_other, column, "a number, as in most rows");
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The different words of a column, sorted, the baseline first. */
static traffstat_status sort_words(work *w, size_t column, size_t *count)
{
    size_t all = 0;
    for (size_t row = 0; row < w->made->rows; row++) {
        const size_t which = w->owner[row];
        if (which != TRAFFSTAT_NONE && !is_missing(w, text_of(w, which, column))) {
            w->words[all++] = text_of(w, which, column);
        }
    }
    if (all > 0) {
        qsort(w->words, all, sizeof *w->words, by_bytes);
    }
    *count = 0;
    for (size_t i = 0; i < all; i++) {
        if (i == 0 || strcmp(w->words[i], w->words[*count - 1]) != 0) {
            w->words[(*count)++] = w->words[i];
        }
    }
    const asked *of = &w->asked[column];
    if (*count > WORDS_MAX) {
        return traffstat_i_fail(w->ctx, TRAFFSTAT_E_LIMIT,
                                "%s: %s has %zu different words, and at most %d are categories",
                                w->path, of->name, *count, WORDS_MAX);
    }
    size_t base = 0;
    while (of->baseline != NULL && base < *count && strcmp(w->words[base], of->baseline) != 0) {
        base++;
    }
    if (base >= *count && *count > 0) {
        return traffstat_i_fail(w->ctx, TRAFFSTAT_E_VALUE,
                                "%s: %s is never \"%s\", which was to be the baseline; it may be "
                                "\"%s\"",
                                w->path, of->name, of->baseline, w->words[0]);
    }
    if (*count == 1) {
        return traffstat_i_fail(w->ctx, TRAFFSTAT_E_VALUE,
                                "%s: %s is \"%s\" in every row: there is nothing to compare",
                                w->path, of->name, w->words[0]);
    }
    const char *first = *count > 0 ? w->words[base] : NULL;
    memmove(w->words + 1, w->words, base * sizeof *w->words);
    w->words[0] = first;
    return TRAFFSTAT_OK;
}

static bool add_column(work *w, size_t column, const char *word, const char *baseline)
{
    traffstat_covariates *made = w->made;
    size_t capacity = made->columns;
    traffstat_text name;
    traffstat_i_text_init(&name, w->ctx);
    traffstat_i_text_add(&name, w->asked[column].name);
    traffstat_i_text_add(&name, word != NULL ? "=" : "");
    traffstat_i_text_add(&name, word != NULL ? word : "");
    char *base = baseline != NULL ? traffstat_i_strdup(w->ctx, baseline) : NULL;
    char *copy = traffstat_i_text_steal(&name);
    const bool there = copy != NULL && (base != NULL || baseline == NULL) &&
                       traffstat_i_reserve(w->ctx, &made->about, &capacity, made->columns + 1,
                                           sizeof *made->about);
    if (!there) {
        traffstat_i_free(w->ctx, copy);
        traffstat_i_free(w->ctx, base);
        return false;
    }
    made->about[made->columns++] = (traffstat_i_covariate){copy, base, column};
    return true;
}

static traffstat_status name_columns(work *w)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < w->count && status == TRAFFSTAT_OK; i++) {
        bool words = false;
        size_t count = 0;
        status = w->kind == TRAFFSTAT_COVARIATE_VALUES ? look(w, i, &words) : TRAFFSTAT_OK;
        if (status == TRAFFSTAT_OK && words) {
            status = sort_words(w, i, &count);
        } else if (status == TRAFFSTAT_OK) {
            status = add_column(w, i, NULL, NULL) ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
        }
        for (size_t k = 1; k < count && status == TRAFFSTAT_OK; k++) {
            status = add_column(w, i, w->words[k], w->words[0]) ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
        }
    }
    return status;
}

static double value_at(const work *w, size_t row, const traffstat_i_covariate *of)
{
    double value = NAN;
    if (w->owner[row] == TRAFFSTAT_NONE || is_missing(w, text_of(w, w->owner[row], of->asked))) {
        return value;
    }
    const char *text = text_of(w, w->owner[row], of->asked);
    if (of->baseline != NULL) {
        return strcmp(text, of->name + strlen(w->asked[of->asked].name) + 1) == 0 ? 1.0 : 0.0;
    }
    (void) number_of(w, text, &value);
    return value;
}

static traffstat_status fill(work *w)
{
    traffstat_covariates *made = w->made;
    if (w->kind == TRAFFSTAT_COVARIATE_COUNTS) {
        return TRAFFSTAT_OK; /* added up already */
    }
    made->values = traffstat_i_alloc(w->ctx, made->rows * made->columns, sizeof *made->values);
    for (size_t row = 0; row < made->rows && made->values != NULL; row++) {
        for (size_t i = 0; i < made->columns; i++) {
            made->values[row * made->columns + i] = value_at(w, row, &made->about[i]);
        }
    }
    return made->values != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Counts and what is said of them are not looked at: every record is a count of 0. */
static traffstat_status read_file(work *w, const traffstat_reader *reader)
{
    static const traffstat_role idle[] = {TRAFFSTAT_ROLE_POPULATION, TRAFFSTAT_ROLE_COVERAGE,
                                          TRAFFSTAT_ROLE_FLAGS, TRAFFSTAT_ROLE_CASES_LOWER,
                                          TRAFFSTAT_ROLE_CASES_UPPER};
    char zero[] = "0";
    traffstat_reader settings;
    traffstat_i_reader_defaults(&settings);
    if (reader != NULL) {
        settings = *reader; /* borrowed: nothing of it is freed */
    }
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
        settings.roles[idle[i]] = (traffstat_i_binding){TRAFFSTAT_I_FREE, NULL};
    }
    settings.roles[TRAFFSTAT_ROLE_CASES] = (traffstat_i_binding){TRAFFSTAT_I_CONSTANT, zero};
    settings.beside = true;
    settings.measure = NULL;
    settings.strictness = TRAFFSTAT_READ_LIST;
    settings.duplicates = TRAFFSTAT_DUPLICATES_FIRST;
    settings.absent = TRAFFSTAT_ABSENT_MISSING;
    const traffstat_i_beside beside = {take_header, take_record, w};
    return traffstat_i_job_beside(w->ctx, &settings, w->path, &beside, &w->file);
}

static traffstat_status run(work *w, const traffstat_reader *reader)
{
    traffstat_reader standard;
    const size_t rows = traffstat_panel_rows(w->panel);
    w->asked = traffstat_i_alloc(w->ctx, w->count, sizeof *w->asked);
    w->made = traffstat_i_alloc(w->ctx, 1, sizeof *w->made);
    if (w->made == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    w->made->ctx = w->ctx;
    w->made->rows = rows;
    w->words = traffstat_i_alloc(w->ctx, rows + 1, sizeof *w->words);
    if (w->asked == NULL || w->words == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    w->made->known = traffstat_i_alloc(w->ctx, rows, sizeof *w->made->known);
    if (w->kind == TRAFFSTAT_COVARIATE_COUNTS) {
        w->made->values = traffstat_i_alloc(w->ctx, rows * w->count, sizeof *w->made->values);
    }
    if (w->made->known == NULL ||
        (w->made->values == NULL && w->kind == TRAFFSTAT_COVARIATE_COUNTS)) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_status status = read_file(w, reader);
    traffstat_i_reader_defaults(&standard);
    w->options = reader != NULL ? reader : &standard;
    status = status == TRAFFSTAT_OK ? match(w) : status;
    status = status == TRAFFSTAT_OK ? name_columns(w) : status;
    status = status == TRAFFSTAT_OK ? fill(w) : status;
    for (size_t s = 0;
         w->account != NULL && s < traffstat_panel_series(w->panel) && status == TRAFFSTAT_OK;
         s++) {
        status = list_unmatched(w, s);
    }
    return status;
}

static void clear(work *w)
{
    for (size_t i = 0; w->asked != NULL && i < w->count; i++) {
        traffstat_i_free(w->ctx, w->asked[i].name);
        traffstat_i_free(w->ctx, w->asked[i].baseline);
    }
    traffstat_i_free(w->ctx, w->asked);
    traffstat_i_free(w->ctx, w->entries);
    traffstat_i_free(w->ctx, w->starts);
    traffstat_i_free(w->ctx, w->owner);
    traffstat_i_free(w->ctx, w->words);
    traffstat_i_text_clear(&w->arena);
    traffstat_panel_free(w->file);
}

static traffstat_status check(traffstat_ctx *ctx, const char *path, const traffstat_panel *panel,
                              const char *const *names, size_t count, traffstat_covariate_kind kind)
{
    bool named = names != NULL && count > 0 && count <= ASKED_MAX;
    for (size_t i = 0; named && i < count; i++) {
        named = names[i] != NULL && names[i][0] != '\0' &&
                traffstat_i_utf8_valid(names[i], strlen(names[i]));
    }
    if (panel == NULL || path == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no %s was given",
                                panel == NULL ? "panel" : "path");
    }
    if (kind != TRAFFSTAT_COVARIATE_VALUES && kind != TRAFFSTAT_COVARIATE_COUNTS) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is no kind of covariate",
                                (int) kind);
    }
    return named ? TRAFFSTAT_OK
                 : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "1 to %d names of columns are wanted, none of them empty",
                                    ASKED_MAX);
}

traffstat_status traffstat_read_covariates(traffstat_ctx *ctx, const traffstat_reader *reader,
                                           const char *path, const traffstat_panel *panel,
                                           const char *const *names, size_t count,
                                           traffstat_covariate_kind kind,
                                           traffstat_account *account, traffstat_covariates **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the covariates was given");
    }
    *out = NULL;
    traffstat_status status = check(ctx, path, panel, names, count, kind);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    work w = {.ctx = ctx,
              .path = path,
              .panel = panel,
              .names = names,
              .count = count,
              .kind = kind,
              .account = account};
    traffstat_i_text_init(&w.arena, ctx);
    status = run(&w, reader);
    clear(&w);
    if (status != TRAFFSTAT_OK) {
        traffstat_covariates_free(w.made);
        return status == TRAFFSTAT_E_NOMEM
                   ? traffstat_i_fail(ctx, status, "out of memory while covariates were read")
                   : status;
    }
    *out = w.made;
    return TRAFFSTAT_OK;
}
