/* Texts measured, wrapped and refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figure/scene.h"
#include "support/support.h"

/* Hebrew "shalom olam"; Arabic "marhaba"; the letters of the latter one by one. */
#define SHALOM "\u05E9\u05DC\u05D5\u05DD \u05E2\u05D5\u05DC\u05DD"
#define MARHABA "\u0645\u0631\u062D\u0628\u0627"

typedef struct fixture {
    traffstat_ctx *ctx;
    traffstat_i_fonts *fonts;
} fixture;

static fixture open_fonts(void **state)
{
    fixture f = {.ctx = *state};
    assert_ok(f.ctx, traffstat_i_fonts_new(f.ctx, NULL, NULL, "en", &f.fonts));
    return f;
}

static traffstat_i_extents measure(const fixture *f, const char *text, double size, bool bold)
{
    traffstat_i_extents got;
    assert_ok(f->ctx, traffstat_i_fonts_measure(f->ctx, f->fonts, text, size, bold, &got));
    return got;
}

/* ---- measuring ------------------------------------------------------------------------------ */

/* The font's own table (hmtx) gives n 618 and H 741 of 1000 units; H is 714 high. */
static void a_letter_is_as_wide_as_the_font_says(void **state)
{
    fixture f = open_fonts(state);
    assert_near(measure(&f, "n", 1000.0, false).width, 618.0, 1e-3);
    assert_near(measure(&f, "H", 1000.0, false).width, 741.0, 1e-3);
    assert_near(measure(&f, "H", 1000.0, false).ascent, 714.0, 1e-3);
    assert_near(measure(&f, "H", 1000.0, false).descent + 1.0, 1.0, 1e-3);
    assert_string_equal(traffstat_i_fonts_family(f.fonts), "Noto Sans");
    traffstat_i_fonts_free(f.fonts);
}

static void widths_add_up_and_grow_with_the_size(void **state)
{
    fixture f = open_fonts(state);
    const double one = measure(&f, "n", 17.0, false).width;
    assert_near(measure(&f, "nnnnnnnnnn", 17.0, false).width, 10.0 * one, 1e-3);
    assert_near(measure(&f, "n", 34.0, false).width, 2.0 * one, 2e-3);
    assert_true(measure(&f, "n", 17.0, true).width > one);
    traffstat_i_fonts_free(f.fonts);
}

static void an_empty_line_has_no_width_but_the_height_of_the_font(void **state)
{
    fixture f = open_fonts(state);
    const traffstat_i_extents got = measure(&f, "", 20.0, false);
    assert_near(got.width, 0.0, 0.0);
    assert_true(got.line_ascent > 15.0 && got.line_descent > 3.0);
    traffstat_i_fonts_free(f.fonts);
}

static void arabic_letters_join_and_come_from_another_font(void **state)
{
    fixture f = open_fonts(state);
    const char *const letters[] = {"\u0645", "\u0631", "\u062D", "\u0628", "\u0627"};
    double apart = 0.0;
    for (size_t i = 0; i < 5; i++) {
        apart += measure(&f, letters[i], 40.0, false).width;
    }
    const double joined = measure(&f, MARHABA, 40.0, false).width;
    assert_true(joined > 0.3 * apart && joined < 0.9 * apart);
    assert_true(measure(&f, MARHABA, 40.0, true).width > 0.0);
    traffstat_i_fonts_free(f.fonts);
}

