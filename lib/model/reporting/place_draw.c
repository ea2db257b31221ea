/* A place's two effects given what is shared. Places are independent then, so each takes candidates
 * of its own: points of a Student law around the place's normal one, laid out as a lattice that is
 * turned at random. Their mean weight is an unbiased estimate of the integral over the pair, and one
 * of them, taken by its weight, is a draw: weights of whole draws that are built from such estimates
 * are exact (Andrieu & Roberts 2009; Tran et al. 2013). Places of few cases are far from normal,
 * which this does not mind. */
#include <math.h>

#include "model/reporting/arrow.h"

enum {
    CANDIDATES = 13, /* a Fibonacci number, and the one before: the flattest lattice of its size */
    TURN = 8,
    POINTS = CANDIDATES + 1, /* with the center, last */
    RULE = CANDIDATES - 1,   /* points of the rule */
    UNIFORMS = 3             /* of a place: radius, angle, choice */
};

#define PI 3.14159265358979323846

/* The cells of one place, and its candidates. */
typedef struct place_job {
    const traffstat_i_posterior *posterior;
    const traffstat_i_field *field;
    const traffstat_i_place_room *room;
    size_t place;
    const size_t *cells;
    size_t count;
    bool bulk; /* exact counts are worked out together */
    double z[POINTS];
    double w[POINTS];
    double log_density[POINTS]; /* of the candidates' law, up to a constant of all places */
    double factor[2 * POINTS];  /* e^(rate effect), e^-(reporting effect) */
    double value[POINTS];       /* log of the place's share of the posterior */
} place_job;

/* Where counts are many, rate and reporting are held as a product, and the ridge along which they
 * trade is curved: log p is no line in its logit. Candidates follow it. `bend` is log p of the place,
 * weighted over its cells by what is expected of them, less its tangent at the middle. */
static void follow_ridge(place_job *job, const traffstat_i_arrow *arrow)
{
    const traffstat_i_place_room *r = job->room;
    const double *pair = arrow->pair + 3 * job->place;
    const double spread = job->field->report_place_sd;
    const double held = (1.0 - 1.0 / (pair[0] * pair[0])) / job->field->place_sd;
    const double w0 = job->w[CANDIDATES];
    const double odds0 = exp(-spread * w0);
    double expected = 0.0;
    double slope = 0.0;
    double mean_odds = 0.0;
    for (size_t i = 0; i < job->count; i++) {
        const double odds = r->odds[job->cells[i]] * odds0;
        const double mu = r->mean[job->cells[i]] / (1.0 + odds);
        expected += mu;
        mean_odds += mu * odds / (1.0 + odds);
    }
    slope = mean_odds / expected; /* 1 - p */
    const double odds = slope / (1.0 - slope);
    for (size_t m = 0; m < CANDIDATES; m++) {
        const double step = spread * (job->w[m] - w0);
        job->z[m] -= held * (-log((1.0 + odds * exp(-step)) / (1.0 + odds)) - slope * step);
    }
}

/* A point at a distance in a direction of the place's normal law. */
static void put(place_job *job, const traffstat_i_arrow *arrow, const double *position, size_t m,
                double along, double across)
{
    const traffstat_i_posterior *p = job->posterior;
    const double *pair = arrow->pair + 3 * job->place;
    const double off = across / pair[2];
    job->w[m] = position[p->at.report_place + job->place] + off;
    job->z[m] = position[p->at.place + job->place] + (along - pair[1] * off) / pair[0];
}

/* Distances and angles of a bivariate Student law with 8 degrees of freedom. */
static void scatter(place_job *job, const traffstat_i_arrow *arrow, const double *position,
                    const double *uniform)
{
    const traffstat_i_place_room *r = job->room;
    const double *pair = arrow->pair + 3 * job->place;
    const double cosine = cos(2.0 * PI * uniform[1]);
    const double sine = sin(2.0 * PI * uniform[1]);
    double left[CANDIDATES];
    for (size_t m = 0; m < CANDIDATES; m++) {
        left[m] = 1.0 - ((double) m + uniform[0]) / CANDIDATES;
        const double radius = sqrt(8.0 * (1.0 / sqrt(sqrt(left[m])) - 1.0));
        const double along = cosine * r->turn[m] - sine * r->turn[CANDIDATES + m];
        const double across = sine * r->turn[m] + cosine * r->turn[CANDIDATES + m];
        put(job, arrow, position, m, radius * along, radius * across);
    }
    put(job, arrow, position, CANDIDATES, 0.0, 0.0);
    traffstat_i_log_many(left, CANDIDATES);
    const double log_scale = log(pair[0] * pair[2]);
    for (size_t m = 0; m < CANDIDATES; m++) {
        job->log_density[m] = log_scale + 1.25 * left[m];
    }
    follow_ridge(job, arrow);
}

