/* From bytes to records: encodings, gzip, line ends, separators. */
#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <traffstat/read.h>

#include "read/read.h"
#include "support/support.h"

#define HEAD "place,year,cases\n"

typedef struct result {
    traffstat_status status;
    traffstat_panel *panel;
    traffstat_account *account;
} result;

typedef struct bytes {
    unsigned char *data;
    size_t size;
} bytes;

/* ---- helpers -------------------------------------------------------------------------------- */

static result read_bytes(traffstat_ctx *ctx, const traffstat_reader *reader, const void *data,
                         size_t size)
{
    result r = {0};
    r.status = traffstat_read_memory(ctx, reader, data, size, "x.csv", &r.panel, &r.account);
    return r;
}

static void drop(result *r)
{
    traffstat_panel_free(r->panel);
    traffstat_account_free(r->account);
    *r = (result){0};
}

static traffstat_reader *reader_for(traffstat_ctx *ctx, const char *encoding)
{
    traffstat_reader *reader = NULL;
    assert_ok(ctx, traffstat_reader_new(ctx, &reader));
    assert_ok(ctx, traffstat_reader_set_encoding(ctx, reader, encoding));
    return reader;
}

static bool find_problem(const traffstat_account *account, const char *code,
                         traffstat_problem *problem, traffstat_example *example)
{
    for (size_t i = 0; i < traffstat_account_problems(account); i++) {
        assert_int_equal(traffstat_account_problem(account, i, problem), TRAFFSTAT_OK);
        if (strcmp(problem->code, code) == 0) {
            assert_int_equal(traffstat_account_example(account, i, 0, example), TRAFFSTAT_OK);
            return true;
        }
    }
    return false;
}

static void assert_told_once(const result *r, const char *code, int64_t line, const char *got)
{
    traffstat_problem problem;
    traffstat_example example;
    assert_true(find_problem(r->account, code, &problem, &example));
    assert_int_equal(problem.count, 1);
    assert_int_equal(problem.rows_dropped, 0);
    assert_int_equal(example.line, line);
    assert_string_equal(example.got, got);
}

static void assert_cell(const result *r, size_t row, const char *place, int64_t count)
{
    traffstat_cell cell = {0};
    assert_int_equal(traffstat_panel_cell(r->panel, row, &cell), TRAFFSTAT_OK);
    const size_t series = traffstat_panel_row_series(r->panel, row);
    assert_string_equal(traffstat_panel_jurisdiction(r->panel, series), place);
    assert_int_equal(cell.lower, count);
}

/* A text of two-byte characters at most, spread to `unit` bytes each. */
static bytes spread(const char *utf8, size_t unit, bool big, bool mark)
{
    const size_t size = strlen(utf8);
    bytes out = {calloc(size + 1, unit), 0};
    assert_non_null(out.data);
    for (size_t at = 0; at < size || mark;) {
        size_t step = 1;
        const uint32_t code = mark ? 0xfeff : traffstat_i_utf8_decode(utf8 + at, size - at, &step);
        for (size_t i = 0; i < unit; i++) {
            const size_t shift = 8 * (big ? unit - 1 - i : i);
            out.data[out.size++] = (unsigned char) (shift < 32 ? code >> shift : 0);
        }
        at += mark ? 0 : step;
        mark = false;
    }
    return out;
}

static bytes gzipped(const void *data, size_t size)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    const size_t room = deflateBound(&z, (uLong) size);
    bytes out = {malloc(room), 0};
    assert_non_null(out.data);
    z.next_in = (Bytef *) (uintptr_t) data;
    z.avail_in = (uInt) size;
    z.next_out = out.data;
    z.avail_out = (uInt) room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.size = z.total_out;
    assert_int_equal(deflateEnd(&z), Z_OK);
    return out;
}

static bytes joined(bytes a, bytes b)
{
    a.data = realloc(a.data, a.size + b.size);
    assert_non_null(a.data);
    memcpy(a.data + a.size, b.data, b.size);
    a.size += b.size;
    return a;
}

/* ---- encodings ------------------------------------------------------------------------------ */

