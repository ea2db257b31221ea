#include <string.h>

#include "read/shape.h"

/* Records and cells of the first block that are looked at, and records that a header may have
 * above it. */
#define LOOKED 48
#define CELLS 65536
#define ABOVE 16
#define FOLDED 128

typedef struct row {
    const traffstat_i_slice *cell;
    size_t width;
    size_t texts;   /* cells that say something */
    size_t numbers; /* and hold a number that is no year */
    size_t names;   /* and are names of roles */
    size_t places;  /* of those, of places or keys */
    size_t years;   /* headers of years */
} row;

typedef struct look {
    const traffstat_reader *options;
    traffstat_i_slice *cells;
    row rows[LOOKED];
    size_t count;
    bool index;
} look;

/* ---- cutting -------------------------------------------------------------------------------- */

static bool ends_field(char c, char delimiter)
{
    return c == delimiter || c == '\n' || c == '\r';
}

/* Past the text that a quote before data[at] opened: its closing quote, or the end. */
static size_t quoted_end(traffstat_i_slice head, size_t at)
{
    while (at < head.size &&
           (head.data[at] != '"' || (at + 1 < head.size && head.data[at + 1] == '"'))) {
        at += head.data[at] == '"' ? 2 : 1;
    }
    return at < head.size ? at : head.size;
}

/* One field from data[at]; its raw text without the outer quotes. */
static size_t cut_field(traffstat_i_slice head, size_t at, char delimiter, traffstat_i_slice *out)
{
    while (at < head.size && head.data[at] == ' ') {
        at++;
    }
    const bool quoted = at < head.size && head.data[at] == '"';
    const size_t from = at + quoted;
    size_t end = quoted ? quoted_end(head, from) : from;
    while (!quoted && end < head.size && !ends_field(head.data[end], delimiter)) {
        end++;
    }
    *out = traffstat_i_slice_trim((traffstat_i_slice){head.data + from, end - from});
    while (end < head.size && !ends_field(head.data[end], delimiter)) {
        end++;
    }
    return end;
}

static bool says(traffstat_i_slice cell)
{
    int64_t ends[2];
    return traffstat_i_read_count(cell, '.', &ends[0], &ends[1]) != TRAFFSTAT_I_VALUE_MISSING;
}

/* A count, or a mark in the place of one. */
static bool is_count(const look *l, traffstat_i_slice cell)
{
    int64_t ends[2];
    return traffstat_i_read_count(cell, (char) l->options->decimal, &ends[0], &ends[1]) !=
           TRAFFSTAT_I_VALUE_UNREADABLE;
}

static bool is_number(const look *l, traffstat_i_slice cell)
{
    double number = 0.0;
    const traffstat_i_value plain =
        traffstat_i_read_number(cell, (char) l->options->decimal, &number);
    return is_count(l, cell) || plain == TRAFFSTAT_I_VALUE_READ ||
           plain == TRAFFSTAT_I_VALUE_NEGATIVE;
}

/* All records of the head but one that it cuts. */
static void cut(look *l, traffstat_i_slice head, char delimiter)
{
    size_t used = 0;
    for (size_t at = 0; at < head.size && l->count < LOOKED;) {
        const size_t first = used;
        size_t texts = 0;
        do {
            at += at < head.size && head.data[at] == delimiter && used > first;
            if (used >= CELLS) {
                return;
            }
            at = cut_field(head, at, delimiter, &l->cells[used]);
            texts += l->cells[used++].size > 0;
        } while (at < head.size && head.data[at] == delimiter);
        const bool whole = at < head.size || head.size < TRAFFSTAT_I_BLOCK - 16;
        at += at < head.size;
        if (texts == 0 || !whole) {
            used = first; /* blank lines are no records */
            continue;
        }
        l->rows[l->count++] = (row){.cell = l->cells + first, .width = used - first};
    }
}

/* ---- judging -------------------------------------------------------------------------------- */

/* Did the caller name a column so? */
static bool is_given(const look *l, traffstat_i_slice cell)
{
    for (size_t i = 0; i < TRAFFSTAT_ROLE_COUNT; i++) {
        const traffstat_i_binding *binding = &l->options->roles[i];
        const size_t size = binding->how == TRAFFSTAT_I_MAPPED ? strlen(binding->text) : 0;
        size_t same = 0;
        while (size == cell.size && same < size &&
               traffstat_i_lower(cell.data[same]) == traffstat_i_lower(binding->text[same])) {
            same++;
        }
        if (size > 0 && size == cell.size && same == size) {
            return true;
        }
    }
    return false;
}

