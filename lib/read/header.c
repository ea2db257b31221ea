#include <string.h>

#include "read/shape.h"

#define FOLDED 128

const char *traffstat_i_header_name(const traffstat_i_header *header, size_t column,
                                    char out[TRAFFSTAT_I_SHOWN])
{
    if (column < header->width && header->names[column][0] != '\0') {
        return traffstat_i_slice_show(traffstat_i_slice_of(header->names[column]), out);
    }
    char digits[24];
    size_t used = sizeof digits;
    size_t number = column + 1;
    do {
        digits[--used] = (char) ('0' + number % 10);
        number /= 10;
    } while (number > 0);
    out[0] = '#';
    memcpy(out + 1, digits + used, sizeof digits - used);
    out[1 + sizeof digits - used] = '\0';
    return out;
}

void traffstat_i_header_clear(traffstat_ctx *ctx, traffstat_i_header *header)
{
    for (size_t i = 0; header->names != NULL && i < header->width; i++) {
        traffstat_i_free(ctx, header->names[i]);
    }
    traffstat_i_header_clear_counts(ctx, header);
    traffstat_i_free(ctx, header->names);
    traffstat_i_free(ctx, header->wanted);
    traffstat_i_free(ctx, header->left_out);
    traffstat_i_free(ctx, header->measure);
    *header = (traffstat_i_header){0};
}

/* White space as one space; words that were cut at a hyphen put together: "Larceny-\ntheft". */
static void make_one_line(char *name)
{
    size_t used = 0;
    bool space = false;
    bool line = false;
    for (const char *at = name; *at != '\0'; at++) {
        if (traffstat_i_is_space(*at)) {
            space = true;
            line = line || *at == '\n' || *at == '\r';
            continue;
        }
        if (space && used > 0 && !(line && name[used - 1] == '-')) {
            name[used++] = ' ';
        }
        name[used++] = *at;
        space = false;
        line = false;
    }
    name[used] = '\0';
}

static traffstat_status copy_names(traffstat_ctx *ctx, const traffstat_i_shape *shape,
                                   const traffstat_i_record *record, traffstat_i_header *out)
{
    size_t width = record->kept;
    while (width > 1 && traffstat_i_slice_trim(record->field[width - 1]).size == 0 &&
           !traffstat_i_shape_is_numeric(shape, width - 1)) {
        width--; /* spreadsheets leave empty columns at the right */
    }
    out->names = traffstat_i_alloc(ctx, width, sizeof *out->names);
    out->wanted = traffstat_i_alloc(ctx, width, 1);
    out->left_out = traffstat_i_alloc(ctx, width, 1);
    if (out->names == NULL || out->wanted == NULL || out->left_out == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    out->width = width;
    for (size_t i = 0; i < width; i++) {
        const traffstat_i_slice name = traffstat_i_slice_trim(record->field[i]);
        out->names[i] = traffstat_i_strndup(ctx, name.data, name.size);
        if (out->names[i] == NULL) {
            return TRAFFSTAT_E_NOMEM;
        }
        make_one_line(out->names[i]);
    }
    return TRAFFSTAT_OK;
}

/* ---- named columns -------------------------------------------------------------------------- */

/* `"state", "year", "n"`, as many as fit. */
static const char *list_names(const traffstat_i_header *header, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < header->width; i++) {
        char shown[TRAFFSTAT_I_SHOWN];
        const char *name = traffstat_i_header_name(header, i, shown);
        const size_t length = strlen(name);
        if (used + length + 16 > size) {
            memcpy(out + used, ", \xe2\x80\xa6", 6);
            return out;
        }
        memcpy(out + used, i > 0 ? ", \"" : "\"", i > 0 ? 3 : 1);
        used += i > 0 ? 3 : 1;
        memcpy(out + used, name, length);
        used += length;
        out[used++] = '"';
        out[used] = '\0';
    }
    return out;
}

/* "#3" is the third column; SIZE_MAX when the text is no such number. */
static size_t column_number(const char *text)
{
    int64_t number = 0;
    if (text[0] != '#' || !traffstat_i_parse_int(text + 1, strlen(text + 1), &number) ||
        number < 1) {
        return SIZE_MAX;
    }
    return (size_t) number - 1;
}