/* Points of a rule that integrates all polynomials of degree 7 against a normal law of the plane: four
 * on the axes, eight on the diagonals (the moments of the law fix radii and weights). The last
 * candidate takes no part. */
static void lay_rule(place_job *job, const traffstat_i_arrow *arrow, const double *position)
{
    /* of each ring: the square of its radius, less the logarithm of its weight; where its first point
     * lies */
    static const double ring[3][4] = {
        {6.0, 3.58351893845611, 2.449489742783178, 0.0},
        {7.854101966249685, 4.4455790487320795, 1.9816788294587098, 1.9816788294587098},
        {1.1458980337503153, 1.5583080583744593, 0.7569339580671207, 0.7569339580671207}};
    for (size_t m = 0; m < RULE; m++) {
        const double *of = ring[m / 4];
        double along = of[2];
        double across = of[3];
        for (size_t quarter = 0; quarter < m % 4; quarter++) {
            const double turned = -across;
            across = along;
            along = turned;
        }
        put(job, arrow, position, m, along, across);
        job->log_density[m] = of[1] - 0.5 * of[0];
    }
    for (size_t m = RULE; m < POINTS; m++) {
        put(job, arrow, position, m, 0.0, 0.0);
    }
    job->log_density[RULE] = INFINITY; /* it takes no part */
    follow_ridge(job, arrow);
}

/* The exact counts, with all logarithms asked for at once. */
static void value_bulk(place_job *job)
{
    const traffstat_i_posterior *p = job->posterior;
    const traffstat_i_place_room *r = job->room;
    const double theta = job->field->theta;
    const bool poisson = isinf(theta);
    const size_t each = poisson ? 1 : 2;
    const double *rate = job->factor;
    const double *odds = job->factor + POINTS;
    double *next = r->logs;
    for (size_t i = 0; i < job->count; i++) {
        const size_t cell = job->cells[i];
        for (size_t m = 0; m < POINTS; m++) {
            next[m] = 1.0 + r->odds[cell] * odds[m];
        }
        if (poisson) {
            for (size_t m = 0; m < POINTS; m++) {
                job->value[m] -= r->mean[cell] * rate[m] / next[m];
            }
        } else {
            for (size_t m = 0; m < POINTS; m++) {
                next[POINTS + m] = theta * next[m] + r->mean[cell] * rate[m];
            }
        }
        next += each * POINTS;
    }
    traffstat_i_log_many(r->logs, (size_t) (next - r->logs));
    next = r->logs;
    for (size_t i = 0; i < job->count; i++) {
        const traffstat_i_cell *c = &p->spec.cells[job->cells[i]];
        const double y = c->low == c->high ? (double) c->low : 0.0;
        for (size_t m = 0; m < POINTS; m++) {
            job->value[m] -= y * next[m];
            job->value[m] -= poisson ? 0.0 : (theta + y) * (next[POINTS + m] - next[m]);
        }
        next += each * POINTS;
    }
}

/* One cell by itself; where value_bulk() took it for an exact count of 0, that is taken back. */
static void value_single(place_job *job, size_t cell, double rate_effect, double report_effect,
                         double *value)
{
    const traffstat_i_cell *c = &job->posterior->spec.cells[cell];
    const traffstat_i_place_room *r = job->room;
    const double theta = job->field->theta;
    const double log_mu =
        log(r->mean[cell]) + rate_effect - log1p(r->odds[cell] * exp(-report_effect));
    *value += traffstat_i_cell_score_of(c->low, c->high, log_mu, theta).log_likelihood;
    if (job->bulk) {
        *value += isinf(theta) ? exp(log_mu) : theta * log(theta + exp(log_mu));
    }
}

