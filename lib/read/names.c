/* Names and keys that do not go together one to one. Nothing is merged because of a name: a key is
 * one place under the first of its names, and a name of several keys is several places. */
#include <stdlib.h>
#include <string.h>

#include "read/job.h"

/* Keys of a name that its message shows. */
#define SHOWN_KEYS 4

struct traffstat_i_variant {
    size_t series;
    char *name;
    const char *file;
    int64_t line;
};

/* ---- met while reading ---------------------------------------------------------------------- */

traffstat_status traffstat_i_job_other_name(traffstat_i_job *j, const traffstat_i_record *record,
                                            size_t series, traffstat_i_slice name)
{
    if (series >= j->varied_capacity) {
        const size_t before = j->varied_capacity;
        if (!traffstat_i_reserve(j->ctx, &j->varied, &j->varied_capacity, series + 1, 1)) {
            return TRAFFSTAT_E_NOMEM;
        }
        memset(j->varied + before, 0, j->varied_capacity - before);
    }
    if (j->varied[series] != 0) {
        return TRAFFSTAT_OK; /* one other name is enough to say so */
    }
    if (!traffstat_i_reserve(j->ctx, &j->variants, &j->variant_capacity, j->variant_count + 1,
                             sizeof *j->variants)) {
        return TRAFFSTAT_E_NOMEM;
    }
    char *copy = traffstat_i_strndup(j->ctx, name.data, name.size);
    if (copy == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    j->variants[j->variant_count++] = (traffstat_i_variant){series, copy, j->file, record->line};
    j->varied[series] = 1;
    return TRAFFSTAT_OK;
}

void traffstat_i_job_clear_names(traffstat_i_job *j)
{
    for (size_t i = 0; i < j->variant_count; i++) {
        traffstat_i_free(j->ctx, j->variants[i].name);
    }
    traffstat_i_free(j->ctx, j->variants);
    traffstat_i_free(j->ctx, j->varied);
}

/* ---- the finished panel --------------------------------------------------------------------- */

/* A name, folded or not, and the key that goes with it. */
typedef struct ref {
    const char *text;
    const char *other;
    size_t series;
} ref;

static int by_text(const void *a, const void *b)
{
    const ref *x = a;
    const ref *y = b;
    int order = strcmp(x->text, y->text);
    order = order != 0 ? order : strcmp(x->other, y->other);
    return order != 0 ? order : (x->series > y->series) - (x->series < y->series);
}

static traffstat_status say(traffstat_i_job *j, traffstat_i_kind kind, const char *file,
                            int64_t line, traffstat_text *text)
{
    const traffstat_status status =
        text->failed
            ? TRAFFSTAT_E_NOMEM
            : traffstat_i_log_add_whole(&j->log, kind, file, line, traffstat_i_text_get(text));
    traffstat_i_text_clear(text);
    return status;
}

/* "MT0320100 is "Missoula" and "MISSOULA PD"" */
static traffstat_status report_variant(traffstat_i_job *j, const char *key, const char *first,
                                       const char *other, const char *file, int64_t line)
{
    char shown[TRAFFSTAT_I_SHOWN];
    traffstat_text text;
    traffstat_i_text_init(&text, j->ctx);
    if (traffstat_i_log_wants(&j->log, TRAFFSTAT_I_NAME_VARIANTS)) {
        traffstat_i_text_add(&text, traffstat_i_slice_show(traffstat_i_slice_of(key), shown));
        traffstat_i_text_addf(&text, " is \"%s\"",
                              traffstat_i_slice_show(traffstat_i_slice_of(first), shown));
        traffstat_i_text_addf(&text, " and \"%s\"",
                              traffstat_i_slice_show(traffstat_i_slice_of(other), shown));
    }
    return say(j, TRAFFSTAT_I_NAME_VARIANTS, file, line, &text);
}

/* One place, several names: those of a key's series, then those met within a series. */
static traffstat_status report_keys(traffstat_i_job *j, const traffstat_panel *panel, ref *refs)
{
    const size_t series = traffstat_panel_series(panel);
    size_t count = 0;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < series; i++) {
        if (traffstat_panel_key(panel, i)[0] != '\0') {
            refs[count++] =
                (ref){traffstat_panel_key(panel, i), traffstat_panel_jurisdiction(panel, i), i};
        }
    }
    qsort(refs, count, sizeof *refs, by_text);
    for (size_t i = 0; i < j->variant_count && status == TRAFFSTAT_OK; i++) {
        const traffstat_i_variant *of = &j->variants[i];
        status = report_variant(j, traffstat_panel_key(panel, of->series),
                                traffstat_panel_jurisdiction(panel, of->series), of->name, of->file,
                                of->line);
    }
    for (size_t i = 1; i < count && status == TRAFFSTAT_OK; i++) {
        const bool told = refs[i].series < j->varied_capacity && j->varied[refs[i].series] != 0;
        const bool first = i < 2 || strcmp(refs[i - 2].text, refs[i].text) != 0;
        if (first && !told && strcmp(refs[i - 1].text, refs[i].text) == 0 &&
            strcmp(refs[i - 1].other, refs[i].other) != 0) {
            status = report_variant(j, refs[i].text, refs[i - 1].other, refs[i].other, j->file, 0);
        }
    }
    return status;
}

