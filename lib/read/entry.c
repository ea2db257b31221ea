/* The ways in: a path, memory or a callback, whatever is made of the bytes. */
#include "read/read.h"

traffstat_status traffstat_i_entry_begin(const traffstat_i_entry *entry, bool has_input)
{
    traffstat_ctx *ctx = entry->ctx;
    traffstat_i_enter(ctx);
    if (entry->account != NULL) {
        *entry->account = NULL;
    }
    if (entry->out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the %s was given",
                                entry->what);
    }
    return has_input ? TRAFFSTAT_OK
                     : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "there is nothing to read from");
}

/* Reads what could be opened, and closes it. */
static traffstat_status finish(const traffstat_i_entry *entry, traffstat_status opened,
                               traffstat_i_source *source)
{
    const traffstat_status status = opened == TRAFFSTAT_OK ? entry->read(entry, source) : opened;
    traffstat_i_source_close(source);
    return status;
}

traffstat_status traffstat_i_entry_path(const traffstat_i_entry *entry, const char *path)
{
    traffstat_i_source source;
    const traffstat_status status = traffstat_i_entry_begin(entry, path != NULL);
    return status == TRAFFSTAT_OK
               ? finish(entry, traffstat_i_source_path(entry->ctx, path, &source), &source)
               : status;
}

traffstat_status traffstat_i_entry_memory(const traffstat_i_entry *entry, const void *data,
                                          size_t size, const char *name)
{
    traffstat_i_source source;
    const traffstat_status status = traffstat_i_entry_begin(entry, data != NULL || size == 0);
    return status == TRAFFSTAT_OK
               ? finish(entry,
                        traffstat_i_source_memory(entry->ctx, data, size,
                                                  name != NULL ? name : "input", &source),
                        &source)
               : status;
}

traffstat_status traffstat_i_entry_stream(const traffstat_i_entry *entry, traffstat_read_fn read,
                                          void *user, const char *name)
{
    traffstat_i_source source;
    const traffstat_status status = traffstat_i_entry_begin(entry, read != NULL);
    return status == TRAFFSTAT_OK
               ? finish(entry,
                        traffstat_i_source_stream(entry->ctx, read, user,
                                                  name != NULL ? name : "input", &source),
                        &source)
               : status;
}