/* Validated cases of the place. */
static void value_terms(place_job *job, double report_effect, double *value)
{
    const traffstat_i_posterior_spec *s = &job->posterior->spec;
    const traffstat_i_field *f = job->field;
    for (size_t k = 0; k < s->term_count; k++) {
        const traffstat_i_evidence_term *term = &s->terms[k];
        if (term->is_total || term->place != job->place) {
            continue;
        }
        const double drift =
            term->year == TRAFFSTAT_I_EVERYWHERE ? 0.0 : f->report_year[term->year];
        const double logit = f->report + report_effect + drift;
        *value += (double) term->v * traffstat_i_log_logistic(logit) +
                  (double) (term->m - term->v) * traffstat_i_log_logistic(-logit);
    }
}

static void value_all(place_job *job)
{
    const traffstat_i_posterior *p = job->posterior;
    const traffstat_i_field *f = job->field;
    double counted = 0.0;
    job->bulk = traffstat_i_field_in_bulk(f);
    for (size_t i = 0; job->bulk && i < job->count; i++) {
        const traffstat_i_cell *c = &p->spec.cells[job->cells[i]];
        counted += c->low == c->high ? (double) c->low : 0.0;
    }
    for (size_t m = 0; m < POINTS; m++) {
        const double effect = f->place_sd * job->z[m];
        job->factor[m] = effect;
        job->factor[POINTS + m] = -f->report_place_sd * job->w[m];
        job->value[m] = counted * effect - 0.5 * (job->z[m] * job->z[m] + job->w[m] * job->w[m]);
    }
    traffstat_i_exp_many(job->factor, 2 * (size_t) POINTS);
    if (job->bulk) {
        value_bulk(job);
    }
    for (size_t m = 0; m < POINTS; m++) {
        const double rate_effect = f->place_sd * job->z[m];
        const double report_effect = f->report_place_sd * job->w[m];
        for (size_t i = 0; (p->single_count > 0 || !job->bulk) && i < job->count; i++) {
            const traffstat_i_cell *c = &p->spec.cells[job->cells[i]];
            if (!job->bulk || c->low != c->high) {
                value_single(job, job->cells[i], rate_effect, report_effect, &job->value[m]);
            }
        }
        value_terms(job, report_effect, &job->value[m]);
    }
}

/* The candidates' weights, the largest 1, and their sum; the logarithm of the largest. */
static double weigh(const place_job *job, double *weight, double *sum)
{
    double top = -INFINITY;
    for (size_t m = 0; m < CANDIDATES; m++) {
        weight[m] = job->value[m] - job->log_density[m];
        top = fmax(top, weight[m]);
    }
    *sum = 0.0;
    if (!isfinite(top)) {
        return -INFINITY;
    }
    for (size_t m = 0; m < CANDIDATES; m++) {
        weight[m] -= top;
    }
    traffstat_i_exp_many(weight, CANDIDATES);
    for (size_t m = 0; m < CANDIDATES; m++) {
        *sum += weight[m];
    }
    return top;
}

/* One candidate by its weight; the log of the mean weight over the center's density. */
static double take_one(const place_job *job, double uniform, size_t *taken)
{
    double weight[CANDIDATES];
    double sum = 0.0;
    const double top = weigh(job, weight, &sum);
    *taken = CANDIDATES;
    if (!(sum > 0.0)) {
        return -INFINITY;
    }
    double left = uniform * sum;
    size_t m = 0;
    while (m + 1 < CANDIDATES && left > weight[m]) {
        left -= weight[m++];
    }
    *taken = m;
    return top + log(sum / CANDIDATES) - job->value[CANDIDATES];
}

/* Rate and odds of every cell without its place's effects. */
static void without_places(const traffstat_i_posterior *p, const traffstat_i_field *f,
                           const traffstat_i_place_room *room)
{
    const size_t n = p->spec.cell_count;
    for (size_t i = 0; i < n; i++) {
        const size_t place = p->spec.cells[i].place;
        double rate = 0.0;
        double report = 0.0;
        traffstat_i_field_predict(p, f, i, &rate, &report);
        room->mean[i] = rate - f->rate_place[place] + p->log_weight[i];
        room->odds[i] = f->report_place[place] - report;
    }
    traffstat_i_exp_many(room->mean, 2 * n);
}

static place_job job_of(const traffstat_i_posterior *posterior, const traffstat_i_field *field,
                        const traffstat_i_place_room *room, size_t place)
{
    return (place_job){.posterior = posterior,
                       .field = field,
                       .room = room,
                       .place = place,
                       .cells = room->order + room->first[place],
                       .count = room->first[place + 1] - room->first[place]};
}