/* "State Police:" has 123 keys: AK1, AL2 and others */
static traffstat_status report_name(traffstat_i_job *j, const ref *refs, size_t count, size_t keys)
{
    char shown[TRAFFSTAT_I_SHOWN];
    traffstat_text text;
    traffstat_i_text_init(&text, j->ctx);
    size_t said = 0;
    if (traffstat_i_log_wants(&j->log, TRAFFSTAT_I_NAME_SHARED)) {
        traffstat_i_text_addf(&text, "\"%s\" has %zu keys",
                              traffstat_i_slice_show(traffstat_i_slice_of(refs[0].text), shown),
                              keys);
        for (size_t i = 0; i < count && said < SHOWN_KEYS; i++) {
            if (i == 0 || strcmp(refs[i - 1].other, refs[i].other) != 0) {
                traffstat_i_text_add(&text, said == 0 ? ": " : ", ");
                traffstat_i_text_add(
                    &text, traffstat_i_slice_show(traffstat_i_slice_of(refs[i].other), shown));
                said++;
            }
        }
        traffstat_i_text_add(&text, keys > said ? " and others" : "");
    }
    return say(j, TRAFFSTAT_I_NAME_SHARED, j->file, 0, &text);
}

static traffstat_status report_shared(traffstat_i_job *j, const traffstat_panel *panel, ref *refs)
{
    const size_t series = traffstat_panel_series(panel);
    size_t count = 0;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < series; i++) {
        const char *name = traffstat_panel_jurisdiction(panel, i);
        if (name[0] != '\0' && traffstat_panel_key(panel, i)[0] != '\0') {
            refs[count++] = (ref){name, traffstat_panel_key(panel, i), i};
        }
    }
    qsort(refs, count, sizeof *refs, by_text);
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK;) {
        size_t keys = 1;
        size_t end = i + 1;
        for (; end < count && strcmp(refs[end].text, refs[i].text) == 0; end++) {
            keys += strcmp(refs[end - 1].other, refs[end].other) != 0 ? 1 : 0;
        }
        status = keys > 1 ? report_name(j, refs + i, end - i, keys) : TRAFFSTAT_OK;
        i = end;
    }
    return status;
}

/* ---- spellings of names without keys -------------------------------------------------------- */

#define PARTS 32

static int by_slice(const void *a, const void *b)
{
    const traffstat_i_slice *x = a;
    const traffstat_i_slice *y = b;
    const size_t size = x->size < y->size ? x->size : y->size;
    const int order = size > 0 ? memcmp(x->data, y->data, size) : 0;
    return order != 0 ? order : (x->size > y->size) - (x->size < y->size);
}