static void the_direction_is_that_of_the_first_letter(void **state)
{
    (void) state;
    const struct {
        const char *text;
        bool leftward;
    } cases[] = {{"", false},
                 {"2017", false},
                 {"Missoula " SHALOM, false},
                 {"7 " SHALOM, true},
                 {MARHABA " x", true},
                 {"\u200F"
                  "abc",
                  true},
                 {"\u200E" SHALOM, false},
                 {"\u4E2D\u6587", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(traffstat_i_text_is_leftward(cases[i].text, strlen(cases[i].text)),
                         cases[i].leftward);
    }
}

/* ---- wrapping ------------------------------------------------------------------------------- */

typedef struct lines {
    const fixture *f;
    size_t count;
    double widest;
    char joined[512];
    char last[256];
} lines;

static traffstat_status take_line(const char *text, size_t size, void *arg)
{
    lines *got = arg;
    assert_int_equal(size, strlen(text));
    const double width = measure(got->f, text, 30.0, true).width; /* the callback may measure */
    got->widest = width > got->widest ? width : got->widest;
    if (got->count++ > 0) {
        strcat(got->joined, "|");
    }
    strcat(got->joined, text);
    strcpy(got->last, text);
    return TRAFFSTAT_OK;
}

static traffstat_status wrap(const fixture *f, const char *text, double width, lines *got)
{
    *got = (lines){.f = f};
    return traffstat_i_fonts_wrap(f->ctx, f->fonts, text, 30.0, true, width, take_line, got);
}

static void every_line_fits_and_no_word_is_lost(void **state)
{
    fixture f = open_fonts(state);
    const char *text = "Police recorded 8 trafficking cases in Missoula in 2018; an estimated 19";
    for (double width = 180.0; width < 1300.0; width += 37.0) {
        lines got;
        assert_ok(f.ctx, wrap(&f, text, width, &got));
        assert_true(got.widest <= width);
        for (char *c = got.joined; *c != '\0'; c++) {
            *c = *c == '|' ? ' ' : *c;
        }
        assert_string_equal(got.joined, text);
    }
    lines got;
    assert_ok(f.ctx, wrap(&f, text, 5000.0, &got));
    assert_int_equal(got.count, 1);
    traffstat_i_fonts_free(f.fonts);
}

/* Greedy: the next line's first word would not have fitted. */
static void lines_are_as_full_as_they_can_be(void **state)
{
    fixture f = open_fonts(state);
    const double width = measure(&f, "aa bb cc", 30.0, true).width;
    lines got;
    assert_ok(f.ctx, wrap(&f, "aa bb cc dd", width + 0.01, &got));
    assert_string_equal(got.joined, "aa bb cc|dd");
    assert_ok(f.ctx, wrap(&f, "aa bb cc dd", width - 0.1, &got));
    assert_string_equal(got.joined, "aa bb|cc dd");
    assert_ok(f.ctx, wrap(&f, "aa\nbb", width, &got));
    assert_string_equal(got.joined, "aa|bb");
    traffstat_i_fonts_free(f.fonts);
}

static void a_word_wider_than_the_page_is_an_error_that_names_it(void **state)
{
    fixture f = open_fonts(state);
    lines got;
    assert_int_equal(wrap(&f, "of Llanfairpwllgwyngyll in Wales", 120.0, &got), TRAFFSTAT_E_FIT);
    assert_non_null(strstr(traffstat_ctx_message(f.ctx), "Llanfairpwllgwyngyll"));
    assert_int_equal(got.count, 0);
    traffstat_i_fonts_free(f.fonts);
}

static void a_line_keeps_the_direction_of_its_paragraph(void **state)
{
    fixture f = open_fonts(state);
    lines got;
    const char *text = SHALOM " Missoula";
    assert_ok(f.ctx, wrap(&f, text, measure(&f, SHALOM, 30.0, true).width + 20.0, &got));
    assert_int_equal(got.count, 2);
    assert_string_equal(got.last, "\u200F"
                                  "Missoula");
    assert_ok(f.ctx, wrap(&f, "Missoula " SHALOM, 170.0, &got));
    assert_string_equal(got.last, "\u200E" SHALOM);
    traffstat_i_fonts_free(f.fonts);
}

static traffstat_status refuse_line(const char *text, size_t size, void *arg)
{
    (void) text;
    (void) size;
    (void) arg;
    return TRAFFSTAT_E_LIMIT;
}

static void what_the_line_callback_returns_comes_back(void **state)
{
    fixture f = open_fonts(state);
    assert_int_equal(
        traffstat_i_fonts_wrap(f.ctx, f.fonts, "a b", 30.0, false, 500.0, refuse_line, NULL),
        TRAFFSTAT_E_LIMIT);
    traffstat_i_fonts_free(f.fonts);
}

/* ---- refusing ------------------------------------------------------------------------------- */

static void a_character_without_a_glyph_is_an_error_that_names_it(void **state)
{
    fixture f = open_fonts(state);
    traffstat_i_extents got = {.width = -1.0};
    const char *const texts[] = {"left \uE123 right", "left \x01 right"};
    const char *const names[] = {"U+E123", "U+0001"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(traffstat_i_fonts_measure(f.ctx, f.fonts, texts[i], 20.0, false, &got),
                         TRAFFSTAT_E_FONT);
        assert_non_null(strstr(traffstat_ctx_message(f.ctx), names[i]));
        assert_non_null(strstr(traffstat_ctx_message(f.ctx), "left "));
        assert_near(got.width, -1.0, 0.0);
    }
    measure(&f, "still usable", 20.0, false);
    traffstat_i_fonts_free(f.fonts);
}

static void broken_utf8_and_line_breaks_in_labels_are_errors(void **state)
{
    fixture f = open_fonts(state);
    traffstat_i_extents got;
    assert_int_equal(traffstat_i_fonts_measure(f.ctx, f.fonts, "a\xFF", 20.0, false, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_i_fonts_measure(f.ctx, f.fonts, "a\nb", 20.0, false, &got),
                     TRAFFSTAT_E_FIT);
    traffstat_i_fonts_free(f.fonts);
}

static void assert_no_fonts(traffstat_ctx *ctx, const char *regular, const char *bold,
                            const char *named)
{
    traffstat_i_fonts *fonts = NULL;
    assert_int_equal(traffstat_i_fonts_new(ctx, regular, bold, "en", &fonts), TRAFFSTAT_E_FONT);
    assert_null(fonts);
    assert_non_null(strstr(traffstat_ctx_message(ctx), named));
    assert_non_null(strstr(traffstat_ctx_message(ctx), "fonts-noto-core"));
}

static void a_font_file_that_cannot_be_used_is_named_with_the_cure(void **state)
{
    char folder[SUPPORT_PATH_SIZE];
    char path[SUPPORT_PATH_SIZE];
    support_temp_folder(folder);
    assert_no_fonts(*state, folder, NULL, folder);
    support_path(path, folder, "gone.ttf");
    assert_no_fonts(*state, path, NULL, "gone.ttf: no such file or folder");
    assert_no_fonts(*state, NULL, path, "gone.ttf");
    support_path(path, folder, "text.ttf");
    support_write(path, "no font at all", 14);
    assert_no_fonts(*state, path, NULL, "text.ttf: not a font");
    support_path(path, folder, "empty.ttf");
    support_write(path, "", 0);
    assert_no_fonts(*state, NULL, path, "empty.ttf: not a font");
    support_remove_folder(folder);
}

/* The same file for both weights is no error: a family may have no bold face. */
static void one_file_may_serve_both_weights(void **state)
{
    fixture f = open_fonts(state);
    const char *regular = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf";
    traffstat_i_fonts *one = NULL;
    assert_ok(f.ctx, traffstat_i_fonts_new(f.ctx, regular, regular, NULL, &one));
    const fixture g = {f.ctx, one};
    assert_near(measure(&g, "Missoula", 20.0, true).width,
                measure(&f, "Missoula", 20.0, false).width, 0.0);
    traffstat_i_fonts_free(one);
    traffstat_i_fonts_free(f.fonts);
}

/* ---- memory --------------------------------------------------------------------------------- */

static traffstat_status drop_line(const char *text, size_t size, void *arg)
{
    (void) text;
    (void) size;
    (void) arg;
    return TRAFFSTAT_OK;
}

static traffstat_status use_fonts(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_i_fonts *fonts = NULL;
    traffstat_i_extents got;
    traffstat_status status = traffstat_i_fonts_new(ctx, NULL, NULL, "en", &fonts);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_fonts_measure(ctx, fonts, SHALOM, 20.0, false, &got);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_fonts_wrap(ctx, fonts, "one two", 20.0, true, 60.0, drop_line, NULL);
    }
    traffstat_i_fonts_free(fonts);
    return status;
}

static void no_allocation_that_fails_leaks(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(use_fonts, NULL) > 10);
}

#define T(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_letter_is_as_wide_as_the_font_says),
        T(widths_add_up_and_grow_with_the_size),
        T(an_empty_line_has_no_width_but_the_height_of_the_font),
        T(arabic_letters_join_and_come_from_another_font),
        T(the_direction_is_that_of_the_first_letter),
        T(every_line_fits_and_no_word_is_lost),
        T(lines_are_as_full_as_they_can_be),
        T(a_word_wider_than_the_page_is_an_error_that_names_it),
        T(a_line_keeps_the_direction_of_its_paragraph),
        T(what_the_line_callback_returns_comes_back),
        T(a_character_without_a_glyph_is_an_error_that_names_it),
        T(broken_utf8_and_line_breaks_in_labels_are_errors),
        T(a_font_file_that_cannot_be_used_is_named_with_the_cure),
        T(one_file_may_serve_both_weights),
        T(no_allocation_that_fails_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