double traffstat_i_place_draw(const traffstat_i_posterior *posterior,
                              const traffstat_i_arrow *arrow, void *scratch,
                              const traffstat_i_place_room *room, const traffstat_i_stream *stream,
                              double *position)
{
    traffstat_i_field field;
    traffstat_i_field_read(posterior, scratch, position, &field);
    without_places(posterior, &field, room);
    double sum = 0.0;
    for (size_t j = 0; j < arrow->blocks && isfinite(sum); j++) {
        place_job job = job_of(posterior, &field, room, j);
        double uniform[UNIFORMS];
        for (size_t k = 0; k < UNIFORMS; k++) {
            uniform[k] = traffstat_i_random_uniform(stream->seed, stream->model, stream->replicate,
                                                    stream->index + UNIFORMS * j + k);
        }
        size_t taken = 0;
        scatter(&job, arrow, position, uniform);
        value_all(&job);
        sum += take_one(&job, uniform[2], &taken);
        position[posterior->at.place + j] = job.z[taken];
        position[posterior->at.report_place + j] = job.w[taken];
    }
    return isnan(sum) ? -INFINITY : sum;
}

/* Scores of a cell by log rate and logit p, averaged over the place's candidates. */
static void mean_scores(const place_job *job, size_t cell, const double *weight, double sum,
                        double *by_rate, double *by_report)
{
    const traffstat_i_cell *c = &job->posterior->spec.cells[cell];
    const traffstat_i_place_room *r = job->room;
    const double theta = job->field->theta;
    *by_rate = 0.0;
    *by_report = 0.0;
    for (size_t m = 0; m < CANDIDATES; m++) {
        const double share = 1.0 / (1.0 + r->odds[cell] * job->factor[POINTS + m]);
        const double mu = r->mean[cell] * job->factor[m] * share;
        double score = (double) c->low - mu;
        if (c->low != c->high) {
            score = traffstat_i_cell_score_of(c->low, c->high, log(mu), theta).d_log_mu;
        } else if (!isinf(theta)) {
            score *= theta / (theta + mu);
        }
        *by_rate += weight[m] / sum * score;
        *by_report += weight[m] / sum * score * (1.0 - share);
    }
}

double traffstat_i_place_scores(const traffstat_i_posterior *posterior,
                                const traffstat_i_arrow *arrow, void *scratch,
                                const traffstat_i_place_room *room, const double *position,
                                double *gradient)
{
    double integral = 0.0;
    traffstat_i_field field;
    traffstat_i_field_read(posterior, scratch, position, &field);
    without_places(posterior, &field, room);
    for (size_t j = 0; j < arrow->blocks; j++) {
        place_job job = job_of(posterior, &field, room, j);
        double weight[CANDIDATES];
        double sum = 0.0;
        lay_rule(&job, arrow, position);
        value_all(&job);
        const double top = weigh(&job, weight, &sum);
        integral += sum > 0.0 ? top + log(sum) - job.value[CANDIDATES] : 0.0;
        integral -= log(arrow->pair[3 * j] * arrow->pair[3 * j + 2]);
        for (size_t i = 0; sum > 0.0 && i < job.count; i++) {
            double by_rate = 0.0;
            double by_report = 0.0;
            mean_scores(&job, job.cells[i], weight, sum, &by_rate, &by_report);
            traffstat_i_field_pull(posterior, &field, job.cells[i], by_rate, by_report);
        }
    }
    (void) traffstat_i_terms(posterior, &field);
    (void) traffstat_i_field_prior(posterior, &field, position, gradient);
    return integral;
}

size_t traffstat_i_place_room_size(size_t cells, size_t most_cells)
{
    return 2 * cells + 2 * (size_t) CANDIDATES + 2 * (size_t) POINTS * most_cells;
}

void traffstat_i_place_room_lay(traffstat_i_place_room *room, size_t cells, double *store)
{
    double *turn = store + 2 * cells;
    room->mean = store;
    room->odds = store + cells;
    room->turn = turn;
    room->logs = turn + 2 * (size_t) CANDIDATES;
    for (size_t m = 0; m < CANDIDATES; m++) {
        const double angle = 2.0 * PI * (double) ((m * TURN) % CANDIDATES) / CANDIDATES;
        turn[m] = cos(angle);
        turn[CANDIDATES + m] = sin(angle);
    }
}
