#include <string.h>

#include "read/job.h"

static const traffstat_role text_roles[TRAFFSTAT_I_GROUP] = {
    [TRAFFSTAT_I_KEY] = TRAFFSTAT_ROLE_KEY,
    [TRAFFSTAT_I_JURISDICTION] = TRAFFSTAT_ROLE_JURISDICTION,
    [TRAFFSTAT_I_MEASURE] = TRAFFSTAT_ROLE_MEASURE,
    [TRAFFSTAT_I_CATEGORY] = TRAFFSTAT_ROLE_CATEGORY,
    [TRAFFSTAT_I_SOURCE] = TRAFFSTAT_ROLE_SOURCE,
};

/* ---- series --------------------------------------------------------------------------------- */

static bool is_last(const traffstat_i_job *j, const traffstat_i_slice texts[TRAFFSTAT_I_TEXTS])
{
    const char *at = j->last;
    for (size_t i = 0; i < TRAFFSTAT_I_TEXTS; i++) {
        if (texts[i].size != j->last_size[i] ||
            (texts[i].size > 0 && memcmp(at, texts[i].data, texts[i].size) != 0)) {
            return false;
        }
        at += texts[i].size;
    }
    return true;
}

static traffstat_status remember(traffstat_i_job *j,
                                 const traffstat_i_slice texts[TRAFFSTAT_I_TEXTS], size_t series)
{
    size_t size = 0;
    for (size_t i = 0; i < TRAFFSTAT_I_TEXTS; i++) {
        size += texts[i].size;
    }
    j->remembers = false;
    if (!traffstat_i_reserve(j->ctx, &j->last, &j->last_capacity, size, 1)) {
        return TRAFFSTAT_E_NOMEM;
    }
    char *to = j->last;
    for (size_t i = 0; i < TRAFFSTAT_I_TEXTS; i++) {
        if (texts[i].size > 0) {
            memcpy(to, texts[i].data, texts[i].size);
        }
        to += texts[i].size;
        j->last_size[i] = texts[i].size;
    }
    j->remembers = true;
    j->last_series = series;
    return TRAFFSTAT_OK;
}

static traffstat_status check_series_limit(traffstat_i_job *j, const traffstat_i_record *record,
                                           size_t series)
{
    if (series < j->series_count) {
        return TRAFFSTAT_OK;
    }
    j->series_count = series + 1;
    if (j->series_count > j->options->limits[TRAFFSTAT_LIMIT_SERIES]) {
        traffstat_i_place(j->ctx, record->line, 0, -1);
        return traffstat_i_fail(
            j->ctx, TRAFFSTAT_E_LIMIT,
            "%s:%lld: more than %zu series: raise the limit if the file is sound", j->file,
            (long long) record->line, (size_t) j->options->limits[TRAFFSTAT_LIMIT_SERIES]);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status take_joined(traffstat_i_job *j, int text, traffstat_i_slice *out)
{
    traffstat_text *joined = &j->joined[text];
    *out = (traffstat_i_slice){traffstat_i_text_get(joined), joined->size};
    return joined->failed ? traffstat_i_fail(j->ctx, TRAFFSTAT_E_NOMEM, "out of memory")
                          : TRAFFSTAT_OK;
}

/* State 1 and county 3 are key 01003: spreadsheets eat the zeros. */
static traffstat_status join_key(traffstat_i_job *j, const traffstat_i_record *record,
                                 traffstat_i_slice *out)
{
    traffstat_text *to = &j->joined[TRAFFSTAT_I_KEY];
    to->size = 0;
    for (size_t i = 0; i < j->header.keys_size; i++) {
        const traffstat_i_slice part = traffstat_i_job_field(record, j->header.keys[i]);
        for (size_t zeros = part.size; part.size > 0 && zeros < j->header.key_digits[i]; zeros++) {
            traffstat_i_text_add(to, "0");
        }
        traffstat_i_text_add_bytes(to, part.data, part.size);
    }
    return take_joined(j, TRAFFSTAT_I_KEY, out);
}

static traffstat_status join_category(traffstat_i_job *j, const traffstat_i_record *record,
                                      traffstat_i_slice *out)
{
    traffstat_text *to = &j->joined[TRAFFSTAT_I_CATEGORY];
    to->size = 0;
    for (size_t i = 0; i < j->header.parts_size; i++) {
        const traffstat_i_slice part = traffstat_i_job_field(record, j->header.parts[i]);
        traffstat_i_text_add(to, i > 0 ? TRAFFSTAT_I_JOIN : "");
        traffstat_i_text_add_bytes(to, part.data, part.size);
    }
    if (j->at != NULL && j->at->category != NULL) {
        const traffstat_i_slice own = traffstat_i_job_value(j, record, TRAFFSTAT_ROLE_CATEGORY);
        traffstat_i_text_add_bytes(to, own.data, own.size);
        traffstat_i_text_add(to, to->size > 0 ? TRAFFSTAT_I_JOIN : "");
        traffstat_i_text_add(to, j->at->category);
    }
    return take_joined(j, TRAFFSTAT_I_CATEGORY, out);
}

/* "Alabama*" is Alabama; said once a record. */
static traffstat_status strip_place(traffstat_i_job *j, const traffstat_i_record *record,
                                    traffstat_i_slice *name)
{
    const char last = name->size > 0 ? name->data[name->size - 1] : 'a';
    if (traffstat_i_lower(last) >= 'a' && traffstat_i_lower(last) <= 'z') {
        return TRAFFSTAT_OK; /* most names */
    }
    const traffstat_i_slice own = traffstat_i_slice_trim(*name);
    const traffstat_i_slice bare = traffstat_i_without_marks(*name, j->header.digits);
    if (bare.size == own.size || j->header.bounds) {
        return TRAFFSTAT_OK;
    }
    *name = bare;
    if (j->at != NULL && j->at != j->header.counts) {
        return TRAFFSTAT_OK;
    }
    return traffstat_i_job_complain(j, TRAFFSTAT_I_FOOTNOTE_MARK, record,
                                    TRAFFSTAT_ROLE_JURISDICTION, NULL);
}

static traffstat_status series_texts(traffstat_i_job *j, const traffstat_i_record *record,
                                     traffstat_i_slice texts[TRAFFSTAT_I_TEXTS])
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < TRAFFSTAT_I_GROUP; i++) {
        texts[i] = traffstat_i_job_value(j, record, text_roles[i]);
    }
    texts[TRAFFSTAT_I_GROUP] = traffstat_i_job_field(record, j->header.by);
    if (!traffstat_i_job_has(j, TRAFFSTAT_ROLE_MEASURE)) {
        const bool own = j->at != NULL && j->at->measure != NULL;
        texts[TRAFFSTAT_I_MEASURE] = traffstat_i_slice_of(own ? j->at->measure : j->header.measure);
    }
    if (j->header.keys_size > 0) {
        status = join_key(j, record, &texts[TRAFFSTAT_I_KEY]);
    }
    if (status == TRAFFSTAT_OK &&
        (j->header.parts_size > 0 || (j->at != NULL && j->at->category != NULL))) {
        status = join_category(j, record, &texts[TRAFFSTAT_I_CATEGORY]);
    }
    return status == TRAFFSTAT_OK ? strip_place(j, record, &texts[TRAFFSTAT_I_JURISDICTION])
                                  : status;
}

