#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

/* ---- reading ----------------------------------------------------------------------------------- */

static traffstat_status set_roles(traffstat_ctx *ctx, const pairs *from, traffstat_reader *reader,
                                  traffstat_status (*give)(traffstat_ctx *, traffstat_reader *,
                                                           traffstat_role, const char *))
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < from->count && status == TRAFFSTAT_OK; i++) {
        status = give(ctx, reader, traffstat_role_find(from->items[i].key), from->items[i].value);
    }
    return status;
}

static traffstat_status set_limits(traffstat_ctx *ctx, const pairs *from, traffstat_reader *reader)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < from->count && status == TRAFFSTAT_OK; i++) {
        uint64_t value = 0;
        (void) parse_whole(from->items[i].value, &value); /* checked when the option was read */
        status = traffstat_reader_set_limit(ctx, reader, limit_find(from->items[i].key), value);
    }
    return status;
}

static traffstat_status set_policies(traffstat_ctx *ctx, const options *given,
                                     traffstat_reader *reader)
{
    traffstat_status status = traffstat_reader_set_absent(ctx, reader, given->absent);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_fiscal(ctx, reader, given->fiscal);
    }
    if (status == TRAFFSTAT_OK && given->suppressed) {
        status = traffstat_reader_set_suppressed(ctx, reader, given->suppressed_lower,
                                                 given->suppressed_upper);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_by(ctx, reader, given->by_column);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_totals(ctx, reader, given->totals);
    }
    return status;
}

static traffstat_status set_reader(const command *session, traffstat_reader *reader)
{
    traffstat_ctx *ctx = session->ctx;
    const options *given = session->options;
    traffstat_status status = set_roles(ctx, &given->map, reader, traffstat_reader_map);
    if (status == TRAFFSTAT_OK) {
        status = set_roles(ctx, &given->set, reader, traffstat_reader_set);
    }
    if (status == TRAFFSTAT_OK) {
        status = set_limits(ctx, &given->limits, reader);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_delimiter(ctx, reader, given->delimiter);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_encoding(ctx, reader, given->encoding);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_decimal(ctx, reader, given->decimal);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_duplicates(ctx, reader, given->duplicates);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_measure(ctx, reader, given->measure);
    }
    if (status == TRAFFSTAT_OK) {
        status = set_policies(ctx, given, reader);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_strictness(
            ctx, reader, given->strict ? TRAFFSTAT_READ_STRICT : TRAFFSTAT_READ_LIST);
    }
    return status;
}

int32_t read_standard_input(void *buffer, size_t size, size_t *got, void *user)
{
    (void) user;
    const ssize_t count = read(STDIN_FILENO, buffer, size);
    *got = count > 0 ? (size_t) count : 0;
    return count < 0 ? errno : 0;
}

static traffstat_status read_file(const command *session, const traffstat_reader *reader,
                                  input *out)
{
    const char *file = session->options->file;
    if (strcmp(file, "-") == 0) {
        return traffstat_read_stream(session->ctx, reader, read_standard_input, NULL,
                                     "standard input", &out->all, &out->account);
    }
    return traffstat_read_paths(session->ctx, reader, session->options->files,
                                session->options->file_count, &out->all, &out->account);
}

/* EINTR is our Ctrl-C; any other error number means that standard input cannot be read. */
int stream_failure(const command *session, traffstat_status status)
{
    const int32_t value = traffstat_ctx_callback_value(session->ctx);
    if (status == TRAFFSTAT_E_CALLBACK && value != EINTR) {
        say("standard input cannot be read: %s", strerror(value));
        return EXIT_DATA;
    }
    return failure(session, status);
}

traffstat_status reader_of(const command *session, traffstat_reader **out)
{
    traffstat_status status = traffstat_reader_new(session->ctx, out);
    if (status == TRAFFSTAT_OK) {
        status = set_reader(session, *out);
    }
    return status;
}

traffstat_status input_try(const command *session, input *out)
{
    traffstat_reader *reader = NULL;
    *out = (input){0};
    traffstat_status status = reader_of(session, &reader);
    if (status == TRAFFSTAT_OK) {
        status = read_file(session, reader, out);
    }
    traffstat_reader_free(reader);
    return status;
}

