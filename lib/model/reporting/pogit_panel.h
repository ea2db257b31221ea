/* One run of a Poisson-logistic regression on a panel, shared by its fit, its draws and its answer.
 * Private to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_POGIT_PANEL_H
#define TRAFFSTAT_I_REPORTING_POGIT_PANEL_H

#include "model/reporting/chain_verdict.h"
#include "model/reporting/pogit_target.h"
#include "model/reporting/thinning.h"
#include "table/covariates.h"

/* What became of a row of the panel. */
typedef enum traffstat_i_pogit_use {
    TRAFFSTAT_I_POGIT_USED,
    TRAFFSTAT_I_POGIT_MISSING,  /* it has no count */
    TRAFFSTAT_I_POGIT_NEGATIVE, /* a net of corrections below zero */
    TRAFFSTAT_I_POGIT_UNKNOWN   /* no record of the covariates belongs to it */
} traffstat_i_pogit_use;

/* A coefficient: what stands in the design is (column - middle) / spread. */
typedef struct traffstat_i_pogit_column {
    const char *name; /* borrowed from the covariates; "intercept" */
    const char *baseline;
    bool reporting;
    double middle;
    double spread;
} traffstat_i_pogit_column;

enum { POGIT_ZEROS, POGIT_MAXIMUM, POGIT_DISPERSION, POGIT_CHECKS };

typedef struct traffstat_i_pogit_panel {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    const traffstat_covariates *rate;
    const traffstat_covariates *report;
    const traffstat_covariates *validation;
    const traffstat_prior *prior; /* NULL: none */
    traffstat_pogit_options options;
    traffstat_i_thinning thinning; /* its kind, reasons and basis are those of a thinning */

    traffstat_i_pogit_use *use; /* of each row of the panel */
    size_t *row_of;             /* of each row that is used */
    size_t count;               /* of those */
    size_t unused;
    bool per_resident;
    bool intervals;
    double reported; /* counts, an interval by its middle */
    double exposed;  /* exposure x coverage */
    double seen;     /* of true cases looked up */
    double checked;
    bool carried;   /* validation carries the level */
    bool disagrees; /* it says something else than the prior */

    traffstat_pogit_data data;
    double *block;  /* what the data point to */
    int64_t *whole; /* likewise */
    traffstat_i_pogit_column *columns;
    size_t k;
    traffstat_pogit *fit;

    int32_t chains;
    int32_t draws; /* of each */
    int64_t divergences;
    double accept;
    double ebfmi;
    double misfit; /* share of replicates that vary as much as the counts */
    traffstat_i_mixing mix;
    traffstat_i_pogit_target target;
    double *directions; /* k x k: coefficients of the design from those of the fit */
    double *values;     /* k x draws: the design's coefficients */
    double *all;        /* rows x draws: N */
    double *hidden;     /* rows x draws: N less what was counted */
    double *likelihood; /* rows x draws, log */
    double *check;      /* 2 x POGIT_CHECKS x draws: of the data, of a replicate */
    double *one;        /* 3 x draws: work */
} traffstat_i_pogit_panel;

/* ---- pogit_data.c ---- */

/* Which rows are used, and the data of the regression. */
traffstat_status traffstat_i_pogit_data_make(traffstat_i_pogit_panel *run);
/* What the coefficients' numbers stand for: "; rate 1 is income; reporting 0 is the intercept". */
void traffstat_i_pogit_say_columns(const traffstat_i_pogit_panel *run, traffstat_text *text);

/* ---- pogit_draw.c ---- */

/* A traffstat_i_rounds_fn: draws of all that is reported, and how they mixed. */
traffstat_status traffstat_i_pogit_draw(const traffstat_i_chains *chains, void *user, bool last,
                                        bool *mixed);
/* Sums over rows into out[draws]. */
void traffstat_i_pogit_sum(const traffstat_i_pogit_panel *run, const double *of, double *out);

/* ---- pogit_answer.c, pogit_detail.c ---- */

/* Rows, total, verdicts and details of the estimate that is there. */
traffstat_status traffstat_i_pogit_answer(traffstat_i_pogit_panel *run);
/* Every row without a number, for that reason. */
traffstat_status traffstat_i_pogit_refuse(traffstat_i_pogit_panel *run, const char *reason);
/* The details, and what they ask caution for. */
traffstat_status traffstat_i_pogit_details(traffstat_i_pogit_panel *run);

#endif