/* *out is TRAFFSTAT_NONE when the record names no place. */
traffstat_status traffstat_i_job_series(traffstat_i_job *j, const traffstat_i_record *record,
                                        size_t *out)
{
    traffstat_i_slice texts[TRAFFSTAT_I_TEXTS];
    traffstat_status status = series_texts(j, record, texts);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (j->remembers && is_last(j, texts)) {
        *out = j->last_series;
        return TRAFFSTAT_OK;
    }
    if (traffstat_i_slice_trim(texts[TRAFFSTAT_I_KEY]).size == 0) {
        texts[TRAFFSTAT_I_KEY].size = 0;
    }
    if (traffstat_i_slice_trim(texts[TRAFFSTAT_I_JURISDICTION]).size == 0) {
        texts[TRAFFSTAT_I_JURISDICTION].size = 0;
    }
    *out = TRAFFSTAT_NONE;
    if (texts[TRAFFSTAT_I_KEY].size == 0 && texts[TRAFFSTAT_I_JURISDICTION].size == 0) {
        return TRAFFSTAT_OK;
    }
    status = traffstat_i_builder_series(j->ctx, j->builder, texts, out);
    if (status == TRAFFSTAT_OK) {
        status = check_series_limit(j, record, *out);
    }
    if (status == TRAFFSTAT_OK && texts[TRAFFSTAT_I_KEY].size > 0 &&
        texts[TRAFFSTAT_I_JURISDICTION].size > 0 &&
        !traffstat_i_slice_equal(traffstat_i_builder_name(j->builder, *out),
                                 texts[TRAFFSTAT_I_JURISDICTION])) {
        status = traffstat_i_job_other_name(j, record, *out, texts[TRAFFSTAT_I_JURISDICTION]);
    }
    return status == TRAFFSTAT_OK ? remember(j, texts, *out) : status;
}

traffstat_status traffstat_i_job_lose(traffstat_i_job *j, size_t series)
{
    if (series >= j->lost_capacity) {
        const size_t before = j->lost_capacity;
        if (!traffstat_i_reserve(j->ctx, &j->lost, &j->lost_capacity, series + 1,
                                 sizeof *j->lost)) {
            return TRAFFSTAT_E_NOMEM;
        }
        memset(j->lost + before, 0, (j->lost_capacity - before) * sizeof *j->lost);
    }
    j->lost[series]++;
    return TRAFFSTAT_OK;
}