static void judge_cell(const look *l, row *r, size_t column)
{
    const traffstat_i_slice cell = r->cell[column];
    char folded[FOLDED];
    char rest[FOLDED];
    int32_t year = 0;
    if ((l->index && column == 0) || !says(cell)) {
        return;
    }
    r->texts++;
    const bool is_year = traffstat_i_year_in_name(cell, &year, rest, sizeof rest);
    r->years += is_year;
    r->numbers += !is_year && is_number(l, cell);
    (void) traffstat_i_fold(cell, folded, sizeof folded);
    const bool place = traffstat_i_role_rank(TRAFFSTAT_ROLE_JURISDICTION, folded) > 0 ||
                       traffstat_i_role_rank(TRAFFSTAT_ROLE_KEY, folded) > 0;
    bool name = place || is_given(l, cell);
    for (traffstat_role i = 0; i < TRAFFSTAT_ROLE_COUNT && !name; i++) {
        name = traffstat_i_role_rank(i, folded) > 0;
    }
    r->places += place;
    r->names += name;
}

/* Row numbers that a spreadsheet wrote: whole, rising, under an empty name. */
static bool has_index(const look *l)
{
    int32_t before = -1;
    for (size_t i = 0; i < l->count; i++) {
        const traffstat_i_slice cell = l->rows[i].cell[0];
        int64_t lower = 0;
        int64_t upper = 0;
        if (i == 0) {
            char folded[FOLDED];
            const size_t size = traffstat_i_fold(cell, folded, sizeof folded);
            if (size > 0 && strcmp(folded, "unnamed0") != 0 && strcmp(folded, "index") != 0) {
                return false;
            }
            continue;
        }
        if (traffstat_i_read_count(cell, '.', &lower, &upper) != TRAFFSTAT_I_VALUE_READ ||
            lower != upper || lower <= before || lower > 1000000) {
            return false;
        }
        before = (int32_t) lower;
    }
    return l->count > 2;
}

static bool is_header(const row *r, size_t widest)
{
    if (r->numbers > 0 || r->texts < 2) {
        return false;
    }
    const bool wide = r->years >= 2 && (r->names > 0 || r->years + 2 >= r->texts);
    return r->names >= 2 || wide || (r->names >= 1 && r->texts * 2 >= widest);
}

static bool plays(traffstat_role role, traffstat_i_slice cell)
{
    char folded[FOLDED];
    (void) traffstat_i_fold(cell, folded, sizeof folded);
    return traffstat_i_role_rank(role, folded) > 0;
}

/* A row that continues the header says nothing where that names places, keys or years. */
static bool goes_with(const look *l, const row *r, const row *header)
{
    const size_t from = l->index ? 1 : 0;
    bool named = false;
    for (size_t i = from; i < header->width && i < r->width; i++) {
        const bool place = plays(TRAFFSTAT_ROLE_JURISDICTION, header->cell[i]) ||
                           plays(TRAFFSTAT_ROLE_KEY, header->cell[i]);
        named = named || place;
        if ((place || plays(TRAFFSTAT_ROLE_YEAR, header->cell[i])) && says(r->cell[i])) {
            return false;
        }
    }
    const bool first = !named && from < r->width && says(r->cell[from]);
    return r->numbers == 0 && !first;
}

/* Do the names say too little: years alone, or one name for several columns? */
static bool needs_groups(const row *header)
{
    const size_t width = header->width < FOLDED ? header->width : FOLDED;
    for (size_t i = 0; i < width; i++) {
        for (size_t k = 0; k < i; k++) {
            if (says(header->cell[i]) &&
                traffstat_i_slice_equal(header->cell[i], header->cell[k])) {
                return true;
            }
        }
    }
    return header->years >= 2;
}

/* Words over columns, which may be one; a year above years is a title's. */
static bool heads(const look *l, const row *r, const row *header)
{
    return needs_groups(header) && r->texts >= 1 && (r->years == 0 || header->years == 0) &&
           goes_with(l, r, header);
}

/* The year that a title names, when all titles name one; 0: none. */
static int32_t year_above(const look *l, size_t header)
{
    char rest[FOLDED];
    int32_t found = 0;
    for (size_t i = 0; i < header; i++) {
        for (size_t c = 0; c < l->rows[i].width; c++) {
            int32_t year = 0;
            if (!traffstat_i_year_in_name(l->rows[i].cell[c], &year, rest, sizeof rest)) {
                continue;
            }
            if (found != 0 && found != year) {
                return 0;
            }
            found = year;
        }
    }
    return found;
}

