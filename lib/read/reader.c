#include <string.h>

#include "read/read.h"

typedef struct bounds {
    uint64_t least;
    uint64_t standard;
    uint64_t greatest;
} bounds;

static const bounds limits[TRAFFSTAT_I_LIMITS] = {
    [TRAFFSTAT_LIMIT_FIELD] = {64, 65536, 1 << 30},
    [TRAFFSTAT_LIMIT_RECORD] = {64, 1 << 20, 1 << 30},
    [TRAFFSTAT_LIMIT_COLUMNS] = {1, 4096, 1 << 20},
    [TRAFFSTAT_LIMIT_SERIES] = {1, 1000000, INT32_MAX},
    [TRAFFSTAT_LIMIT_EXAMPLES] = {1, 5, 1000000},
    [TRAFFSTAT_LIMIT_DECOMPRESSED] = {1, UINT64_C(1) << 34, UINT64_C(1) << 50},
    [TRAFFSTAT_LIMIT_RATIO] = {1, 200, 100000},
};

const char traffstat_i_any_year[] = "2000";

void traffstat_i_reader_defaults(traffstat_reader *reader)
{
    *reader = (traffstat_reader){
        .decimal = '.',
        .duplicates = TRAFFSTAT_DUPLICATES_SUM,
        .strictness = TRAFFSTAT_READ_LIST,
        .ahead_from = UINT64_C(8) << 20,
    };
    for (size_t i = 0; i < TRAFFSTAT_I_LIMITS; i++) {
        reader->limits[i] = limits[i].standard;
    }
}

traffstat_status traffstat_reader_new(traffstat_ctx *ctx, traffstat_reader **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "out is NULL");
    }
    *out = NULL;
    traffstat_reader *reader = traffstat_i_alloc(ctx, 1, sizeof *reader);
    if (reader == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_reader_defaults(reader);
    reader->ctx = ctx;
    *out = reader;
    return TRAFFSTAT_OK;
}

void traffstat_reader_free(traffstat_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    for (size_t i = 0; i < TRAFFSTAT_ROLE_COUNT; i++) {
        traffstat_i_free(reader->ctx, reader->roles[i].text);
    }
    traffstat_i_overlap_wish_clear(reader->ctx, &reader->overlap);
    traffstat_i_free(reader->ctx, reader->measure);
    traffstat_i_free(reader->ctx, reader->by);
    traffstat_i_free(reader->ctx, reader);
}

static traffstat_status bind(traffstat_ctx *ctx, traffstat_reader *reader, traffstat_role role,
                             int how, const char *text)
{
    traffstat_i_enter(ctx);
    if (reader == NULL || text == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s is NULL",
                                reader == NULL ? "reader" : "the text");
    }
    if (role < 0 || role >= TRAFFSTAT_ROLE_COUNT) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is not a role", (int) role);
    }
    const traffstat_i_slice trimmed = traffstat_i_slice_trim(traffstat_i_slice_of(text));
    if (trimmed.size == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the %s has an empty %s",
                                traffstat_role_name(role),
                                how == TRAFFSTAT_I_MAPPED ? "column name" : "value");
    }
    if (!traffstat_i_utf8_valid(trimmed.data, trimmed.size)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the text given for the %s is not UTF-8",
                                traffstat_role_name(role));
    }
    char *copy = traffstat_i_strndup(reader->ctx, trimmed.data, trimmed.size);
    if (copy == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory");
    }
    traffstat_i_free(reader->ctx, reader->roles[role].text);
    reader->roles[role] = (traffstat_i_binding){how, copy};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_map(traffstat_ctx *ctx, traffstat_reader *reader,
                                      traffstat_role role, const char *column)
{
    return bind(ctx, reader, role, TRAFFSTAT_I_MAPPED, column);
}

traffstat_status traffstat_reader_set(traffstat_ctx *ctx, traffstat_reader *reader,
                                      traffstat_role role, const char *value)
{
    return bind(ctx, reader, role, TRAFFSTAT_I_CONSTANT, value);
}

static traffstat_status needs_reader(traffstat_ctx *ctx, const traffstat_reader *reader)
{
    traffstat_i_enter(ctx);
    return reader != NULL ? TRAFFSTAT_OK
                          : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "reader is NULL");
}

