#include <string.h>

#include "read/shape.h"

#define FOLDED 128

bool traffstat_i_header_has(const traffstat_i_header *header, traffstat_role role)
{
    return header->column[role] != TRAFFSTAT_I_NO_COLUMN || header->constant[role] != NULL;
}

size_t traffstat_i_header_find(const traffstat_i_header *header, const char *folded)
{
    for (size_t i = 0; i < header->width; i++) {
        char name[FOLDED];
        (void) traffstat_i_fold(traffstat_i_slice_of(header->names[i]), name, sizeof name);
        if (strcmp(name, folded) == 0) {
            return i;
        }
    }
    return TRAFFSTAT_I_NO_COLUMN;
}

/* ---- taking a column ------------------------------------------------------------------------ */

/* "Cases_Reported" -> "cases reported". */
static char *plain_name(traffstat_ctx *ctx, traffstat_i_slice name, bool lower, bool digits)
{
    name = traffstat_i_without_marks(name, digits);
    char *out = traffstat_i_strndup(ctx, name.data, name.size);
    size_t used = 0;
    for (size_t i = 0; out != NULL && i < name.size; i++) {
        const char c = name.data[i];
        const bool space = traffstat_i_is_space(c) || (lower && c == '_');
        if (!space) {
            out[used++] = lower ? traffstat_i_lower(c) : c;
        } else if (used > 0 && out[used - 1] != ' ') {
            out[used++] = ' ';
        }
    }
    if (out != NULL) {
        out[used] = '\0';
    }
    return out;
}

static void clear_counts(traffstat_ctx *ctx, traffstat_i_header *header)
{
    for (size_t i = 0; i < header->counts_size; i++) {
        traffstat_i_free(ctx, header->counts[i].place);
        traffstat_i_free(ctx, header->counts[i].measure);
        traffstat_i_free(ctx, header->counts[i].category);
    }
    traffstat_i_free(ctx, header->counts);
    header->counts = NULL;
    header->counts_size = 0;
}

void traffstat_i_header_clear_counts(traffstat_ctx *ctx, traffstat_i_header *header)
{
    clear_counts(ctx, header);
}

