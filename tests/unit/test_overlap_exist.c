/* Existence and identifiability of loglinear models: against the verdicts that SparseMSE 2.0.1 prints
 * and, model by model, against the linear program of Chan, Silverman & Vincent (2021) solved by
 * GLPK. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glpk.h>

#include "model/overlap/engine.h"
#include "support/histories.h"
#include "support/support.h"

static const char *const letters[] = {"A", "B", "C", "D", "E", "F"};

static void load(traffstat_ctx *ctx, const histories *data, traffstat_i_counts *counts)
{
    double y[64] = {0.0};
    for (size_t i = 0; i < data->count; i++) {
        y[data->row[i].history] += data->row[i].persons;
    }
    assert_ok(ctx, traffstat_i_counts_new(ctx, data->lists, counts));
    traffstat_i_counts_set(counts, y);
}

/* ---- what SparseMSE says --------------------------------------------------------------------- */

static void the_codes_of_artificial_3_are_those_of_sparsemse(void **state)
{
    static const struct {
        const char *model;
        int code;
    } rows[] = {{"", 0},    {"A:B", 1},     {"A:C", 0},     {"A:B,A:C", 1},
                {"B:C", 0}, {"A:B,B:C", 1}, {"A:C,B:C", 0}, {"A:B,A:C,B:C", 2}};
    traffstat_i_counts counts;
    traffstat_i_exist_room room;
    load(*state, &artificial3, &counts);
    assert_ok(*state, traffstat_i_exist_room_new(*state, 3, 8, &room));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t term[8];
        traffstat_i_terms model = {term, 0};
        assert_ok(*state,
                  traffstat_i_parse_model(*state, rows[i].model, letters, 3, term, &model.count));
        assert_int_equal(traffstat_i_existence(&room, &counts, model), rows[i].code);
    }
    traffstat_i_exist_room_free(*state, &room);
    traffstat_i_counts_free(*state, &counts);
}

/* "nmodels_ok" of MultipleSystemsEstimation's search up to order 3; of order 2 SparseMSE's
 * checkallmodels finds that all exist but on Artificial_3, where it lists three that do not. */
static void as_many_models_exist_as_the_packages_count(void **state)
{
    static const struct {
        const histories *data;
        size_t order;
        size_t exist;
    } rows[] = {{&artificial3, 3, 4}, {&ukdat4, 3, 111},   {&kosovo, 3, 113},
                {&neworl5, 3, 5925},  {&ukdat5, 3, 6084},  {&ukdat4, 2, 64},
                {&kosovo, 2, 64},     {&neworl5, 2, 1024}, {&ukdat5, 2, 1024}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        traffstat_i_counts counts;
        traffstat_i_model_set set;
        traffstat_i_exist_room room;
        size_t exist = 0;
        load(*state, rows[i].data, &counts);
        assert_ok(*state, traffstat_i_all_models(*state, counts.lists, rows[i].order, 10000, &set));
        assert_ok(*state, traffstat_i_exist_room_new(*state, counts.lists, set.widest, &room));
        for (size_t m = 0; m < set.count; m++) {
            exist += traffstat_i_existence(&room, &counts, traffstat_i_model_at(&set, m)) == 0;
        }
        assert_int_equal(exist, rows[i].exist);
        traffstat_i_exist_room_free(*state, &room);
        traffstat_i_model_set_free(*state, &set);
        traffstat_i_counts_free(*state, &counts);
    }
}

/* ---- the linear program ---------------------------------------------------------------------- */

typedef struct program {
    double a[64][64]; /* terms by histories */
    double t[64];
    size_t rows;
    size_t columns;
} program;