traffstat_status traffstat_reader_set_delimiter(traffstat_ctx *ctx, traffstat_reader *reader,
                                                int32_t delimiter)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (delimiter != 0 && delimiter != ',' && delimiter != ';' && delimiter != '\t' &&
        delimiter != '|') {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "delimiter %d is not a comma, semicolon, tab or pipe, nor 0",
                                (int) delimiter);
    }
    reader->delimiter = delimiter;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_encoding(traffstat_ctx *ctx, traffstat_reader *reader,
                                               const char *encoding)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const char *name = encoding != NULL ? encoding : "";
    const size_t size = strlen(name);
    if (size > 0 && (size >= sizeof reader->encoding ||
                     traffstat_i_encoding_find(name) == TRAFFSTAT_I_UNKNOWN)) {
        char shown[TRAFFSTAT_I_SHOWN];
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "\"%s\" is not a known encoding: UTF-8, cp1252, UTF-16, UTF-32 or "
                                "a name that iconv knows",
                                traffstat_i_slice_show((traffstat_i_slice){name, size}, shown));
    }
    memcpy(reader->encoding, name, size + 1);
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_decimal(traffstat_ctx *ctx, traffstat_reader *reader,
                                              int32_t mark)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (mark != '.' && mark != ',') {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "decimal mark %d is neither a point nor a comma", (int) mark);
    }
    reader->decimal = mark;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_duplicates(traffstat_ctx *ctx, traffstat_reader *reader,
                                                 traffstat_duplicates duplicates)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (duplicates < TRAFFSTAT_DUPLICATES_ERROR || duplicates > TRAFFSTAT_DUPLICATES_LAST) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is not a policy for duplicates",
                                (int) duplicates);
    }
    reader->duplicates = duplicates;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_strictness(traffstat_ctx *ctx, traffstat_reader *reader,
                                                 traffstat_strictness strictness)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (strictness != TRAFFSTAT_READ_LIST && strictness != TRAFFSTAT_READ_STRICT) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is not a strictness",
                                (int) strictness);
    }
    reader->strictness = strictness;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_measure(traffstat_ctx *ctx, traffstat_reader *reader,
                                              const char *measure)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    char *copy = NULL;
    if (measure != NULL) {
        if (!traffstat_i_utf8_valid(measure, strlen(measure))) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the measure is not UTF-8");
        }
        copy = traffstat_i_strdup(reader->ctx, measure);
        if (copy == NULL) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory");
        }
    }
    traffstat_i_free(reader->ctx, reader->measure);
    reader->measure = copy;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_by(traffstat_ctx *ctx, traffstat_reader *reader,
                                         const char *column)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    char *copy = NULL;
    if (column != NULL) {
        if (!traffstat_i_utf8_valid(column, strlen(column))) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "the name of the column to sum up to "
                                    "is not UTF-8");
        }
        copy = traffstat_i_strdup(reader->ctx, column);
        if (copy == NULL) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory");
        }
    }
    traffstat_i_free(reader->ctx, reader->by);
    reader->by = copy;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_totals(traffstat_ctx *ctx, traffstat_reader *reader,
                                             traffstat_totals totals)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (totals < TRAFFSTAT_TOTALS_DROP || totals > TRAFFSTAT_TOTALS_ERROR) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is not a policy for totals",
                                (int) totals);
    }
    reader->totals = totals;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_absent(traffstat_ctx *ctx, traffstat_reader *reader,
                                             traffstat_absent absent)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (absent != TRAFFSTAT_ABSENT_MISSING && absent != TRAFFSTAT_ABSENT_ZERO) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is not a policy for absent years",
                                (int) absent);
    }
    reader->absent = absent;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_fiscal(traffstat_ctx *ctx, traffstat_reader *reader,
                                             traffstat_fiscal fiscal)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (fiscal != TRAFFSTAT_FISCAL_END && fiscal != TRAFFSTAT_FISCAL_START) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is not a policy for fiscal years",
                                (int) fiscal);
    }
    reader->fiscal = fiscal;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_suppressed(traffstat_ctx *ctx, traffstat_reader *reader,
                                                 int64_t lower, int64_t upper)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (lower < 0 || upper < lower) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "%lld..%lld are no bounds of a suppressed count", (long long) lower,
                                (long long) upper);
    }
    reader->hides = true;
    reader->hidden_lower = lower;
    reader->hidden_upper = upper;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_limit_bounds(traffstat_limit limit, uint64_t *least,
                                               uint64_t *standard, uint64_t *greatest)
{
    if (limit < 0 || limit >= TRAFFSTAT_I_LIMITS || least == NULL || standard == NULL ||
        greatest == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *least = limits[limit].least;
    *standard = limits[limit].standard;
    *greatest = limits[limit].greatest;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_limit(traffstat_ctx *ctx, traffstat_reader *reader,
                                            traffstat_limit limit, uint64_t value)
{
    const traffstat_status status = needs_reader(ctx, reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (limit < 0 || limit >= TRAFFSTAT_I_LIMITS) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is not a limit", (int) limit);
    }
    const uint64_t wanted = value != 0 ? value : limits[limit].standard;
    if (wanted < limits[limit].least || wanted > limits[limit].greatest) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a limit of %zu is not between %zu and %zu", (size_t) wanted,
                                (size_t) limits[limit].least, (size_t) limits[limit].greatest);
    }
    reader->limits[limit] = wanted;
    return TRAFFSTAT_OK;
}