static void utf16_and_utf32_are_read_with_and_without_their_marks(void **state)
{
    static const char text[] = HEAD "Qu\xc3\xa9"
                                    "bec,2017,7\nA,2018,8\n";
    static const struct {
        size_t unit;
        bool big;
        const char *name;
    } cases[] = {{2, false, "UTF-16LE"},
                 {2, true, "UTF-16BE"},
                 {4, false, "UTF-32LE"},
                 {4, true, "UTF-32BE"}};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        const bool mark = i % 2 == 0;
        const bytes in = spread(text, cases[i / 2].unit, cases[i / 2].big, mark);
        char name[64];
        (void) snprintf(name, sizeof name, "%s%s", cases[i / 2].name, mark ? " with BOM" : "");
        result r = read_bytes(*state, NULL, in.data, in.size);
        assert_ok(*state, r.status);
        assert_string_equal(traffstat_account_encoding(r.account), name);
        assert_cell(&r, 0,
                    "Qu\xc3\xa9"
                    "bec",
                    7);
        assert_cell(&r, 1, "A", 8);
        drop(&r);
        free(in.data);
    }
}

static void surrogates_make_one_character_and_a_lone_one_is_refused(void **state)
{
    /* U+1F5FA is d83d ddfa */
    static const unsigned char map[] = {0x3d, 0xd8, 0xfa, 0xdd};
    bytes in = spread(HEAD "AB,2017,7\n", 2, false, true);
    const size_t at = 2 + 2 * (sizeof HEAD - 1);
    memcpy(in.data + at, map, 4);
    result r = read_bytes(*state, NULL, in.data, in.size);
    assert_ok(*state, r.status);
    assert_cell(&r, 0, "\xf0\x9f\x97\xba", 7);
    drop(&r);
    in.data[at] = 'A';
    in.data[at + 1] = 0;
    r = read_bytes(*state, NULL, in.data, in.size);
    assert_int_equal(r.status, TRAFFSTAT_E_FORMAT);
    assert_int_equal(traffstat_ctx_error_line(*state), 2);
    assert_non_null(strstr(traffstat_ctx_message(*state), "UTF-16LE"));
    drop(&r);
    r = read_bytes(*state, NULL, in.data, 2 * (sizeof HEAD - 1) + 1); /* half a character */
    assert_int_equal(r.status, TRAFFSTAT_E_FORMAT);
    drop(&r);
    free(in.data);
}

static void what_is_no_utf8_is_windows_1252_and_said_so_with_its_line(void **state)
{
    static const char text[] = HEAD "A,2017,7\nMontr\xe9"
                                    "al \x96 \x80,2017,8\n\xc3\x89,2017,9\n";
    result r = read_bytes(*state, NULL, text, sizeof text - 1);
    assert_ok(*state, r.status);
    assert_cell(&r, 1,
                "Montr\xc3\xa9"
                "al \xe2\x80\x93 \xe2\x82\xac",
                8);
    assert_cell(&r, 2, "\xc3\x89", 9); /* what is UTF-8 stays it */
    assert_told_once(&r, "decoded_as_cp1252", 3, "byte 0xe9");
    assert_string_equal(traffstat_account_encoding(r.account), "Windows-1252");
    drop(&r);
}

static void a_declared_encoding_is_no_problem_even_when_strict(void **state)
{
    static const char text[] = HEAD "Montr\xe9"
                                    "al,2017,8\n";
    static const char *const names[] = {"cp1252", "Windows-1252", "LATIN1", "iso-8859-1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        traffstat_reader *reader = reader_for(*state, names[i]);
        assert_ok(*state, traffstat_reader_set_strictness(*state, reader, TRAFFSTAT_READ_STRICT));
        result r = read_bytes(*state, reader, text, sizeof text - 1);
        assert_ok(*state, r.status);
        assert_cell(&r, 0,
                    "Montr\xc3\xa9"
                    "al",
                    8);
        drop(&r);
        traffstat_reader_free(reader);
    }
    traffstat_reader *strict = reader_for(*state, NULL);
    assert_ok(*state, traffstat_reader_set_strictness(*state, strict, TRAFFSTAT_READ_STRICT));
    result r = read_bytes(*state, strict, text, sizeof text - 1);
    assert_int_equal(r.status, TRAFFSTAT_E_VALUE);
    assert_int_equal(traffstat_ctx_error_line(*state), 2);
    drop(&r);
    traffstat_reader_free(strict);
}