static const char *nearest_name(const traffstat_i_header *header, const char *wanted)
{
    const char *nearest = "";
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < header->width; i++) {
        const size_t distance = traffstat_i_edit_distance(wanted, header->names[i]);
        if (distance < least) {
            least = distance;
            nearest = header->names[i];
        }
    }
    return nearest;
}

static traffstat_status find_mapped(traffstat_ctx *ctx, const char *file,
                                    const traffstat_i_header *header, traffstat_role role,
                                    const char *wanted, size_t *out)
{
    const size_t number = column_number(wanted);
    if (number < header->width) {
        *out = number;
        return TRAFFSTAT_OK;
    }
    size_t found = TRAFFSTAT_I_NO_COLUMN;
    for (size_t i = 0; i < header->width; i++) {
        if (traffstat_i_compare_nocase(header->names[i], wanted) != 0) {
            continue;
        }
        if (found != TRAFFSTAT_I_NO_COLUMN) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_COLUMN,
                                    "%s: columns %zu and %zu are both called \"%s\": choose by "
                                    "number, as --map %s=#%zu",
                                    file, found + 1, i + 1, wanted, traffstat_role_name(role),
                                    found + 1);
        }
        found = i;
    }
    if (found == TRAFFSTAT_I_NO_COLUMN) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_COLUMN,
                                "%s has no column \"%s\" for the %s; the nearest name is \"%s\"",
                                file, wanted, traffstat_role_name(role),
                                nearest_name(header, wanted));
    }
    *out = found;
    return TRAFFSTAT_OK;
}

static traffstat_status apply_options(traffstat_ctx *ctx, const traffstat_reader *options,
                                      const char *file, traffstat_i_header *out)
{
    for (traffstat_role role = 0; role < TRAFFSTAT_ROLE_COUNT; role++) {
        const traffstat_i_binding *binding = &options->roles[role];
        out->column[role] = TRAFFSTAT_I_NO_COLUMN;
        out->constant[role] = NULL;
        if (binding->how == TRAFFSTAT_I_CONSTANT) {
            out->constant[role] = binding->text;
        } else if (binding->how == TRAFFSTAT_I_MAPPED) {
            char *wanted = traffstat_i_strdup(ctx, binding->text);
            if (wanted == NULL) {
                return TRAFFSTAT_E_NOMEM;
            }
            make_one_line(wanted);
            const traffstat_status status =
                find_mapped(ctx, file, out, role, wanted, &out->column[role]);
            traffstat_i_free(ctx, wanted);
            if (status != TRAFFSTAT_OK) {
                return status;
            }
        }
    }
    return TRAFFSTAT_OK;
}

/* The column to sum up to, by name or number. */
static traffstat_status find_by(traffstat_ctx *ctx, const traffstat_reader *options,
                                const char *file, traffstat_i_header *header)
{
    const char *wanted = options->by;
    if (wanted == NULL) {
        return TRAFFSTAT_OK;
    }
    const size_t number = column_number(wanted);
    for (size_t i = 0; i < header->width; i++) {
        if (i != number && traffstat_i_compare_nocase(header->names[i], wanted) != 0) {
            continue;
        }
        if (header->by != TRAFFSTAT_I_NO_COLUMN) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_COLUMN,
                                    "%s: columns %zu and %zu are both called \"%s\": sum up to one "
                                    "of them by number, as --by #%zu",
                                    file, header->by + 1, i + 1, wanted, header->by + 1);
        }
        header->by = i;
    }
    if (header->by == TRAFFSTAT_I_NO_COLUMN && !options->beside) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_COLUMN,
                                "%s has no column \"%s\" to sum up to; the nearest name is \"%s\"",
                                file, wanted, nearest_name(header, wanted));
    }
    return TRAFFSTAT_OK;
}

/* ---- recognised columns --------------------------------------------------------------------- */

static traffstat_status fail_two(traffstat_ctx *ctx, const char *file,
                                 const traffstat_i_header *header, traffstat_role role,
                                 size_t first, size_t second)
{
    char a[TRAFFSTAT_I_SHOWN];
    char b[TRAFFSTAT_I_SHOWN];
    (void) traffstat_i_header_name(header, first, a);
    (void) traffstat_i_header_name(header, second, b);
    const char *name = traffstat_role_name(role);
    if (strcmp(a, b) == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_COLUMN,
                                "%s: columns %zu and %zu, both called \"%s\", could be the %s: "
                                "choose one, as --map %s=#%zu",
                                file, first + 1, second + 1, a, name, name, first + 1);
    }
    return traffstat_i_fail(ctx, TRAFFSTAT_E_COLUMN,
                            "%s: two columns could be the %s, \"%s\" and \"%s\": choose one, as "
                            "--map %s=%s",
                            file, name, a, b, name, a);
}