static traffstat_status begin_counts(traffstat_ctx *ctx, traffstat_i_header *header)
{
    clear_counts(ctx, header);
    header->counts = traffstat_i_alloc(ctx, header->width, sizeof *header->counts);
    return header->counts != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

/* What a header says of the counts below it: "Commercial sex acts / Offenses" is a category and a
 * measure. */
static traffstat_status take_words(traffstat_ctx *ctx, traffstat_i_header *header,
                                   traffstat_i_slice words, traffstat_i_counts *to)
{
    traffstat_i_slice measure = words;
    for (size_t i = words.size; i > sizeof TRAFFSTAT_I_JOIN; i--) {
        const size_t at = i - sizeof TRAFFSTAT_I_JOIN;
        if (memcmp(words.data + at, TRAFFSTAT_I_JOIN, sizeof TRAFFSTAT_I_JOIN - 1) == 0) {
            const size_t past = at + sizeof TRAFFSTAT_I_JOIN - 1;
            measure = (traffstat_i_slice){words.data + past, words.size - past};
            to->category =
                plain_name(ctx, (traffstat_i_slice){words.data, at}, false, header->digits);
            if (to->category == NULL) {
                return TRAFFSTAT_E_NOMEM;
            }
            break;
        }
    }
    if (measure.size > 0) {
        to->measure = plain_name(ctx, measure, true, header->digits);
    }
    return measure.size == 0 || to->measure != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

bool traffstat_i_header_taken(const traffstat_i_header *header, size_t column)
{
    for (traffstat_role role = 0; role < TRAFFSTAT_ROLE_COUNT; role++) {
        if (header->column[role] == column) {
            return true;
        }
    }
    for (size_t i = 0; i < header->parts_size; i++) {
        if (header->parts[i] == column) {
            return true;
        }
    }
    for (size_t i = 0; i < header->keys_size; i++) {
        if (header->keys[i] == column) {
            return true;
        }
    }
    return false;
}

bool traffstat_i_counts_candidate(const traffstat_i_header *header, size_t column)
{
    char folded[FOLDED];
    (void) traffstat_i_fold(traffstat_i_slice_of(header->names[column]), folded, sizeof folded);
    return traffstat_i_role_rank(TRAFFSTAT_ROLE_CASES, folded) > 0 &&
           !traffstat_i_header_taken(header, column);
}

const char *traffstat_i_counts_measure(const char *name, char *out, size_t size)
{
    (void) traffstat_i_fold(traffstat_i_slice_of(name), out, size);
    return traffstat_i_is_plain_count(out) && strncmp(out, "total", 5) != 0 ? "cases" : out;
}

static bool is_counts(const traffstat_i_header *header, size_t column)
{
    for (size_t i = 0; i < header->counts_size; i++) {
        if (header->counts[i].column == column) {
            return true;
        }
    }
    return false;
}

/* Columns of words that no role took tell series apart. */
static void take_parts(const traffstat_i_shape *shape, traffstat_i_header *header)
{
    const bool own = traffstat_i_header_has(header, TRAFFSTAT_ROLE_CATEGORY);
    for (size_t i = 0; i < header->width && !own && header->source == NULL; i++) {
        if (header->parts_size < TRAFFSTAT_I_PARTS && !traffstat_i_header_taken(header, i) &&
            i != header->by && !is_counts(header, i) && header->names[i][0] != '\0' &&
            !traffstat_i_shape_is_numeric(shape, i) && shape->words != NULL &&
            i < shape->numeric_width && shape->words[i] != 0) {
            header->parts[header->parts_size++] = i;
        }
    }
}

/* ---- which measure -------------------------------------------------------------------------- */

bool traffstat_i_same_folded(const char *name, const char *wanted)
{
    char a[FOLDED];
    char b[FOLDED];
    (void) traffstat_i_fold(traffstat_i_slice_of(name), a, sizeof a);
    (void) traffstat_i_fold(traffstat_i_slice_of(wanted), b, sizeof b);
    return strcmp(a, b) == 0;
}

static bool fits_measure(const traffstat_i_header *header, const traffstat_i_counts *counts,
                         const char *wanted)
{
    return (counts->measure != NULL && traffstat_i_same_folded(counts->measure, wanted)) ||
           traffstat_i_same_folded(header->names[counts->column], wanted);
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* A column that is left out may say how many of the counts in one that stays were cleared. */
static void note_cleared(traffstat_i_header *header, const traffstat_i_counts *left_out,
                         const char *wanted)
{
    if (left_out->measure == NULL || !traffstat_i_is_cleared(left_out->measure)) {
        return;
    }
    for (size_t i = 0; i < header->counts_size; i++) {
        traffstat_i_counts *one = &header->counts[i];
        if (one->cleared == 0 && one->measure != NULL && traffstat_i_is_counted(one->measure) &&
            fits_measure(header, one, wanted) && one->year == left_out->year &&
            same_text(one->place, left_out->place) &&
            same_text(one->category, left_out->category)) {
            one->cleared = left_out->column + 1;
        }
    }
}

/* Keeps the columns of one measure. */
static bool keep_measure(traffstat_ctx *ctx, traffstat_i_header *header, const char *wanted)
{
    size_t kept = 0;
    for (size_t i = 0; i < header->counts_size; i++) {
        kept += fits_measure(header, &header->counts[i], wanted);
    }
    if (kept == 0) {
        return false;
    }
    for (size_t i = 0; i < header->counts_size; i++) {
        if (!fits_measure(header, &header->counts[i], wanted)) {
            note_cleared(header, &header->counts[i], wanted);
        }
    }
    size_t used = 0;
    for (size_t i = 0; i < header->counts_size; i++) {
        traffstat_i_counts counts = header->counts[i];
        if (fits_measure(header, &counts, wanted)) {
            header->counts[used++] = counts;
        } else {
            traffstat_i_free(ctx, counts.place);
            traffstat_i_free(ctx, counts.measure);
            traffstat_i_free(ctx, counts.category);
        }
    }
    header->counts_size = used;
    return true;
}

static traffstat_status choose_measure(traffstat_ctx *ctx, const traffstat_reader *options,
                                       const char *file, const char *main,
                                       traffstat_i_header *header)
{
    const char *wanted = options->measure;
    if (wanted == NULL && main != NULL) {
        (void) keep_measure(ctx, header, main);
        return TRAFFSTAT_OK;
    }
    if (wanted == NULL || strcmp(wanted, "all") == 0 ||
        traffstat_i_header_has(header, TRAFFSTAT_ROLE_MEASURE) ||
        keep_measure(ctx, header, wanted)) {
        return TRAFFSTAT_OK;
    }
    return traffstat_i_no_measure(ctx, file, header, wanted);
}

traffstat_status traffstat_i_no_measure(traffstat_ctx *ctx, const char *file,
                                        const traffstat_i_header *header, const char *wanted)
{
    const char *near = header->measure != NULL ? header->measure : "cases";
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < header->counts_size; i++) {
        const char *name = header->counts[i].measure != NULL ? header->counts[i].measure : "cases";
        const size_t distance = traffstat_i_edit_distance(wanted, name);
        near = distance < least ? name : near;
        least = distance < least ? distance : least;
    }
    return traffstat_i_fail(ctx, TRAFFSTAT_E_COLUMN,
                            "%s has no measure \"%s\"; the nearest is \"%s\"", file, wanted, near);
}

/* ---- layouts -------------------------------------------------------------------------------- */

static traffstat_status take_known(traffstat_ctx *ctx, const traffstat_i_known *source,
                                   traffstat_i_header *header)
{
    const traffstat_status status = begin_counts(ctx, header);
    for (size_t i = 0; i < TRAFFSTAT_I_SOURCE_COLUMNS && status == TRAFFSTAT_OK; i++) {
        const char *folded = source->values[i].folded;
        const size_t column =
            folded != NULL ? traffstat_i_header_find(header, folded) : TRAFFSTAT_I_NO_COLUMN;
        if (column == TRAFFSTAT_I_NO_COLUMN) {
            continue;
        }
        traffstat_i_counts *to = &header->counts[header->counts_size++];
        to->column = column;
        to->measure = traffstat_i_strdup(ctx, source->values[i].measure);
        if (to->measure == NULL) {
            return TRAFFSTAT_E_NOMEM;
        }
    }
    return status;
}

typedef struct yearly {
    int32_t year;
    char rest[FOLDED];
} yearly;

static bool is_yearly(const traffstat_i_header *header, size_t column, yearly *out)
{
    char folded[FOLDED];
    if (traffstat_i_header_taken(header, column) ||
        !traffstat_i_year_in_name(traffstat_i_slice_of(header->names[column]), &out->year,
                                  out->rest, sizeof out->rest)) {
        return false;
    }
    (void) traffstat_i_fold(traffstat_i_slice_of(out->rest), folded, sizeof folded);
    if (strcmp(folded, "x") == 0 || strcmp(folded, "y") == 0 || strcmp(folded, "yr") == 0 ||
        strcmp(folded, "fy") == 0 || strcmp(folded, "year") == 0) {
        out->rest[0] = '\0';
    }
    return true;
}

/* Does another column have the same words with another year? */
static bool has_sibling(const traffstat_i_header *header, size_t column, const yearly *own)
{
    for (size_t i = 0; i < header->width; i++) {
        yearly other;
        if (i != column && is_yearly(header, i, &other) && other.year != own->year &&
            strcmp(other.rest, own->rest) == 0) {
            return true;
        }
    }
    return false;
}

/* Once columns of years are found, what stands beside them in numbers is a total, say, or the row's
 * number: said, unless the publisher's form is known. */
static void leave_out_others(const traffstat_i_shape *shape, traffstat_i_header *header)
{
    for (size_t i = 0; i < header->width; i++) {
        const bool taken =
            i != header->column[TRAFFSTAT_ROLE_CASES] && traffstat_i_header_taken(header, i);
        if (is_counts(header, i) || taken || !traffstat_i_shape_is_numeric(shape, i) ||
            header->known != NULL) {
            continue;
        }
        const bool nameless = header->names[i][0] == '\0' || strcmp(header->names[i], "NA") == 0;
        header->left_out[i] = nameless ? TRAFFSTAT_I_HAS_NO_NAME : TRAFFSTAT_I_HAS_NO_YEAR;
    }
}

static traffstat_status take_years(traffstat_ctx *ctx, const traffstat_i_shape *shape,
                                   traffstat_i_header *header)
{
    traffstat_status status = begin_counts(ctx, header);
    for (size_t i = 0; i < header->width && status == TRAFFSTAT_OK; i++) {
        yearly found;
        if (is_yearly(header, i, &found) &&
            (has_sibling(header, i, &found) ||
             (shape->rows > 1 && traffstat_i_shape_is_numeric(shape, i)))) {
            traffstat_i_counts *to = &header->counts[header->counts_size++];
            to->column = i;
            to->year = found.year;
            status = take_words(ctx, header, traffstat_i_slice_of(found.rest), to);
        }
    }
    if (status == TRAFFSTAT_OK && header->counts_size > 0) {
        leave_out_others(shape, header);
    }
    return status;
}

/* Names of numbers that count nothing. */
static bool is_no_count(const char *name)
{
    static const char *const ends[] = {"code",  "id",    "fips",    "zip", "zipcode",  "rate",
                                       "rates", "ratio", "percent", "pct", "latitude", "longitude"};
    static const char *const whole[] = {"month", "day", "week", "quarter",
                                        "rank",  "lat", "lon",  "lng"};
    char folded[FOLDED];
    const size_t size = traffstat_i_fold(traffstat_i_slice_of(name), folded, sizeof folded);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const size_t end = strlen(ends[i]);
        if (size >= end && strcmp(folded + size - end, ends[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        if (strcmp(folded, whole[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The measure of a column that is named for counts, or for anything else. */
static traffstat_status take_measure(traffstat_ctx *ctx, traffstat_i_header *header, size_t column,
                                     traffstat_i_counts *to)
{
    char folded[FOLDED];
    const char *name = header->names[column];
    if (strcmp(traffstat_i_counts_measure(name, folded, sizeof folded), "cases") == 0) {
        to->measure = traffstat_i_strdup(ctx, "cases");
        return to->measure != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    }
    return take_words(ctx, header, traffstat_i_slice_of(name), to);
}

/* Columns that are named for counts; without `named`, those that hold some. */
static traffstat_status take_measures(traffstat_ctx *ctx, const traffstat_i_shape *shape,
                                      bool named, traffstat_i_header *header)
{
    traffstat_status status = begin_counts(ctx, header);
    for (size_t i = 0; i < header->width && status == TRAFFSTAT_OK; i++) {
        const bool takes = named ? traffstat_i_counts_candidate(header, i)
                                 : traffstat_i_shape_is_numeric(shape, i) &&
                                       !traffstat_i_header_taken(header, i) &&
                                       !is_no_count(header->names[i]);
        if (takes && header->names[i][0] == '\0') {
            header->left_out[i] = TRAFFSTAT_I_HAS_NO_NAME;
        } else if (takes) {
            traffstat_i_counts *to = &header->counts[header->counts_size++];
            to->column = i;
            status = take_measure(ctx, header, i, to);
        }
    }
    return status;
}

static traffstat_status take_places(traffstat_ctx *ctx, traffstat_i_header *header)
{
    traffstat_status status = begin_counts(ctx, header);
    for (size_t i = 0; i < header->width && status == TRAFFSTAT_OK; i++) {
        if (traffstat_i_header_taken(header, i)) {
            continue;
        }
        traffstat_i_counts *to = &header->counts[header->counts_size++];
        to->column = i;
        to->place = plain_name(ctx, traffstat_i_slice_of(header->names[i]), false, false);
        status = to->place != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    }
    return status;
}

/* Several columns beside the years, none of which is named for counts or for people. */
static bool is_transposed(const traffstat_i_shape *shape, const traffstat_i_header *header)
{
    size_t places = 0;
    for (size_t i = 0; i < header->width; i++) {
        char folded[FOLDED];
        (void) traffstat_i_fold(traffstat_i_slice_of(header->names[i]), folded, sizeof folded);
        if (traffstat_i_header_taken(header, i)) {
            continue;
        }
        if (is_no_count(header->names[i]) || header->names[i][0] == '\0' ||
            !traffstat_i_shape_is_numeric(shape, i) ||
            traffstat_i_role_rank(TRAFFSTAT_ROLE_CASES, folded) > 0 ||
            traffstat_i_role_rank(TRAFFSTAT_ROLE_POPULATION, folded) > 0) {
            return false;
        }
        places++;
    }
    return places >= 2 && header->column[TRAFFSTAT_ROLE_YEAR] != TRAFFSTAT_I_NO_COLUMN;
}

static traffstat_status find(traffstat_ctx *ctx, const traffstat_i_shape *shape,
                             const traffstat_i_known *source, traffstat_i_header *header)
{
    const bool place = traffstat_i_header_has(header, TRAFFSTAT_ROLE_JURISDICTION) ||
                       traffstat_i_header_has(header, TRAFFSTAT_ROLE_KEY) || header->keys_size > 0;
    const bool year = traffstat_i_header_has(header, TRAFFSTAT_ROLE_YEAR);
    traffstat_status status = TRAFFSTAT_OK;
    if (source != NULL && source->values[0].folded != NULL) {
        header->layout = "long";
        return take_known(ctx, source, header);
    }
    if (place && !year) {
        header->layout = "wide";
        status = take_years(ctx, shape, header);
    } else if (year && !place && is_transposed(shape, header)) {
        header->layout = "transposed";
        status = take_places(ctx, header);
    } else if (year && place && !traffstat_i_header_has(header, TRAFFSTAT_ROLE_CASES)) {
        header->layout = "long";
        status = take_measures(ctx, shape, header->several, header);
    }
    return status;
}

/* A measure was asked for that is not the one column named for counts: others are looked through. */
static bool wants_another(const traffstat_reader *options, const traffstat_i_header *header)
{
    const size_t column = header->column[TRAFFSTAT_ROLE_CASES];
    char folded[FOLDED];
    return options->measure != NULL && strcmp(options->measure, "all") != 0 &&
           column != TRAFFSTAT_I_NO_COLUMN && header->known == NULL &&
           !traffstat_i_header_has(header, TRAFFSTAT_ROLE_MEASURE) &&
           !traffstat_i_same_folded(header->names[column], options->measure) &&
           !traffstat_i_same_folded(
               traffstat_i_counts_measure(header->names[column], folded, sizeof folded),
               options->measure);
}

traffstat_status traffstat_i_columns_find(traffstat_ctx *ctx, const traffstat_reader *options,
                                          const char *file, const traffstat_i_shape *shape,
                                          traffstat_i_header *header)
{
    const traffstat_i_known *source = header->known;
    const bool cases = options->roles[TRAFFSTAT_ROLE_CASES].how != TRAFFSTAT_I_FREE;
    if (cases || (traffstat_i_header_has(header, TRAFFSTAT_ROLE_CASES_LOWER) &&
                  traffstat_i_header_has(header, TRAFFSTAT_ROLE_CASES_UPPER))) {
        return TRAFFSTAT_OK;
    }
    if (wants_another(options, header)) {
        header->column[TRAFFSTAT_ROLE_CASES] = TRAFFSTAT_I_NO_COLUMN;
    }
    const traffstat_status status = find(ctx, shape, source, header);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (header->counts_size == 0) {
        header->layout = "long";
        clear_counts(ctx, header);
        return TRAFFSTAT_OK;
    }
    header->column[TRAFFSTAT_ROLE_CASES] = TRAFFSTAT_I_NO_COLUMN;
    take_parts(shape, header);
    const char *main = source != NULL ? source->main : NULL;
    if (source != NULL && source->values[0].folded != NULL) {
        main = source->values[0].measure;
    }
    return choose_measure(ctx, options, file, main, header);
}