static void find_header(const look *l, traffstat_i_shape *out)
{
    size_t widest = 0;
    size_t header = 0;
    for (size_t i = 0; i < l->count; i++) {
        widest = l->rows[i].texts > widest ? l->rows[i].texts : widest;
    }
    for (size_t i = 0; i < l->count && i < ABOVE; i++) {
        if (is_header(&l->rows[i], widest)) {
            header = i;
            break;
        }
    }
    /* groups of columns stand above the row that names the places */
    if (header + 1 < l->count && l->rows[header].places == 0 && l->rows[header + 1].places > 0 &&
        is_header(&l->rows[header + 1], widest)) {
        header++;
    }
    const row *names = &l->rows[header];
    size_t last = header;
    while (last + 1 < l->count && last + 1 < header + TRAFFSTAT_I_HEADER_ROWS &&
           names->places > 0 && l->rows[last + 1].texts >= 2 &&
           goes_with(l, &l->rows[last + 1], names)) {
        last++;
    }
    while (header > 0 && last + 2 <= header + TRAFFSTAT_I_HEADER_ROWS && names->places > 0 &&
           heads(l, &l->rows[header - 1], names)) {
        header--;
    }
    out->above = header;
    out->rows = last - header + 1;
    out->title_year = year_above(l, header);
}