static void encodings_that_iconv_knows_can_be_declared(void **state)
{
    /* 0xc8 is U+010C there */
    static const char text[] = HEAD "\xc8"
                                    "esko,2017,8\n";
    traffstat_reader *reader = reader_for(*state, "ISO-8859-2");
    result r = read_bytes(*state, reader, text, sizeof text - 1);
    assert_ok(*state, r.status);
    assert_cell(&r, 0,
                "\xc4\x8c"
                "esko",
                8);
    assert_string_equal(traffstat_account_encoding(r.account), "ISO-8859-2");
    drop(&r);
    traffstat_reader_free(reader);
    reader = reader_for(*state, "SHIFT_JIS");
    static const char broken[] = HEAD "A,2017,8\n\x81\x20,2017,9\n";
    r = read_bytes(*state, reader, broken, sizeof broken - 1);
    assert_int_equal(r.status, TRAFFSTAT_E_FORMAT);
    assert_int_equal(traffstat_ctx_error_line(*state), 3);
    drop(&r);
    assert_int_equal(traffstat_reader_set_encoding(*state, reader, "klingon"),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set_encoding(*state, reader, "UTF-8//IGNORE"),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_reader_free(reader);
}

static void letters_lost_before_are_pointed_at(void **state)
{
    static const char text[] = "\xef\xbb\xbf" HEAD "A,2017,7\nMontr\xef\xbf\xbd"
                               "al,2017,8\nTrois-Rivi\xef\xbf\xbdres,2017,9\n";
    result r = read_bytes(*state, NULL, text, sizeof text - 1);
    assert_ok(*state, r.status);
    assert_told_once(&r, "lost_characters", 3, "U+FFFD");
    drop(&r);
}

/* Odd bytes, two-byte characters and marks of line ends at every place about the end of a block. */
static void nothing_depends_on_where_blocks_end(void **state)
{
    static const char *const tails[] = {
        "\xe9,2017,7\nZ,2018,8\n", "\xc3\xa9,2017,7\r\nZ,2018,8\r\n",
        "\xc3\xa9,2017,7\r\r\nZ,2018,8\r\r\n", "\xc3\xa9,2017,7\rZ,2018,8\r"};
    char *text = malloc(2 * TRAFFSTAT_I_BLOCK);
    assert_non_null(text);
    for (size_t t = 0; t < sizeof tails / sizeof tails[0]; t++) {
        for (size_t shift = 0; shift < 16; shift++) {
            size_t used = (size_t) sprintf(text, HEAD);
            const size_t goal = TRAFFSTAT_I_BLOCK - shift;
            while (used + 9 <= goal) {
                used += (size_t) sprintf(text + used, "A,2017,1\n");
            }
            memset(text + used, 'B', goal - used);
            used += goal - used;
            used += (size_t) sprintf(text + used, "%s", tails[t]);
            result r = read_bytes(*state, NULL, text, used);
            assert_ok(*state, r.status);
            assert_int_equal(traffstat_account_rows_seen(r.account),
                             traffstat_account_rows_used(r.account));
            assert_int_equal(traffstat_panel_rows(r.panel), 3);
            traffstat_problem problem;
            traffstat_example example;
            assert_int_equal(find_problem(r.account, "decoded_as_cp1252", &problem, &example),
                             t == 0);
            const char *name = traffstat_panel_jurisdiction(r.panel, 1);
            assert_string_equal(name + strlen(name) - 2, "\xc3\xa9");
            assert_string_equal(traffstat_panel_jurisdiction(r.panel, 2), "Z");
            drop(&r);
        }
    }
    free(text);
}

/* ---- line ends ------------------------------------------------------------------------------ */

static void line_ends_of_all_kinds_count_as_one_line(void **state)
{
    static const char *const ends[] = {"\n", "\r\n", "\r", "\r\r\n"};
    for (size_t i = 0; i < 5; i++) {
        char text[256];
        const char *const a = ends[i < 4 ? i : 0];
        const char *const b = ends[i < 4 ? i : 2];
        const char *const c = ends[i < 4 ? i : 3];
        (void) snprintf(text, sizeof text, "place,year,cases%s%sA,2017,7%sB,x,8%s\"C%sD\",2018,9",
                        a, b, c, b, a);
        result r = read_bytes(*state, NULL, text, strlen(text));
        assert_ok(*state, r.status);
        traffstat_problem problem;
        traffstat_example example;
        assert_true(find_problem(r.account, "bad_year", &problem, &example));
        assert_int_equal(example.line, 4);
        assert_int_equal(traffstat_account_rows_seen(r.account), 3);
        drop(&r);
    }
}

static void a_long_file_of_lone_crs_is_no_single_line(void **state)
{
    const size_t records = 300000;
    char *text = malloc(records * 10 + 64);
    assert_non_null(text);
    size_t used = (size_t) sprintf(text, "place,year,cases\n"); /* the header alone has LF */
    for (size_t i = 0; i < records; i++) {
        used += (size_t) sprintf(text + used, "A,2017,1\r");
    }
    used += (size_t) sprintf(text + used, "A,1,1\r");
    result r = read_bytes(*state, NULL, text, used);
    assert_ok(*state, r.status);
    assert_cell(&r, 0, "A", (int64_t) records);
    traffstat_problem problem;
    traffstat_example example;
    assert_true(find_problem(r.account, "bad_year", &problem, &example));
    assert_int_equal(example.line, (int64_t) records + 2);
    drop(&r);
    free(text);
}

/* ---- separators ----------------------------------------------------------------------------- */

static void separators_are_found_past_quotes_and_preambles(void **state)
{
    static const struct {
        const char *text;
        char delimiter;
    } cases[] = {
        {"Offences, by year, place, source\nplace;year;cases\nA;2017;7\nB;2017;8\n", ';'},
        {"place;year;cases\nPipe 6\" wide, long;2017;7\nB, C;2017;8\nD, E;2018;1\n", ';'},
        {"\"pla\nce;\";year;cases\n\"A, \"\"B, C;\";2017;7\n\"D, E;\";2018;1\n", ';'},
        {"\"open;year;cases\nA;2017;7\nB;2017;8\nC;2017;8\n", ';'},
        {"place\tyear\tcases\nA|B|C\t2017\t1,204\nB|C|D\t2018\t1,205\n", '\t'},
        {"place;year;rate\rA;2017;1,5\rB;2017;2,5\r", ';'},
        {"just one column\nof words\n", ','},
    };
    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_i_dialect dialect;
        traffstat_i_dialect_choose(traffstat_i_slice_of(cases[i].text), 0, &dialect);
        assert_int_equal(dialect.delimiter, cases[i].delimiter);
    }
}

