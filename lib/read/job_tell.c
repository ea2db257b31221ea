#include <string.h>

#include "read/job.h"

/* ---- the account ---------------------------------------------------------------------------- */

/* "STATE + COUNTY" */
static void add_columns(const traffstat_i_job *j, traffstat_text *to, const size_t *columns,
                        size_t count, const char *mark)
{
    for (size_t i = 0; i < count; i++) {
        char name[TRAFFSTAT_I_SHOWN];
        traffstat_i_text_add(to, to->size > 0 ? mark : "");
        traffstat_i_text_add(to, traffstat_i_header_name(&j->header, columns[i], name));
    }
}

/* "1990 … 2018 (29 columns)"; two are named both. */
static void add_counts(const traffstat_i_job *j, traffstat_text *to)
{
    const size_t count = j->header.counts_size;
    char first[TRAFFSTAT_I_SHOWN];
    char last[TRAFFSTAT_I_SHOWN];
    (void) traffstat_i_header_name(&j->header, j->header.counts[0].column, first);
    (void) traffstat_i_header_name(&j->header, j->header.counts[count - 1].column, last);
    if (count == 1) {
        traffstat_i_text_add(to, first);
    } else if (count == 2) {
        traffstat_i_text_addf(to, "%s, %s", first, last);
    } else {
        traffstat_i_text_addf(to, "%s \xe2\x80\xa6 %s (%zu columns)", first, last, count);
    }
}

/* Where a role's values come from; "" when nowhere. */
static void describe_role(const traffstat_i_job *j, traffstat_role role, traffstat_text *to)
{
    const traffstat_i_header *header = &j->header;
    char shown[TRAFFSTAT_I_SHOWN];
    if (header->constant[role] != NULL) {
        const traffstat_i_slice value = {header->constant[role],
                                         strnlen(header->constant[role], TRAFFSTAT_I_SHOWN / 2)};
        traffstat_i_text_addf(to, "=%s", traffstat_i_slice_show(value, shown));
    } else if (role == TRAFFSTAT_ROLE_CASES && header->counts_size > 0) {
        add_counts(j, to);
    } else if (header->column[role] != TRAFFSTAT_I_NO_COLUMN) {
        traffstat_i_text_add(to, traffstat_i_header_name(header, header->column[role], shown));
    } else if (role == TRAFFSTAT_ROLE_KEY) {
        add_columns(j, to, header->keys, header->keys_size, " + ");
    } else if (role == TRAFFSTAT_ROLE_CATEGORY) {
        add_columns(j, to, header->parts, header->parts_size, TRAFFSTAT_I_JOIN);
    }
}

static traffstat_status tell_columns(traffstat_i_job *j)
{
    traffstat_status status = TRAFFSTAT_OK;
    if (j->header.known != NULL) {
        status = traffstat_i_account_column(j->account, "form", j->header.known->name);
    }
    for (traffstat_role role = 0; role < TRAFFSTAT_ROLE_COUNT && status == TRAFFSTAT_OK; role++) {
        traffstat_text text;
        traffstat_i_text_init(&text, j->ctx);
        describe_role(j, role, &text);
        if (text.failed) {
            status = traffstat_i_fail(j->ctx, TRAFFSTAT_E_NOMEM, "out of memory");
        } else if (text.size > 0) {
            status = traffstat_i_account_column(j->account, traffstat_role_name(role),
                                                traffstat_i_text_get(&text));
        }
        traffstat_i_text_clear(&text);
    }
    return status;
}

/* Adds `more` to a list of what the files are, once. */
static void add_once(traffstat_text *list, const char *more)
{
    const char *at = strstr(traffstat_i_text_get(list), more);
    const size_t size = strlen(more);
    while (at != NULL && at[size] != '\0' && at[size] != ';') {
        at = strstr(at + size, more);
    }
    if (at == NULL) {
        traffstat_i_text_addf(list, "%s%s", list->size > 0 ? "; " : "", more);
    }
}

/* What is to be said of a file, once it has been read as far as it went. */
traffstat_status traffstat_i_job_tell_file(traffstat_i_job *j, traffstat_i_source *source)
{
    traffstat_i_text_addf(&j->files, "%s%s", j->files.size > 0 ? "; " : "", j->file);
    if (j->dialect.name != NULL) {
        add_once(&j->dialects, j->dialect.name);
        add_once(&j->encodings, traffstat_i_source_encoding(source));
    }
    if (j->header.measure == NULL) {
        return TRAFFSTAT_OK;
    }
    add_once(&j->layouts, j->header.layout);
    if (j->told_columns) {
        return TRAFFSTAT_OK;
    }
    j->told_columns = true;
    return tell_columns(j);
}

traffstat_status traffstat_i_job_tell(traffstat_i_job *j, const traffstat_panel *panel)
{
    traffstat_i_account_rows(j->account, j->seen, j->used);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (!j->files.failed && !j->dialects.failed && !j->encodings.failed && !j->layouts.failed) {
        status = traffstat_i_account_texts(
            j->account, traffstat_i_text_get(&j->files), traffstat_i_text_get(&j->dialects),
            traffstat_i_text_get(&j->encodings), traffstat_i_text_get(&j->layouts));
    }
    if (status == TRAFFSTAT_OK && panel != NULL) {
        status = traffstat_i_account_panel(j->account, panel);
    }
    for (size_t i = 0; i < j->lost_capacity && status == TRAFFSTAT_OK; i++) {
        if (j->lost[i] > 0) {
            status = traffstat_i_account_lost(j->account, i, j->lost[i]);
        }
    }
    return status;
}