/* Several columns of counts are several measures, unless two would have the same name. */
static traffstat_status recognise_counts(traffstat_ctx *ctx, const char *file,
                                         traffstat_i_header *header)
{
    size_t found = 0;
    for (size_t i = 0; i < header->width; i++) {
        if (!traffstat_i_counts_candidate(header, i)) {
            continue;
        }
        for (size_t k = 0; k < i && found > 0; k++) {
            char a[FOLDED];
            char b[FOLDED];
            if (traffstat_i_counts_candidate(header, k) &&
                strcmp(traffstat_i_counts_measure(header->names[k], a, sizeof a),
                       traffstat_i_counts_measure(header->names[i], b, sizeof b)) == 0) {
                return fail_two(ctx, file, header, TRAFFSTAT_ROLE_CASES, k, i);
            }
        }
        found++;
        header->first_counts = found == 1 ? i : header->first_counts;
    }
    if (found == 1) {
        header->column[TRAFFSTAT_ROLE_CASES] = header->first_counts;
    }
    header->several = found > 1;
    return TRAFFSTAT_OK;
}

/* A column that bears the role's own name beats aliases; otherwise two candidates are one too
 * many. */
static traffstat_status recognise(traffstat_ctx *ctx, const char *file, traffstat_i_header *header,
                                  traffstat_role role)
{
    size_t found[3] = {TRAFFSTAT_I_NO_COLUMN, TRAFFSTAT_I_NO_COLUMN, TRAFFSTAT_I_NO_COLUMN};
    size_t second[3] = {TRAFFSTAT_I_NO_COLUMN, TRAFFSTAT_I_NO_COLUMN, TRAFFSTAT_I_NO_COLUMN};
    size_t spare = TRAFFSTAT_I_NO_COLUMN;
    for (size_t i = 0; i < header->width; i++) {
        char folded[FOLDED];
        (void) traffstat_i_fold(traffstat_i_slice_of(header->names[i]), folded, sizeof folded);
        const int rank = traffstat_i_role_rank(role, folded);
        if (rank == 0 || traffstat_i_header_taken(header, i)) {
            continue;
        }
        if (i ==
            header->by) { /* what is summed up to names the place only where nothing else does */
            spare = i;
            continue;
        }
        if (found[rank] == TRAFFSTAT_I_NO_COLUMN) {
            found[rank] = i;
        } else if (second[rank] == TRAFFSTAT_I_NO_COLUMN) {
            second[rank] = i;
        }
    }
    const int best = found[2] != TRAFFSTAT_I_NO_COLUMN ? 2 : 1;
    if (second[best] != TRAFFSTAT_I_NO_COLUMN) {
        return fail_two(ctx, file, header, role, found[best], second[best]);
    }
    header->column[role] = found[best] != TRAFFSTAT_I_NO_COLUMN ? found[best] : spare;
    return TRAFFSTAT_OK;
}

static bool has(const traffstat_i_header *header, traffstat_role role)
{
    return traffstat_i_header_has(header, role);
}

/* "2015 estimated population", where there is one such column. */
static size_t population_of_a_year(const traffstat_i_header *header)
{
    size_t found = TRAFFSTAT_I_NO_COLUMN;
    for (size_t i = 0; i < header->width; i++) {
        char rest[FOLDED];
        char folded[FOLDED];
        int32_t year = 0;
        if (!traffstat_i_year_in_name(traffstat_i_slice_of(header->names[i]), &year, rest,
                                      sizeof rest)) {
            continue;
        }
        (void) traffstat_i_fold(traffstat_i_slice_of(rest), folded, sizeof folded);
        if (traffstat_i_role_rank(TRAFFSTAT_ROLE_POPULATION, folded) > 0) {
            if (found != TRAFFSTAT_I_NO_COLUMN) {
                return TRAFFSTAT_I_NO_COLUMN;
            }
            found = i;
        }
    }
    return found;
}