int input_read(const command *session, input *out)
{
    const traffstat_status status = input_try(session, out);
    return status == TRAFFSTAT_OK ? EXIT_DONE : stream_failure(session, status);
}

void input_free(input *in)
{
    traffstat_panel_free(in->selected);
    traffstat_panel_free(in->all);
    traffstat_account_free(in->account);
    *in = (input){0};
}

/* ---- selecting --------------------------------------------------------------------------------- */

typedef const char *(*text_fn)(const traffstat_panel *panel, size_t series);

static text_fn text_of(const char *key)
{
    static const struct {
        const char *name;
        text_fn get;
    } keys[] = {{"jurisdiction", traffstat_panel_jurisdiction},
                {"key", traffstat_panel_key},
                {"measure", traffstat_panel_measure},
                {"category", traffstat_panel_category},
                {"source", traffstat_panel_source}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (same(key, keys[i].name)) {
            return keys[i].get;
        }
    }
    return NULL;
}

/* With --by COLUMN the jurisdictions that are printed are values of the column: where one of them is
 * asked for, it is meant, and not a place of that name. */
static bool asks_for_a_group(const command *session, const traffstat_panel *panel)
{
    const options *given = session->options;
    for (size_t k = 0; k < given->where.count && given->by_column != NULL; k++) {
        for (size_t i = 0; i < traffstat_panel_series(panel); i++) {
            if (same(given->where.items[k].key, "jurisdiction") &&
                same(given->where.items[k].value, traffstat_panel_group(panel, i))) {
                return true;
            }
        }
    }
    return false;
}

static text_fn where_text(const input *in, const char *key)
{
    return in->groups && same(key, "jurisdiction") ? traffstat_panel_group : text_of(key);
}

/* Values of one key are alternatives; keys must all hold. */
static bool fits_key(const input *in, size_t series, const pairs *where, const char *key)
{
    for (size_t i = 0; i < where->count; i++) {
        if (same(where->items[i].key, key) &&
            same(where_text(in, key)(in->all, series), where->items[i].value)) {
            return true;
        }
    }
    return false;
}

static bool fits(const input *in, size_t series, const options *given)
{
    for (size_t i = 0; i < given->where.count; i++) {
        if (!fits_key(in, series, &given->where, given->where.items[i].key)) {
            return false;
        }
    }
    return true;
}

#define NEAREST_AMONG 4096

/* Why nothing fits: the first wish that no series meets, with the nearest value in the file. */
static int nothing_fits(const traffstat_panel *panel, const char *measure, const char *key,
                        const char *value)
{
    char with[128] = "";
    const char *names[NEAREST_AMONG];
    size_t count = 0;
    for (size_t i = 0; i < traffstat_panel_series(panel) && count < NEAREST_AMONG; i++) {
        names[count++] = text_of(key)(panel, i);
        if (same(names[count - 1], value)) {
            return EXIT_DONE;
        }
    }
    const char *near = nearest(value, names, count);
    if (measure != NULL && !same(measure, "all")) {
        (void) snprintf(with, sizeof with, " together with the measure \"%s\"", measure);
    }
    if (near == NULL || near[0] == '\0') {
        near = count > 0 ? names[0] : "";
        say("no series has the %s \"%s\"%s; the first one there is \"%s\"", key, value, with, near);
    } else {
        say("no series has the %s \"%s\"%s; the nearest is \"%s\"", key, value, with, near);
    }
    return EXIT_DATA;
}

static int say_nothing_left(const command *session, const traffstat_panel *panel)
{
    const options *given = session->options;
    int status = EXIT_DONE;
    for (size_t i = 0; i < given->where.count && status == EXIT_DONE; i++) {
        status = nothing_fits(panel, given->measure, given->where.items[i].key,
                              given->where.items[i].value);
    }
    if (status == EXIT_DONE) {
        say("no series fits all of --where together; `traffstat read --csv` shows what there is");
    }
    return EXIT_DATA;
}

/* Marks the series that fit in `keep` (the panel's number of them); how many fit. */
static size_t mark(const command *session, const input *in, int32_t *keep, int64_t *lost)
{
    size_t count = 0;
    *lost = 0;
    for (size_t i = 0; i < traffstat_panel_series(in->all); i++) {
        keep[i] = fits(in, i, session->options) ? 1 : 0;
        if (keep[i] != 0) {
            count++;
            *lost += traffstat_account_series_lost(in->account, i);
        }
    }
    return count;
}