static void given_beats_declared_beats_sniffed(void **state)
{
    static const char text[] = "sep=;\r\nplace|year|cases;place,year,cases\r\nA;1|2|3,4,5\r\n";
    traffstat_i_dialect dialect;
    (void) state;
    traffstat_i_dialect_choose(traffstat_i_slice_of(text), 0, &dialect);
    assert_string_equal(dialect.name, "semicolon (by its sep= line)");
    assert_int_equal(dialect.skip, 7);
    traffstat_i_dialect_choose(traffstat_i_slice_of(text), '|', &dialect);
    assert_string_equal(dialect.name, "pipe (given)");
    assert_int_equal(dialect.skip, 7);
    traffstat_i_dialect_choose(traffstat_i_slice_of(text + 7), 0, &dialect);
    assert_int_equal(dialect.skip, 0);
}

/* ---- plain lines ---------------------------------------------------------------------------- */

typedef struct said {
    char text[256]; /* the fields, each with a \x01 before it */
    size_t size;
    int records;
} said;

static void add_field(void *data, size_t size, void *user)
{
    said *to = user;
    to->text[to->size++] = 1;
    if (size > 0) {
        memcpy(to->text + to->size, data, size);
    }
    to->size += size;
}

static void add_record(int ending, void *user)
{
    (void) ending;
    ((said *) user)->records++;
}