/* The columns of a publisher's own form; options beat them. */
static void recognise_source(const traffstat_reader *options, traffstat_i_header *header)
{
    const traffstat_i_known *source = traffstat_i_known_find(header);
    header->known = source;
    if (source == NULL) {
        return;
    }
    header->source = source->name;
    header->digits = source->digits;
    for (size_t i = 0; i < sizeof source->roles / sizeof source->roles[0]; i++) {
        const traffstat_i_known_role *one = &source->roles[i];
        if (one->folded != NULL && !has(header, one->role)) {
            header->column[one->role] = traffstat_i_header_find(header, one->folded);
            header->symbols =
                header->symbols || (source->symbols && one->role == TRAFFSTAT_ROLE_FLAGS);
        }
    }
    for (size_t i = 0; i < TRAFFSTAT_I_SOURCE_COLUMNS; i++) {
        if (source->category[i] != NULL && !has(header, TRAFFSTAT_ROLE_CATEGORY)) {
            const size_t column = traffstat_i_header_find(header, source->category[i]);
            header->parts[header->parts_size] = column;
            header->parts_size += column != TRAFFSTAT_I_NO_COLUMN;
        }
        if (source->key[i].folded != NULL && !has(header, TRAFFSTAT_ROLE_KEY)) {
            const size_t column = traffstat_i_header_find(header, source->key[i].folded);
            header->keys[header->keys_size] = column;
            header->key_digits[header->keys_size] = source->key[i].digits;
            header->keys_size += column != TRAFFSTAT_I_NO_COLUMN;
        }
    }
    if (!has(header, TRAFFSTAT_ROLE_POPULATION)) {
        header->column[TRAFFSTAT_ROLE_POPULATION] = population_of_a_year(header);
    }
    if (source->main != NULL && options->measure == NULL && has(header, TRAFFSTAT_ROLE_MEASURE)) {
        header->main = source->main;
    }
}

/* A file of denominators: its column of populations is what counts, and each record a cell. The
 * tidy form may have its populations as counts, and is read as it is. */
static traffstat_status recognise_denominators(traffstat_ctx *ctx, const char *file,
                                               traffstat_i_header *header)
{
    traffstat_status status = TRAFFSTAT_OK;
    if (traffstat_i_header_find(header, "caseslower") != TRAFFSTAT_I_NO_COLUMN) {
        return status;
    }
    if (!has(header, TRAFFSTAT_ROLE_POPULATION)) {
        status = recognise(ctx, file, header, TRAFFSTAT_ROLE_POPULATION);
    }
    if (has(header, TRAFFSTAT_ROLE_POPULATION)) {
        header->column[TRAFFSTAT_ROLE_CASES] = TRAFFSTAT_I_NO_COLUMN;
        header->constant[TRAFFSTAT_ROLE_CASES] = "0";
    }
    return status;
}

