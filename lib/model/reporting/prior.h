/* Inside of a reporting prior. Private to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_PRIOR_H
#define TRAFFSTAT_I_REPORTING_PRIOR_H

#include "model/reporting/logit_law.h"

#include <traffstat/reporting.h>

/* Values of traffstat_reporting_basis.origin. */
enum {
    ORIGIN_BETA = 0,
    ORIGIN_RANGE = 1,
    ORIGIN_EVIDENCE = 2,
    ORIGIN_SURVEY = 3,
    ORIGIN_QUANTILES = 4,
    ORIGIN_LOGIT_NORMAL = 5,
    ORIGIN_KNOWN = 6,
    ORIGIN_COMBINED = 7
};

#define TRAFFSTAT_I_SHAPE_MAX 1e9 /* of a and b */

enum {
    TEXT_ID,
    TEXT_PLACE,
    TEXT_UNIT,
    TEXT_MEASURE,
    TEXT_AGENCIES,
    TEXT_METHOD,
    TEXT_CITATION,
    TEXT_NOTE,
    TEXTS
};

struct traffstat_prior {
    traffstat_ctx *ctx;
    traffstat_i_logit_law law;
    double discount;                   /* product of the factors that were asked for; 1: none */
    traffstat_prior_kind kind;
    traffstat_prior_agreement agreement; /* count 0: not a combination */
    int32_t origin;
    double size;                       /* given for evidence without an interval, else 0 */
    char *source;                      /* of a Beta or range that was given */
    char *texts[TEXTS];                /* of the evidence; NULL without */
    traffstat_evidence_entry entry;    /* its texts point into `texts` */
};

/* Is it a Beta law whose logit was not shifted? */
bool traffstat_i_prior_is_beta(const traffstat_prior *prior);
/* A Beta law without evidence. */
traffstat_status traffstat_i_prior_make(traffstat_ctx *ctx, double a, double b, int32_t origin,
                                        const char *source, traffstat_prior **out);
traffstat_status traffstat_i_prior_copy_entry(traffstat_prior *prior,
                                              const traffstat_evidence_entry *entry);
/* Starts a public call: guards, and *out = NULL. */
traffstat_status traffstat_i_prior_begin(traffstat_ctx *ctx, traffstat_prior **out);
/* The Beta law with `below` under `lower` and `above` over `upper`. */
traffstat_status traffstat_i_fit_tails(traffstat_ctx *ctx, double lower, double below,
                                       double upper, double above, double *a, double *b);
/* The Beta law with q = (1 - level)/2 below `lower` and above `upper`. */
traffstat_status traffstat_i_fit_beta(traffstat_ctx *ctx, double lower, double upper, double level,
                                      double *a, double *b);

#endif