/* Letters and digits in lower case; what stands between semicolons in order: "B; A" as "A; B". */
static void fold_name(traffstat_text *out, const char *name)
{
    traffstat_i_slice parts[PARTS];
    char folded[TRAFFSTAT_I_SHOWN];
    size_t count = 0;
    size_t used = 0;
    (void) traffstat_i_fold(traffstat_i_slice_of(name), folded, sizeof folded);
    if (strchr(name, ';') == NULL) {
        traffstat_i_text_add(out, folded);
        return;
    }
    for (const char *at = name; *at != '\0' && count < PARTS;) {
        const size_t size = strcspn(at, ";");
        const size_t length =
            traffstat_i_fold((traffstat_i_slice){at, size}, folded + used, sizeof folded - used);
        parts[count++] = (traffstat_i_slice){folded + used, length};
        used += length;
        at += size + (at[size] != '\0' ? 1 : 0);
    }
    qsort(parts, count, sizeof *parts, by_slice);
    for (size_t i = 0; i < count; i++) {
        traffstat_i_text_add_bytes(out, parts[i].data, parts[i].size);
        traffstat_i_text_add(out, ";");
    }
}

static traffstat_status report_spellings(traffstat_i_job *j, const traffstat_panel *panel,
                                         ref *refs, size_t *starts)
{
    static const char end = '\0';
    const size_t series = traffstat_panel_series(panel);
    size_t count = 0;
    traffstat_text arena;
    traffstat_i_text_init(&arena, j->ctx);
    for (size_t i = 0; i < series; i++) {
        starts[i] = arena.size;
        if (traffstat_panel_key(panel, i)[0] == '\0') {
            fold_name(&arena, traffstat_panel_jurisdiction(panel, i));
            traffstat_i_text_add_bytes(&arena, &end, 1);
        }
    }
    traffstat_status status = arena.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    for (size_t i = 0; i < series && status == TRAFFSTAT_OK; i++) {
        if (traffstat_panel_key(panel, i)[0] == '\0') {
            refs[count++] = (ref){traffstat_i_text_get(&arena) + starts[i],
                                  traffstat_panel_jurisdiction(panel, i), i};
        }
    }
    qsort(refs, count, sizeof *refs, by_text);
    for (size_t i = 1; i < count && status == TRAFFSTAT_OK; i++) {
        if (refs[i].text[0] != '\0' && strcmp(refs[i - 1].text, refs[i].text) == 0 &&
            strcmp(refs[i - 1].other, refs[i].other) != 0) {
            traffstat_text text;
            traffstat_i_text_init(&text, j->ctx);
            traffstat_i_text_addf(&text, "\"%s\" and \"%s\"", refs[i - 1].other, refs[i].other);
            status = say(j, TRAFFSTAT_I_NAME_APART, j->file, 0, &text);
        }
    }
    traffstat_i_text_clear(&arena);
    return status;
}

traffstat_status traffstat_i_job_tell_names(traffstat_i_job *j, const traffstat_panel *panel)
{
    const size_t series = traffstat_panel_series(panel);
    ref *refs = traffstat_i_alloc(j->ctx, series, sizeof *refs);
    size_t *starts = traffstat_i_alloc(j->ctx, series, sizeof *starts);
    traffstat_status status = refs != NULL && starts != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    if (status == TRAFFSTAT_OK) {
        status = report_keys(j, panel, refs);
    }
    if (status == TRAFFSTAT_OK) {
        status = report_shared(j, panel, refs);
    }
    if (status == TRAFFSTAT_OK) {
        status = report_spellings(j, panel, refs, starts);
    }
    traffstat_i_free(j->ctx, refs);
    traffstat_i_free(j->ctx, starts);
    return status;
}