/* Columns whose cells below the header are counts, but for a few, or words that differ. */
static traffstat_status find_numeric(traffstat_ctx *ctx, const look *l, traffstat_i_shape *out)
{
    size_t width = 0;
    for (size_t i = 0; i < l->count; i++) {
        width = l->rows[i].width > width ? l->rows[i].width : width;
    }
    out->numeric = traffstat_i_alloc(ctx, width + 1, 1);
    out->words = traffstat_i_alloc(ctx, width + 1, 1);
    if (out->numeric == NULL || out->words == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    out->numeric_width = width;
    for (size_t c = l->index ? 1 : 0; c < width; c++) {
        size_t counts = 0;
        size_t others = 0;
        size_t words = 0;
        traffstat_i_slice first = {"", 0};
        for (size_t i = out->above + out->rows; i < l->count; i++) {
            const row *r = &l->rows[i];
            if (c < r->width && says(r->cell[c])) {
                counts += is_count(l, r->cell[c]);
                others += !is_count(l, r->cell[c]);
                words += !is_number(l, r->cell[c]);
                out->words[c] |= words > 1 && !traffstat_i_slice_equal(first, r->cell[c]);
                first = r->cell[c];
            }
        }
        out->numeric[c] = counts > others * 4;
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_shape_look(traffstat_ctx *ctx, const traffstat_reader *options,
                                        traffstat_i_slice head, char delimiter,
                                        traffstat_i_shape *out)
{
    look *l = traffstat_i_alloc(ctx, 1, sizeof *l);
    traffstat_i_slice *cells = traffstat_i_alloc(ctx, CELLS, sizeof *cells);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    *out = (traffstat_i_shape){.rows = 1};
    if (l != NULL && cells != NULL) {
        l->options = options;
        l->cells = cells;
        cut(l, head, delimiter);
        l->index = l->count > 0 && has_index(l);
        for (size_t i = 0; i < l->count; i++) {
            for (size_t c = 0; c < l->rows[i].width; c++) {
                judge_cell(l, &l->rows[i], c);
            }
        }
        out->index = l->index;
        if (l->count > 0) {
            find_header(l, out);
        }
        status = find_numeric(ctx, l, out);
    }
    traffstat_i_free(ctx, cells);
    traffstat_i_free(ctx, l);
    return status;
}

bool traffstat_i_shape_is_numeric(const traffstat_i_shape *shape, size_t column)
{
    return column < shape->numeric_width && shape->numeric[column] != 0;
}

traffstat_i_slice traffstat_i_shape_title(const traffstat_i_shape *shape,
                                          const traffstat_i_record *record)
{
    for (size_t i = shape->index ? 1 : 0; i < record->kept; i++) {
        if (says(record->field[i])) {
            return record->field[i];
        }
    }
    return record->kept > 0 ? record->field[0] : (traffstat_i_slice){"", 0};
}

/* ---- the header's rows ---------------------------------------------------------------------- */

void traffstat_i_shape_clear(traffstat_ctx *ctx, traffstat_i_shape *shape)
{
    for (size_t i = 0; i < shape->width; i++) {
        traffstat_i_free(ctx, shape->names[i]);
        traffstat_i_free(ctx, shape->above_names[i]);
    }
    traffstat_i_free(ctx, shape->names);
    traffstat_i_free(ctx, shape->above_names);
    traffstat_i_free(ctx, shape->slices);
    traffstat_i_free(ctx, shape->numeric);
    traffstat_i_free(ctx, shape->words);
    *shape = (traffstat_i_shape){.rows = 1};
}

static traffstat_status widen(traffstat_ctx *ctx, traffstat_i_shape *shape, size_t width)
{
    if (width <= shape->width) {
        return TRAFFSTAT_OK;
    }
    char **names = traffstat_i_alloc(ctx, width, sizeof *names);
    char **above = traffstat_i_alloc(ctx, width, sizeof *above);
    if (names == NULL || above == NULL) {
        traffstat_i_free(ctx, names);
        traffstat_i_free(ctx, above);
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < shape->width; i++) {
        names[i] = shape->names[i];
        above[i] = shape->above_names[i];
    }
    traffstat_i_free(ctx, shape->names);
    traffstat_i_free(ctx, shape->above_names);
    shape->names = names;
    shape->above_names = above;
    shape->width = width;
    return TRAFFSTAT_OK;
}

static traffstat_status put(traffstat_ctx *ctx, char **to, const char *above,
                            traffstat_i_slice more)
{
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    if (above != NULL && above[0] != '\0') {
        traffstat_i_text_addf(&text, "%s%s", above, more.size > 0 ? TRAFFSTAT_I_JOIN : "");
    }
    traffstat_i_text_add_bytes(&text, more.data, more.size);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    char *made =
        text.failed ? NULL : traffstat_i_strndup(ctx, traffstat_i_text_get(&text), text.size);
    if (made != NULL) {
        traffstat_i_free(ctx, *to);
        *to = made;
        status = TRAFFSTAT_OK;
    }
    traffstat_i_text_clear(&text);
    return status;
}

static bool is_place_name(traffstat_i_slice cell)
{
    char folded[FOLDED];
    (void) traffstat_i_fold(cell, folded, sizeof folded);
    return traffstat_i_role_rank(TRAFFSTAT_ROLE_JURISDICTION, folded) > 0 ||
           traffstat_i_role_rank(TRAFFSTAT_ROLE_KEY, folded) > 0;
}

/* `above_names` holds what a blank took from its left, to stand over a name of the rows below. */
traffstat_status traffstat_i_shape_row(traffstat_ctx *ctx, traffstat_i_shape *shape,
                                       const traffstat_i_record *record, bool *done)
{
    const bool last = ++shape->taken >= shape->rows;
    traffstat_status status = widen(ctx, shape, record->kept);
    const char *left = "";
    *done = last;
    for (size_t i = shape->index ? 1 : 0; i < record->kept && status == TRAFFSTAT_OK; i++) {
        const traffstat_i_slice cell = traffstat_i_slice_trim(record->field[i]);
        const bool named = shape->names[i] != NULL;
        if (says(cell)) {
            status =
                put(ctx, &shape->names[i], named ? shape->names[i] : shape->above_names[i], cell);
            left = status != TRAFFSTAT_OK || is_place_name(cell) ? "" : shape->names[i];
        } else if (!last && !named && left[0] != '\0') {
            status = put(ctx, &shape->above_names[i], NULL, traffstat_i_slice_of(left));
        }
    }
    return status;
}

traffstat_status traffstat_i_shape_header(traffstat_ctx *ctx, traffstat_i_shape *shape,
                                          traffstat_i_record *out)
{
    shape->slices = traffstat_i_alloc(ctx, shape->width + 1, sizeof *shape->slices);
    if (shape->slices == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < shape->width; i++) {
        shape->slices[i] = traffstat_i_slice_of(shape->names[i] != NULL ? shape->names[i] : "");
    }
    out->field = shape->slices;
    out->kept = shape->width;
    return TRAFFSTAT_OK;
}

/* ---- years in names ------------------------------------------------------------------------- */

static bool is_year_at(traffstat_i_slice name, size_t at, int32_t *year)
{
    return at + 4 <= name.size && (at == 0 || !traffstat_i_is_digit(name.data[at - 1])) &&
           (at + 4 == name.size || !traffstat_i_is_digit(name.data[at + 4])) &&
           traffstat_i_read_year((traffstat_i_slice){name.data + at, 4}, year);
}

static bool is_mark(char c)
{
    return c != '\0' && strchr(" _-./:()[]", c) != NULL;
}

bool traffstat_i_year_in_name(traffstat_i_slice name, int32_t *year, char *rest, size_t size)
{
    bool found = false;
    size_t used = 0;
    if (name.size >= size) {
        return false;
    }
    for (size_t i = 0; i < name.size; i++) {
        int32_t one = 0;
        if (is_year_at(name, i, &one)) {
            if (found && one != *year) {
                return false; /* two years are a period */
            }
            found = true;
            *year = one;
            i += 3;
        } else if (used > 0 || !is_mark(name.data[i])) {
            rest[used++] = name.data[i];
        }
    }
    while (used > 0 && is_mark(rest[used - 1])) {
        used--;
    }
    rest[used] = '\0';
    return found;
}
