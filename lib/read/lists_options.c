/* What a reader is told about overlaps. */
#include <string.h>

#include "read/read.h"

static void free_lists(traffstat_ctx *ctx, char **lists, size_t count)
{
    for (size_t i = 0; lists != NULL && i < count; i++) {
        traffstat_i_free(ctx, lists[i]);
    }
    traffstat_i_free(ctx, lists);
}

void traffstat_i_overlap_wish_clear(traffstat_ctx *ctx, traffstat_i_overlap_wish *wish)
{
    free_lists(ctx, wish->lists, wish->list_count);
    traffstat_i_free(ctx, wish->stratum);
    traffstat_i_free(ctx, wish->unit);
    traffstat_i_free(ctx, wish->window);
    *wish = (traffstat_i_overlap_wish){0};
}

static traffstat_status check_text(traffstat_ctx *ctx, const traffstat_reader *reader,
                                   const char *text, const char *what)
{
    if (reader == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "reader is NULL");
    }
    if (text != NULL && !traffstat_i_utf8_valid(text, strlen(text))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the %s is not UTF-8", what);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_lists(traffstat_ctx *ctx, traffstat_reader *reader,
                                            const char *const *names, size_t count)
{
    traffstat_i_enter(ctx);
    if (reader == NULL || (names == NULL && count > 0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s NULL",
                                reader == NULL ? "reader is" : "the names are");
    }
    char **copies = traffstat_i_alloc(reader->ctx, count, sizeof *copies);
    if (copies == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        const traffstat_i_slice name =
            traffstat_i_slice_trim(traffstat_i_slice_of(names[i] != NULL ? names[i] : ""));
        const bool good = name.size > 0 && traffstat_i_utf8_valid(name.data, name.size);
        copies[i] = good ? traffstat_i_strndup(reader->ctx, name.data, name.size) : NULL;
        if (copies[i] == NULL) {
            free_lists(reader->ctx, copies, i);
            return good ? traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory")
                        : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                           "the name of list %zu is empty or not UTF-8", i + 1);
        }
    }
    free_lists(reader->ctx, reader->overlap.lists, reader->overlap.list_count);
    reader->overlap.lists = copies;
    reader->overlap.list_count = count;
    return TRAFFSTAT_OK;
}

static traffstat_status set_text(traffstat_ctx *ctx, traffstat_reader *reader, const char *text,
                                 const char *what, char **to)
{
    char *copy = NULL;
    if (text != NULL) {
        const traffstat_i_slice trimmed = traffstat_i_slice_trim(traffstat_i_slice_of(text));
        copy = traffstat_i_strndup(reader->ctx, trimmed.data, trimmed.size);
        if (copy == NULL) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory for the %s", what);
        }
    }
    traffstat_i_free(reader->ctx, *to);
    *to = copy;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_reader_set_stratum(traffstat_ctx *ctx, traffstat_reader *reader,
                                              const char *column)
{
    traffstat_i_enter(ctx);
    const traffstat_status status = check_text(ctx, reader, column, "name of the column");
    if (status == TRAFFSTAT_OK && column != NULL &&
        traffstat_i_slice_trim(traffstat_i_slice_of(column)).size == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the column of strata has no name");
    }
    return status == TRAFFSTAT_OK
               ? set_text(ctx, reader, column, "column", &reader->overlap.stratum)
               : status;
}

traffstat_status traffstat_reader_set_unit(traffstat_ctx *ctx, traffstat_reader *reader,
                                           const char *unit)
{
    traffstat_i_enter(ctx);
    const traffstat_status status = check_text(ctx, reader, unit, "unit");
    return status == TRAFFSTAT_OK ? set_text(ctx, reader, unit, "unit", &reader->overlap.unit)
                                  : status;
}

traffstat_status traffstat_reader_set_window(traffstat_ctx *ctx, traffstat_reader *reader,
                                             const char *window)
{
    traffstat_i_enter(ctx);
    const traffstat_status status = check_text(ctx, reader, window, "window");
    return status == TRAFFSTAT_OK ? set_text(ctx, reader, window, "window", &reader->overlap.window)
                                  : status;
}

traffstat_status traffstat_reader_set_occasions(traffstat_ctx *ctx, traffstat_reader *reader,
                                                int64_t occasions)
{
    traffstat_i_enter(ctx);
    if (reader == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "reader is NULL");
    }
    if (occasions != 0 && (occasions < 2 || occasions > 1000000)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "%lld occasions are neither 2 to 1,000,000 nor 0 (not known)",
                                (long long) occasions);
    }
    reader->overlap.occasions = occasions;
    return TRAFFSTAT_OK;
}
