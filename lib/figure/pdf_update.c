/* What cairo's PDF lacks, as an incremental update (ISO 32000-1, 7.5.6): alternative text, language
 * and viewer preferences. Reads nothing but what our own cairo has just written: a classic
 * cross-reference table over objects that follow each other. Where anything looks otherwise, the
 * call fails rather than guess. */
#include <string.h>

#include "figure/scene.h"

#define ENTRY_SIZE 20 /* "0000026756 00000 n \n" */
#define OBJECTS_MAX 100000
#define UPDATED_MAX 3
#define OBJECT_END ">>\nendobj\n"

typedef struct span {
    const char *start;
    size_t size;
} span;

typedef struct document {
    traffstat_ctx *ctx;
    const char *data;
    size_t size;
    size_t table;   /* offset of "xref" */
    size_t entries; /* offset of its first entry */
    size_t objects;
    size_t root;
    size_t info;
    traffstat_text update;
    size_t updated[UPDATED_MAX]; /* object numbers, rising, and where they lie now */
    size_t offsets[UPDATED_MAX];
    size_t updated_count;
} document;

static traffstat_status refuse(const document *doc, const char *what)
{
    return traffstat_i_fail(doc->ctx, TRAFFSTAT_E_DRAW, "cairo's PDF is not as expected: %s", what);
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool stands_at(const document *doc, size_t at, const char *text)
{
    const size_t size = strlen(text);
    return at <= doc->size && size <= doc->size - at && memcmp(doc->data + at, text, size) == 0;
}

/* A number at *at, which moves behind it. */
static bool read_number(const document *doc, size_t *at, size_t *out)
{
    const size_t start = *at;
    size_t value = 0;
    while (*at < doc->size && *at - start < 10 && traffstat_i_is_digit(doc->data[*at])) {
        value = value * 10 + (size_t) (doc->data[*at] - '0');
        (*at)++;
    }
    *out = value;
    return *at > start;
}

static bool find(const char *data, size_t size, const char *what, size_t *at)
{
    const char *found = memmem(data, size, what, strlen(what));
    if (found != NULL) {
        *at = (size_t) (found - data);
    }
    return found != NULL;
}

/* The end of the file says where the table is. */
static bool find_table(document *doc)
{
    static const char start[] = "startxref\n";
    const size_t tail = doc->size > 64 ? doc->size - 64 : 0;
    size_t at = 0;
    if (!find(doc->data + tail, doc->size - tail, start, &at)) {
        return false;
    }
    at += tail + strlen(start);
    return read_number(doc, &at, &doc->table) && stands_at(doc, at, "\n%%EOF\n") &&
           at + strlen("\n%%EOF\n") == doc->size;
}

static bool read_reference(const document *doc, size_t from, const char *key, size_t *out)
{
    size_t at = 0;
    if (!find(doc->data + from, doc->size - from, key, &at)) {
        return false;
    }
    at += from + strlen(key);
    return read_number(doc, &at, out) && stands_at(doc, at, " 0 R") && *out > 0 &&
           *out < doc->objects;
}

static bool read_table(document *doc)
{
    size_t at = doc->table + strlen("xref\n0 ");
    if (!stands_at(doc, doc->table, "xref\n0 ") || !read_number(doc, &at, &doc->objects) ||
        !stands_at(doc, at, "\n") || doc->objects < 2 || doc->objects > OBJECTS_MAX) {
        return false;
    }
    doc->entries = at + 1;
    const size_t trailer = doc->entries + doc->objects * ENTRY_SIZE;
    return stands_at(doc, trailer, "trailer\n") &&
           read_reference(doc, trailer, "/Root ", &doc->root) &&
           read_reference(doc, trailer, "/Info ", &doc->info);
}

static bool offset_of(const document *doc, size_t number, size_t *out)
{
    size_t at = doc->entries + number * ENTRY_SIZE;
    return read_number(doc, &at, out) && stands_at(doc, at, " 00000 n \n") && *out < doc->table;
}

/* Object `number` from its offset to that of the object behind it. */
static bool find_object(const document *doc, size_t number, span *out)
{
    size_t start = 0;
    size_t end = doc->table;
    size_t at = 0;
    size_t told = 0;
    if (!offset_of(doc, number, &start)) {
        return false;
    }
    for (size_t i = 1; i < doc->objects; i++) {
        size_t other = 0;
        if (offset_of(doc, i, &other) && other > start && other < end) {
            end = other;
        }
    }
    at = start;
    *out = (span){doc->data + start, end - start};
    return read_number(doc, &at, &told) && told == number && stands_at(doc, at, " 0 obj\n") &&
           out->size >= strlen(OBJECT_END) && stands_at(doc, end - strlen(OBJECT_END), OBJECT_END);
}

/* The one structure element of a type. Elements are short and hold no strings. */
static bool find_element(const document *doc, const char *start, size_t *out)
{
    size_t found = 0;
    for (size_t i = 1; i < doc->objects; i++) {
        size_t at = 0;
        size_t number = 0;
        if (!offset_of(doc, i, &at) || !read_number(doc, &at, &number)) {
            return false;
        }
        if (stands_at(doc, at, start)) {
            *out = i;
            found++;
        }
    }
    return found == 1;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* A new version of an object begins: `source` without its end. */
static void begin_object(document *doc, size_t number)
{
    doc->updated[doc->updated_count] = number;
    doc->offsets[doc->updated_count] = doc->size + doc->update.size;
    doc->updated_count++;
}

static bool copy_object(document *doc, size_t number)
{
    span object;
    if (!find_object(doc, number, &object)) {
        return false;
    }
    begin_object(doc, number);
    traffstat_i_text_add_bytes(&doc->update, object.start, object.size - strlen(OBJECT_END));
    return true;
}

/* UTF-16 with its byte order mark, in hexadecimal: no escapes to think of. */
static void add_text_string(traffstat_text *out, const char *text)
{
    const size_t size = strlen(text);
    traffstat_i_text_add(out, "<FEFF");
    for (size_t i = 0; i < size;) {
        size_t step = 1;
        const uint32_t c = traffstat_i_utf8_decode(text + i, size - i, &step);
        if (c < 0x10000) {
            traffstat_i_text_addf(out, "%04X", (unsigned) c);
        } else {
            traffstat_i_text_addf(out, "%04X%04X", (unsigned) (0xD800 + ((c - 0x10000) >> 10)),
                                  (unsigned) (0xDC00 + ((c - 0x10000) & 0x3FF)));
        }
        i += step;
    }
    traffstat_i_text_add(out, ">");
}

static bool describe_figure(document *doc, const char *alt)
{
    size_t number = 0;
    if (!find_element(doc, " 0 obj\n<< /Type /StructElem\n   /S /Figure\n", &number) ||
        !copy_object(doc, number)) {
        return false;
    }
    traffstat_i_text_add(&doc->update, "   /Alt ");
    add_text_string(&doc->update, alt);
    traffstat_i_text_add(&doc->update, "\n" OBJECT_END);
    return true;
}

/* cairo 1.16 leaves out the "D:" that dates begin with. */
static bool mend_dates(document *doc)
{
    static const char *const keys[] = {"   /CreationDate (", "   /ModDate ("};
    span object;
    if (!find_object(doc, doc->info, &object)) {
        return false;
    }
    begin_object(doc, doc->info);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t at = 0;
        if (!find(object.start, object.size, keys[i], &at)) {
            return false;
        }
        at += strlen(keys[i]);
        traffstat_i_text_add_bytes(&doc->update, object.start, at);
        object.start += at;
        object.size -= at;
        if (traffstat_i_is_digit(object.start[0])) {
            traffstat_i_text_add(&doc->update, "D:");
        }
    }
    traffstat_i_text_add_bytes(&doc->update, object.start, object.size);
    return true;
}

static bool describe_catalog(document *doc, const char *language)
{
    if (!copy_object(doc, doc->root)) {
        return false;
    }
    traffstat_i_text_add(&doc->update, "   /Lang ");
    add_text_string(&doc->update, language);
    traffstat_i_text_add(&doc->update,
                         "\n   /ViewerPreferences << /DisplayDocTitle true >>\n" OBJECT_END);
    return true;
}

static void add_table(document *doc)
{
    const size_t table = doc->size + doc->update.size;
    traffstat_i_text_add(&doc->update, "xref\n");
    for (size_t i = 0; i < doc->updated_count; i++) {
        traffstat_i_text_addf(&doc->update, "%zu 1\n%010zu 00000 n \n", doc->updated[i],
                              doc->offsets[i]);
    }
    traffstat_i_text_addf(&doc->update,
                          "trailer\n<< /Size %zu\n   /Root %zu 0 R\n   /Info %zu 0 R\n"
                          "   /Prev %zu\n>>\nstartxref\n%zu\n%%%%EOF\n",
                          doc->objects, doc->root, doc->info, doc->table, table);
}

traffstat_status traffstat_i_pdf_describe(traffstat_ctx *ctx, traffstat_text *pdf, const char *alt,
                                          const char *language)
{
    document doc = {.ctx = ctx, .data = traffstat_i_text_get(pdf), .size = pdf->size};
    traffstat_i_text_init(&doc.update, ctx);
    traffstat_status status = TRAFFSTAT_OK;
    if (!find_table(&doc) || !read_table(&doc)) {
        status = refuse(&doc, "no table of its objects");
    } else if (!describe_figure(&doc, alt)) {
        status = refuse(&doc, "no single figure in its structure");
    } else if (!mend_dates(&doc)) {
        status = refuse(&doc, "no dates");
    } else if (!describe_catalog(&doc, language)) {
        status = refuse(&doc, "no catalog");
    } else {
        add_table(&doc);
    }
    if (status == TRAFFSTAT_OK && !doc.update.failed) {
        traffstat_i_text_add_bytes(pdf, doc.update.data, doc.update.size);
    }
    if (status == TRAFFSTAT_OK && (doc.update.failed || pdf->failed)) {
        status = TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_text_clear(&doc.update);
    return status;
}