static traffstat_status recognise_all(traffstat_ctx *ctx, const char *file,
                                      traffstat_i_header *header)
{
    for (traffstat_role role = 0; role < TRAFFSTAT_ROLE_COUNT; role++) {
        if (has(header, role) || (header->known != NULL && role != TRAFFSTAT_ROLE_YEAR &&
                                  role != TRAFFSTAT_ROLE_POPULATION)) {
            continue; /* a known source's form is known whole */
        }
        /* the tidy form's ends stand for the count: no other column is looked for */
        if (role == TRAFFSTAT_ROLE_CASES && has(header, TRAFFSTAT_ROLE_CASES_LOWER) &&
            has(header, TRAFFSTAT_ROLE_CASES_UPPER)) {
            continue;
        }
        const traffstat_status status = role == TRAFFSTAT_ROLE_CASES
                                            ? recognise_counts(ctx, file, header)
                                            : recognise(ctx, file, header, role);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    return TRAFFSTAT_OK;
}

/* ---- what must be there --------------------------------------------------------------------- */

static traffstat_status fail_none(traffstat_ctx *ctx, const char *file,
                                  const traffstat_i_header *header, traffstat_role role,
                                  const char *what, const char *example)
{
    char names[256];
    return traffstat_i_fail(ctx, TRAFFSTAT_E_COLUMN,
                            "%s: no column for the %s among %s: name it with --map %s=COLUMN or "
                            "give it with --set %s",
                            file, what, list_names(header, names, sizeof names),
                            traffstat_role_name(role), example);
}

/* A year above the header is offered, not taken: it may be that of the print. */
static traffstat_status fail_no_year(traffstat_ctx *ctx, const char *file,
                                     const traffstat_i_shape *shape,
                                     const traffstat_i_header *header)
{
    traffstat_text example;
    traffstat_i_text_init(&example, ctx);
    if (shape->title_year != 0) {
        traffstat_i_text_addf(&example, "year=%d, which stands above the header",
                              (int) shape->title_year);
    } else {
        traffstat_i_text_add(&example, "year=2017");
    }
    const traffstat_status status = example.failed
                                        ? TRAFFSTAT_E_NOMEM
                                        : fail_none(ctx, file, header, TRAFFSTAT_ROLE_YEAR, "year",
                                                    traffstat_i_text_get(&example));
    traffstat_i_text_clear(&example);
    return status;
}

static traffstat_status check_roles(traffstat_ctx *ctx, const traffstat_reader *options,
                                    const char *file, const traffstat_i_shape *shape,
                                    traffstat_i_header *header)
{
    if (header->counts_size > 0) {
        return TRAFFSTAT_OK; /* a layout is recognised whole */
    }
    if (options->beside && !has(header, TRAFFSTAT_ROLE_YEAR)) {
        header->constant[TRAFFSTAT_ROLE_YEAR] = traffstat_i_any_year;
    }
    if (!has(header, TRAFFSTAT_ROLE_YEAR)) {
        return fail_no_year(ctx, file, shape, header);
    }
    if (!has(header, TRAFFSTAT_ROLE_JURISDICTION) && !has(header, TRAFFSTAT_ROLE_KEY)) {
        return fail_none(ctx, file, header, TRAFFSTAT_ROLE_JURISDICTION, "jurisdiction",
                         "jurisdiction=Missoula");
    }
    header->bounds = !has(header, TRAFFSTAT_ROLE_CASES) &&
                     has(header, TRAFFSTAT_ROLE_CASES_LOWER) &&
                     has(header, TRAFFSTAT_ROLE_CASES_UPPER);
    if (!header->bounds && !has(header, TRAFFSTAT_ROLE_CASES)) {
        return fail_none(ctx, file, header, TRAFFSTAT_ROLE_CASES, "cases",
                         "cases=1 where each record is one case");
    }
    if (!header->bounds) {
        header->column[TRAFFSTAT_ROLE_CASES_LOWER] = TRAFFSTAT_I_NO_COLUMN;
        header->column[TRAFFSTAT_ROLE_CASES_UPPER] = TRAFFSTAT_I_NO_COLUMN;
    }
    return TRAFFSTAT_OK;
}

static bool is_good_constant(traffstat_role role, traffstat_i_slice text, char decimal)
{
    int64_t ends[2];
    int32_t year = 0;
    double number = 0.0;
    uint32_t flags = 0;
    int32_t why = TRAFFSTAT_WHY_COUNTED;
    switch (role) {
    case TRAFFSTAT_ROLE_YEAR:
        return traffstat_i_read_period(text, TRAFFSTAT_FISCAL_END, &year) ==
               TRAFFSTAT_I_PERIOD_YEAR;
    case TRAFFSTAT_ROLE_CASES:
    case TRAFFSTAT_ROLE_CASES_LOWER:
    case TRAFFSTAT_ROLE_CASES_UPPER:
        return traffstat_i_read_count(text, decimal, &ends[0], &ends[1]) == TRAFFSTAT_I_VALUE_READ;
    case TRAFFSTAT_ROLE_POPULATION:
        return traffstat_i_read_number(text, decimal, &number) == TRAFFSTAT_I_VALUE_READ &&
               number > 0.0;
    case TRAFFSTAT_ROLE_COVERAGE:
        return traffstat_i_read_share(text, decimal, &number) == TRAFFSTAT_I_VALUE_READ;
    case TRAFFSTAT_ROLE_FLAGS:
        return traffstat_i_read_flags(text, &flags, &why);
    default:
        return true;
    }
}

/* A bad constant is one mistake of the caller, not one of every record. */
static traffstat_status check_constants(traffstat_ctx *ctx, const traffstat_reader *options,
                                        const traffstat_i_header *header)
{
    for (traffstat_role role = 0; role < TRAFFSTAT_ROLE_COUNT; role++) {
        const char *constant = header->constant[role];
        if (constant != NULL &&
            !is_good_constant(role, traffstat_i_slice_of(constant), (char) options->decimal)) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "\"%s\", given for every record, cannot be read as the %s",
                                    constant, traffstat_role_name(role));
        }
    }
    return TRAFFSTAT_OK;
}