/* Lines of libcsv's own alphabet: what is taken without it must be what it says. */
static void plain_lines_are_cut_as_libcsv_would(void **state)
{
    static const char alphabet[] = "ab,,\"\" \t;;";
    static const char *const ends[] = {"\n", "\r\n", "\r", "\r\r\n"};
    support_rng rng;
    (void) state;
    support_rng_init(&rng, 7);
    size_t taken = 0;
    size_t quoted = 0;
    for (int round = 0; round < 200000; round++) {
        char line[64];
        size_t size = 0;
        const int64_t length = support_rng_between(&rng, 0, 14);
        const char delimiter = ",;\t"[support_rng_between(&rng, 0, 2)];
        while ((int64_t) size < length) {
            line[size++] = alphabet[support_rng_between(&rng, 0, (int64_t) sizeof alphabet - 2)];
        }
        const char *end = ends[support_rng_between(&rng, 0, 3)];
        memcpy(line + size, end, strlen(end));
        size += strlen(end);
        traffstat_i_slice fields[12];
        size_t count = 0;
        if (!traffstat_i_split(line, size, delimiter, fields, 12, &count)) {
            continue;
        }
        said ours = {.records = 1};
        said theirs = {.records = 0};
        for (size_t i = 0; i < count; i++) {
            add_field((void *) (uintptr_t) fields[i].data, fields[i].size, &ours);
        }
        struct csv_parser parser;
        assert_int_equal(csv_init(&parser, 0), 0);
        csv_set_delim(&parser, (unsigned char) delimiter);
        assert_int_equal(csv_parse(&parser, line, size, add_field, add_record, &theirs), size);
        csv_free(&parser);
        assert_int_equal(theirs.records, ours.records);
        assert_int_equal(theirs.size, ours.size);
        assert_memory_equal(theirs.text, ours.text, ours.size);
        taken++;
        quoted += memchr(line, '"', size) != NULL;
    }
    assert_true(taken > 30000 && quoted > 3000);
}

/* ---- gzip ----------------------------------------------------------------------------------- */

static void gzip_is_unfolded_members_and_padding_and_all(void **state)
{
    static const char first[] = HEAD "A,2017,7\nB,20";
    static const char second[] = "17,8\n";
    bytes in = gzipped(first, sizeof first - 1);
    const bytes more = gzipped(second, sizeof second - 1);
    in = joined(in, more);
    static unsigned char zeros[512];
    in = joined(in, (bytes){zeros, sizeof zeros});
    result r = read_bytes(*state, NULL, in.data, in.size);
    assert_ok(*state, r.status);
    assert_cell(&r, 1, "B", 8);
    assert_string_equal(traffstat_account_encoding(r.account), "UTF-8, gzip");
    drop(&r);
    static unsigned char junk[] = "junk";
    in = joined(in, (bytes){junk, sizeof junk});
    r = read_bytes(*state, NULL, in.data, in.size);
    assert_int_equal(r.status, TRAFFSTAT_E_FORMAT);
    drop(&r);
    free(in.data);
    free(more.data);
}

static void a_gzip_file_that_is_cut_or_damaged_is_refused(void **state)
{
    static const char text[] = HEAD "A,2017,7\nB,2017,8\n";
    const bytes in = gzipped(text, sizeof text - 1);
    for (size_t size = 3; size < in.size; size++) {
        result r = read_bytes(*state, NULL, in.data, size);
        assert_int_equal(r.status, TRAFFSTAT_E_FORMAT);
        assert_non_null(strstr(traffstat_ctx_message(*state), "ends before its end"));
        drop(&r);
    }
    in.data[in.size - 6] ^= 1; /* in the checksum */
    result r = read_bytes(*state, NULL, in.data, in.size);
    assert_int_equal(r.status, TRAFFSTAT_E_FORMAT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "damaged"));
    drop(&r);
    free(in.data);
}

static void gzip_bombs_stop_at_the_caps(void **state)
{
    const size_t records = 1000000;
    char *text = malloc(records * 9 + 64);
    assert_non_null(text);
    size_t used = (size_t) sprintf(text, HEAD);
    for (size_t i = 0; i < records; i++) {
        memcpy(text + used, "A,2017,1\n", 9);
        used += 9;
    }
    const bytes in = gzipped(text, used);
    assert_true(used / in.size > 200);
    result r = read_bytes(*state, NULL, in.data, in.size);
    assert_int_equal(r.status, TRAFFSTAT_E_LIMIT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "200 times"));
    drop(&r);
    traffstat_reader *reader = reader_for(*state, NULL);
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_RATIO, 2000));
    r = read_bytes(*state, reader, in.data, in.size);
    assert_ok(*state, r.status);
    assert_cell(&r, 0, "A", (int64_t) records);
    drop(&r);
    assert_ok(*state,
              traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_DECOMPRESSED, 1000000));
    r = read_bytes(*state, reader, in.data, in.size);
    assert_int_equal(r.status, TRAFFSTAT_E_LIMIT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "1000000 bytes"));
    drop(&r);
    traffstat_reader_free(reader);
    free(in.data);
    free(text);
}