/* --by: sums of what was selected take its place. */
static int sum_selected(const command *session, input *in)
{
    traffstat_panel *sums = NULL;
    const traffstat_status status =
        traffstat_panel_aggregate(session->ctx, in->selected, session->options->by, &sums);
    if (status != TRAFFSTAT_OK) {
        return failure(session, status);
    }
    traffstat_panel_free(in->selected);
    in->selected = sums;
    return EXIT_DONE;
}

int input_select(const command *session, input *in)
{
    const options *given = session->options;
    const size_t series = traffstat_panel_series(in->all);
    int32_t *keep = calloc(series > 0 ? series : 1, sizeof *keep);
    if (keep == NULL) {
        say("out of memory");
        return EXIT_DATA;
    }
    int result = EXIT_DONE;
    in->groups = asks_for_a_group(session, in->all);
    if (mark(session, in, keep, &in->lost) == 0) {
        result = say_nothing_left(session, in->all);
    } else {
        const traffstat_status status = traffstat_panel_select(
            session->ctx, in->all, keep, given->first_year, given->last_year, &in->selected);
        if (status == TRAFFSTAT_E_NODATA) {
            say("no year from %d to %d; the file has %d to %d", (int) given->first_year,
                (int) given->last_year, (int) traffstat_panel_first_year(in->all),
                (int) traffstat_panel_last_year(in->all));
            result = EXIT_DATA;
        } else if (status != TRAFFSTAT_OK) {
            result = failure(session, status);
        }
    }
    if (result == EXIT_DONE && given->sums) {
        result = sum_selected(session, in);
    }
    if (result == EXIT_DONE && given->population != NULL) {
        result = input_join_population(session, in);
    }
    if (result == EXIT_DONE) {
        input_warn(session, in);
    }
    free(keep);
    return result;
}

/* The first example among the problems that cost records, as a place to look at. */
static bool first_loss(const traffstat_account *account, traffstat_example *out)
{
    traffstat_problem problem;
    for (size_t i = 0; traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK; i++) {
        if (problem.rows_dropped > 0 &&
            traffstat_account_example(account, i, 0, out) == TRAFFSTAT_OK) {
            return true;
        }
    }
    return false;
}

int input_check_lost(const command *session, const input *in)
{
    traffstat_example example;
    char place[512] = "";
    if (in->lost == 0) {
        return EXIT_DONE;
    }
    if (first_loss(in->account, &example)) {
        (void) snprintf(place, sizeof place, " (%s, line %lld: %s \"%s\", expected %s)",
                        example.file, (long long) example.line, example.column, example.got,
                        example.expected);
    }
    const char *noun = in->lost == 1 ? "record" : "records";
    if (session->options->lenient) {
        say("caution: %lld %s of the selected series could not be used%s", (long long) in->lost,
            noun, place);
        return EXIT_DONE;
    }
    say("%lld %s of the selected series could not be used%s; mend the file, or go on with "
        "--lenient",
        (long long) in->lost, noun, place);
    return EXIT_DATA;
}

int input_open(const command *session, input *in)
{
    int result = input_read(session, in);
    if (result == EXIT_DONE) {
        result = input_select(session, in);
    }
    return result == EXIT_DONE ? input_check_lost(session, in) : result;
}

void series_name(const traffstat_panel *panel, size_t series, char *out, size_t size)
{
    static const char *const keys[] = {"measure", "category", "source"};
    const char *name = traffstat_panel_jurisdiction(panel, series);
    (void) snprintf(out, size, "%s", name[0] != '\0' ? name : traffstat_panel_key(panel, series));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *text = text_of(keys[i])(panel, series);
        const size_t used = strlen(out);
        if (text[0] != '\0') {
            (void) snprintf(out + used, size - used, ", %s", text);
        }
    }
}

const char *series_key(const traffstat_panel *panel)
{
    static const char *const keys[] = {"jurisdiction", "key", "measure", "category", "source"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        const text_fn get = text_of(keys[k]);
        for (size_t i = 1; i < traffstat_panel_series(panel); i++) {
            if (!same(get(panel, i), get(panel, 0))) {
                return keys[k];
            }
        }
    }
    return keys[0];
}