/* ---- the measure ---------------------------------------------------------------------------- */

/* "Cases_Reported" -> "cases reported"; a header that only says "count" -> "cases". */
static traffstat_status name_measure(traffstat_ctx *ctx, traffstat_i_header *header)
{
    const size_t column = header->column[TRAFFSTAT_ROLE_CASES];
    const char *name = column != TRAFFSTAT_I_NO_COLUMN ? header->names[column] : "";
    char folded[FOLDED];
    const bool plain = traffstat_i_fold(traffstat_i_slice_of(name), folded, sizeof folded) == 0 ||
                       traffstat_i_is_plain_count(folded);
    header->measure = traffstat_i_strdup(ctx, plain ? "cases" : name);
    if (header->measure == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (char *at = header->measure; *at != '\0'; at++) {
        *at = *at == '_' || traffstat_i_is_space(*at) ? ' ' : traffstat_i_lower(*at);
    }
    return TRAFFSTAT_OK;
}

/* Where no column says the measure and one column has the counts, there is one to ask for. */
static traffstat_status check_measure(traffstat_ctx *ctx, const traffstat_reader *options,
                                      const char *file, const traffstat_i_header *header)
{
    const size_t column = header->column[TRAFFSTAT_ROLE_CASES];
    const char *wanted = options->measure;
    if (wanted == NULL || strcmp(wanted, "all") == 0 || header->counts_size > 0 ||
        has(header, TRAFFSTAT_ROLE_MEASURE) || traffstat_i_same_folded(header->measure, wanted) ||
        (column != TRAFFSTAT_I_NO_COLUMN &&
         traffstat_i_same_folded(header->names[column], wanted))) {
        return TRAFFSTAT_OK;
    }
    return traffstat_i_no_measure(ctx, file, header, wanted);
}

static void mark_wanted(const traffstat_i_shape *shape, traffstat_i_header *out)
{
    if (out->width > 0 && !shape->index) {
        out->wanted[0] = 1; /* where notes stand */
    }
    for (traffstat_role role = 0; role < TRAFFSTAT_ROLE_COUNT; role++) {
        if (out->column[role] != TRAFFSTAT_I_NO_COLUMN) {
            out->wanted[out->column[role]] = 1;
        }
    }
    if (out->by != TRAFFSTAT_I_NO_COLUMN) {
        out->wanted[out->by] = 1;
    }
    for (size_t i = 0; i < out->parts_size; i++) {
        out->wanted[out->parts[i]] = 1;
    }
    for (size_t i = 0; i < out->keys_size; i++) {
        out->wanted[out->keys[i]] = 1;
    }
    for (size_t i = 0; i < out->counts_size; i++) {
        out->wanted[out->counts[i].column] = 1;
        if (out->counts[i].cleared > 0) {
            out->wanted[out->counts[i].cleared - 1] = 1;
        }
    }
}

traffstat_status traffstat_i_header_read(traffstat_ctx *ctx, const traffstat_reader *options,
                                         const char *file, const traffstat_i_shape *shape,
                                         const traffstat_i_record *record, traffstat_i_header *out)
{
    *out = (traffstat_i_header){.layout = "long", .by = TRAFFSTAT_I_NO_COLUMN};
    traffstat_status status = copy_names(ctx, shape, record, out);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_place(ctx, record->line, 0, -1);
        status = apply_options(ctx, options, file, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = find_by(ctx, options, file, out);
    }
    if (status == TRAFFSTAT_OK) {
        recognise_source(options, out);
        status = options->denominators ? recognise_denominators(ctx, file, out) : TRAFFSTAT_OK;
    }
    if (status == TRAFFSTAT_OK) {
        status = recognise_all(ctx, file, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_columns_find(ctx, options, file, shape, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_roles(ctx, options, file, shape, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_constants(ctx, options, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = name_measure(ctx, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_measure(ctx, options, file, out);
    }
    if (status == TRAFFSTAT_OK) {
        traffstat_i_place(ctx, 0, 0, -1);
        mark_wanted(shape, out);
        out->chooses = out->main != NULL ||
                       (options->measure != NULL && strcmp(options->measure, "all") != 0 &&
                        has(out, TRAFFSTAT_ROLE_MEASURE));
    }
    return status;
}