static void gzip_of_utf16_is_read_too(void **state)
{
    const bytes wide = spread(HEAD "A,2017,7\n", 2, true, true);
    const bytes in = gzipped(wide.data, wide.size);
    result r = read_bytes(*state, NULL, in.data, in.size);
    assert_ok(*state, r.status);
    assert_string_equal(traffstat_account_encoding(r.account), "UTF-16BE with BOM, gzip");
    drop(&r);
    free(in.data);
    free(wide.data);
}

/* ---- several files -------------------------------------------------------------------------- */

static void files_make_one_panel_and_problems_name_their_file(void **state)
{
    static const char first[] = HEAD "A,2017,7\nB,2017,8\n";
    static const char second[] = "cases;place;year\n9;A;2018\n1;B;2017\nx;B;2018\n";
    char folder[SUPPORT_PATH_SIZE];
    char one[SUPPORT_PATH_SIZE];
    char two[SUPPORT_PATH_SIZE];
    char gone[SUPPORT_PATH_SIZE];
    support_temp_folder(folder);
    support_path(one, folder, "one.csv");
    support_path(two, folder, "two.csv");
    support_path(gone, folder, "gone.csv");
    support_write(one, first, sizeof first - 1);
    support_write(two, second, sizeof second - 1);
    const char *const paths[] = {one, two, gone};
    result r = {0};
    assert_ok(*state, traffstat_read_paths(*state, NULL, paths, 2, &r.panel, &r.account));
    assert_int_equal(traffstat_account_rows_seen(r.account), 5);
    assert_int_equal(traffstat_account_rows_used(r.account), 4);
    assert_int_equal(traffstat_panel_series(r.panel), 2);
    assert_cell(&r, 0, "A", 7);
    assert_cell(&r, 1, "A", 9);
    assert_cell(&r, 2, "B", 9);
    assert_string_equal(traffstat_account_dialect(r.account), "comma; semicolon");
    traffstat_problem problem;
    traffstat_example example;
    assert_true(find_problem(r.account, "unparsable_count", &problem, &example));
    assert_string_equal(example.file, two);
    assert_int_equal(example.line, 4);
    assert_true(find_problem(r.account, "duplicate_cell", &problem, &example));
    assert_string_equal(example.file, two);
    assert_non_null(strstr(example.got, "line 3 of "));
    drop(&r);
    assert_int_equal(traffstat_read_paths(*state, NULL, paths, 3, &r.panel, &r.account),
                     TRAFFSTAT_E_IO);
    assert_non_null(strstr(traffstat_ctx_message(*state), "gone.csv"));
    assert_null(r.panel);
    drop(&r);
    assert_int_equal(traffstat_read_paths(*state, NULL, paths, 0, &r.panel, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    support_remove_folder(folder);
}

/* ---- memory --------------------------------------------------------------------------------- */

static traffstat_status try_reading(traffstat_ctx *ctx, void *arg)
{
    const bytes *in = arg;
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    const traffstat_status status =
        traffstat_read_memory(ctx, NULL, in->data, in->size, "x.csv", &panel, &account);
    traffstat_panel_free(panel);
    traffstat_account_free(account);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    (void) state;
    static const char text[] = HEAD "Montr\xe9"
                                    "al,2017,7\nB,2017,8\n";
    bytes in = gzipped(text, sizeof text - 1);
    assert_true(support_try_every_allocation(try_reading, &in) > 10);
    free(in.data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(utf16_and_utf32_are_read_with_and_without_their_marks),
        TEST(surrogates_make_one_character_and_a_lone_one_is_refused),
        TEST(what_is_no_utf8_is_windows_1252_and_said_so_with_its_line),
        TEST(a_declared_encoding_is_no_problem_even_when_strict),
        TEST(encodings_that_iconv_knows_can_be_declared),
        TEST(letters_lost_before_are_pointed_at),
        TEST(nothing_depends_on_where_blocks_end),
        TEST(line_ends_of_all_kinds_count_as_one_line),
        TEST(a_long_file_of_lone_crs_is_no_single_line),
        TEST(separators_are_found_past_quotes_and_preambles),
        TEST(given_beats_declared_beats_sniffed),
        TEST(plain_lines_are_cut_as_libcsv_would),
        TEST(gzip_is_unfolded_members_and_padding_and_all),
        TEST(a_gzip_file_that_is_cut_or_damaged_is_refused),
        TEST(gzip_bombs_stop_at_the_caps),
        TEST(gzip_of_utf16_is_read_too),
        TEST(files_make_one_panel_and_problems_name_their_file),
        TEST(memory_may_fail_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