static void build(const traffstat_i_counts *counts, traffstat_i_terms model, program *out)
{
    *out = (program){.rows = 0};
    uint32_t live[64];
    for (size_t i = 0; i < model.count; i++) {
        if (counts->total[model.term[i]] > 0.0) {
            live[out->rows++] = model.term[i];
        }
    }
    for (uint32_t w = 1; w < counts->cells; w++) {
        bool kept = true;
        for (size_t i = 0; i < model.count; i++) {
            const uint32_t term = model.term[i];
            kept &= (w & term) != term || counts->total[term] > 0.0;
        }
        if (!kept) {
            continue;
        }
        for (size_t i = 0; i < out->rows; i++) {
            const double in = (w & live[i]) == live[i] ? 1.0 : 0.0;
            out->a[i][out->columns] = in;
            out->t[i] += counts->count[w] > 0.0 ? in : 0.0;
        }
        out->columns++;
    }
}

/* Maximise s subject to A x = t, x_i - s >= 0, s >= 0. */
static double largest_s(const program *p)
{
    glp_prob *lp = glp_create_prob();
    const int rows = (int) p->rows;
    const int columns = (int) p->columns;
    int index[66];
    double value[66];
    glp_set_obj_dir(lp, GLP_MAX);
    glp_add_rows(lp, rows);
    glp_add_cols(lp, columns + 1);
    /* x = s + z, z >= 0: then A z + (A 1) s = t */
    for (int j = 1; j <= columns + 1; j++) {
        glp_set_col_bnds(lp, j, GLP_LO, 0.0, 0.0);
    }
    glp_set_obj_coef(lp, columns + 1, 1.0);
    for (int i = 1; i <= rows; i++) {
        double sum = 0.0;
        for (int j = 1; j <= columns; j++) {
            index[j] = j;
            value[j] = p->a[i - 1][j - 1];
            sum += value[j];
        }
        index[columns + 1] = columns + 1;
        value[columns + 1] = sum;
        glp_set_mat_row(lp, i, columns + 1, index, value);
        glp_set_row_bnds(lp, i, GLP_FX, p->t[i - 1], p->t[i - 1]);
    }
    glp_smcp how;
    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_OFF;
    assert_int_equal(glp_simplex(lp, &how), 0);
    assert_int_equal(glp_get_status(lp), GLP_OPT);
    const double s = glp_get_obj_val(lp);
    glp_delete_prob(lp);
    return s;
}

static size_t rank_of(program *p)
{
    size_t rank = 0;
    for (size_t column = 0; column < p->columns && rank < p->rows; column++) {
        size_t pivot = rank;
        for (size_t i = rank; i < p->rows; i++) {
            pivot = fabs(p->a[i][column]) > fabs(p->a[pivot][column]) ? i : pivot;
        }
        if (fabs(p->a[pivot][column]) < 1e-9) {
            continue;
        }
        double swap[64];
        memcpy(swap, p->a[pivot], sizeof swap);
        memcpy(p->a[pivot], p->a[rank], sizeof swap);
        memcpy(p->a[rank], swap, sizeof swap);
        for (size_t i = rank + 1; i < p->rows; i++) {
            const double times = p->a[i][column] / p->a[rank][column];
            for (size_t j = column; j < p->columns; j++) {
                p->a[i][j] -= times * p->a[rank][j];
            }
        }
        rank++;
    }
    return rank;
}

static int oracle(const traffstat_i_counts *counts, traffstat_i_terms model)
{
    program p;
    build(counts, model, &p);
    const int lost = largest_s(&p) > 1e-9 ? 0 : TRAFFSTAT_I_NONEXISTENT;
    return lost | (rank_of(&p) == p.rows ? 0 : TRAFFSTAT_I_UNIDENTIFIED);
}

