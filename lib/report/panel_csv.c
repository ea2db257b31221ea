#include <string.h>

#include "report/report.h"

typedef struct word {
    uint32_t bit;
    const char *name;
} word;

static const word flag_words[] = {{TRAFFSTAT_FLAG_PROVISIONAL, "provisional"},
                                  {TRAFFSTAT_FLAG_PARTIAL_YEAR, "partial_year"},
                                  {TRAFFSTAT_FLAG_BREAK, "break"},
                                  {TRAFFSTAT_FLAG_PARTIAL, "partial"},
                                  {TRAFFSTAT_FLAG_SUMMED, "summed"},
                                  {TRAFFSTAT_FLAG_LOST, "lost"},
                                  {TRAFFSTAT_FLAG_COMMON_DIVISOR, "common_divisor"},
                                  {TRAFFSTAT_FLAG_DOUBTFUL, "doubtful"}};

/* Why a cell is empty, where it is not simply that it was not reported. */
static const char *why_word(int32_t why)
{
    switch (why) {
    case TRAFFSTAT_WHY_SUPPRESSED:
        return "suppressed";
    case TRAFFSTAT_WHY_NOT_APPLICABLE:
        return "not_applicable";
    case TRAFFSTAT_WHY_UNPARSABLE:
        return "unparsable";
    default:
        return NULL;
    }
}

#define FLAGS_SIZE 128

static void add_word(char list[FLAGS_SIZE], const char *name)
{
    const size_t used = strlen(list);
    const size_t size = strlen(name);
    const size_t gap = used > 0 ? 1 : 0;
    if (used + gap + size < FLAGS_SIZE) {
        memcpy(list + used, ";", gap);
        memcpy(list + used + gap, name, size + 1);
    }
}

static void add_flags(traffstat_i_csv *csv, const traffstat_cell *cell)
{
    char list[FLAGS_SIZE] = "";
    for (size_t i = 0; i < sizeof flag_words / sizeof flag_words[0]; i++) {
        if ((cell->flags & flag_words[i].bit) != 0) {
            add_word(list, flag_words[i].name);
        }
    }
    if (why_word(cell->why) != NULL) {
        add_word(list, why_word(cell->why));
    }
    traffstat_i_csv_text(csv, list);
}

static void add_counts(traffstat_i_csv *csv, const traffstat_cell *cell)
{
    if (cell->why != TRAFFSTAT_WHY_COUNTED) {
        traffstat_i_csv_empty(csv);
        traffstat_i_csv_empty(csv);
        return;
    }
    traffstat_i_csv_int(csv, cell->lower);
    if (cell->upper == TRAFFSTAT_NO_UPPER) {
        traffstat_i_csv_empty(csv);
    } else {
        traffstat_i_csv_int(csv, cell->upper);
    }
}

static void add_cell(traffstat_i_csv *csv, const traffstat_panel *panel, size_t series,
                     const traffstat_cell *cell)
{
    traffstat_i_csv_text(csv, traffstat_panel_key(panel, series));
    traffstat_i_csv_text(csv, traffstat_panel_jurisdiction(panel, series));
    traffstat_i_csv_int(csv, cell->year);
    traffstat_i_csv_text(csv, traffstat_panel_measure(panel, series));
    traffstat_i_csv_text(csv, traffstat_panel_category(panel, series));
    add_counts(csv, cell);
    traffstat_i_csv_double(csv, cell->population);
    traffstat_i_csv_double(csv, cell->coverage);
    add_flags(csv, cell);
    traffstat_i_csv_text(csv, traffstat_panel_source(panel, series));
    traffstat_i_csv_end(csv);
}

traffstat_status traffstat_panel_csv(traffstat_ctx *ctx, const traffstat_panel *panel,
                                     traffstat_text **out)
{
    traffstat_text text;
    const traffstat_status status = traffstat_i_report_begin(ctx, panel, out, &text);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_csv csv;
    traffstat_i_csv_init(&csv, &text);
    traffstat_i_text_add(&text, "key,jurisdiction,year,measure,category,cases_lower,cases_upper,"
                                "population,coverage,flags,source\n");
    traffstat_cell cell;
    for (size_t row = 0; traffstat_panel_cell(panel, row, &cell) == TRAFFSTAT_OK; row++) {
        add_cell(&csv, panel, traffstat_panel_row_series(panel, row), &cell);
    }
    return traffstat_i_text_finish(&text, out);
}