/* Some models of a set, evenly chosen. Returns how many of them do not exist. */
static size_t compare(traffstat_ctx *ctx, const traffstat_i_counts *counts, size_t order,
                      size_t wanted)
{
    traffstat_i_model_set set;
    traffstat_i_exist_room room;
    size_t lost = 0;
    assert_ok(ctx, traffstat_i_all_models(ctx, counts->lists, order, 40000, &set));
    assert_ok(ctx, traffstat_i_exist_room_new(ctx, counts->lists, set.widest, &room));
    const size_t stride = set.count > wanted ? set.count / wanted : 1;
    for (size_t m = 0; m < set.count; m += stride) {
        const traffstat_i_terms model = traffstat_i_model_at(&set, m);
        const int got = traffstat_i_existence(&room, counts, model);
        assert_int_equal(got, oracle(counts, model));
        lost += got & TRAFFSTAT_I_NONEXISTENT;
    }
    traffstat_i_exist_room_free(ctx, &room);
    traffstat_i_model_set_free(ctx, &set);
    return lost;
}

static void published_lists_agree_with_glpk(void **state)
{
    static const struct {
        const histories *data;
        size_t order;
    } rows[] = {{&artificial3, 3}, {&ukdat4, 4}, {&kosovo, 4}, {&hiv, 4},
                {&neworl5, 3},     {&ukdat5, 3}, {&ukdat, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        traffstat_i_counts counts;
        load(*state, rows[i].data, &counts);
        (void) compare(*state, &counts, rows[i].order, 150);
        traffstat_i_counts_free(*state, &counts);
    }
}

/* Sparse supports at random: most larger models do not exist there, and the simplex is reached. */
static void random_supports_agree_with_glpk(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 20210707);
    size_t lost = 0;
    for (size_t turn = 0; turn < 60; turn++) {
        const size_t lists = 3 + turn % 4;
        const double share = 0.1 + 0.1 * (double) (turn % 7);
        double y[64] = {0.0};
        traffstat_i_counts counts;
        assert_ok(*state, traffstat_i_counts_new(*state, lists, &counts));
        for (size_t w = 1; w < counts.cells; w++) {
            y[w] = support_rng_uniform(&rng) < share ? 1.0 : 0.0;
        }
        for (size_t i = 0; i < lists; i++) {
            y[(size_t) 1 << i] = turn % 3 == 0 ? y[(size_t) 1 << i] : 3.0;
        }
        traffstat_i_counts_set(&counts, y);
        lost += compare(*state, &counts, lists < 6 ? 3 : 2, 40);
        traffstat_i_counts_free(*state, &counts);
    }
    assert_true(lost > 300);
}

/* Only where counts are zero matters. */
static void the_verdict_does_not_depend_on_the_size_of_counts(void **state)
{
    traffstat_i_counts counts;
    traffstat_i_model_set set;
    traffstat_i_exist_room room;
    double y[32];
    assert_ok(*state, traffstat_i_all_models(*state, 5, 3, 10000, &set));
    assert_ok(*state, traffstat_i_exist_room_new(*state, 5, set.widest, &room));
    for (size_t m = 0; m < set.count; m += 7) {
        const traffstat_i_terms model = traffstat_i_model_at(&set, m);
        load(*state, &neworl5, &counts);
        const int code = traffstat_i_existence(&room, &counts, model);
        for (size_t w = 0; w < 32; w++) {
            y[w] = counts.count[w] > 0.0 ? 1e14 / (double) (w * w + 1) : 0.0;
        }
        traffstat_i_counts_set(&counts, y);
        assert_int_equal(traffstat_i_existence(&room, &counts, model), code);
        traffstat_i_counts_free(*state, &counts);
    }
    traffstat_i_exist_room_free(*state, &room);
    traffstat_i_model_set_free(*state, &set);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        ONE(the_codes_of_artificial_3_are_those_of_sparsemse),
        ONE(as_many_models_exist_as_the_packages_count),
        ONE(published_lists_agree_with_glpk),
        ONE(random_supports_agree_with_glpk),
        ONE(the_verdict_does_not_depend_on_the_size_of_counts),
    };
    return cmocka_run_group_tests_name("overlap_exist", tests, NULL, NULL);
}
