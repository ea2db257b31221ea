/* Reading beside bare libcsv with callbacks that do nothing, on generated files, in one process and
 * in turns, so that a busy machine slows both alike. Prints "name value unit" lines: seconds and
 * their ratios to libcsv, the least of the rounds; and the process's memory.
 *
 *   bench_read [RECORDS [ROUNDS]]     1,000,000 and 3; with 0 records: 1 million, in four times as
 *                                     many rounds, and 10 million */
#include <csv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <traffstat/read.h>

#define PLACES 400
#define YEARS 25

/* ---- the file ------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void write_count(FILE *out, uint64_t bits)
{
    const unsigned count = (unsigned) (bits >> 20) % 900;
    if (bits % 50 == 0) {
        fputs("<5", out);
    } else if (bits % 20 == 1) {
        fprintf(out, "\"%u,%03u\"", 1 + count % 9, count);
    } else {
        fprintf(out, "%u", count);
    }
}

/* Records come by place, year and month, as agencies' returns do. */
static void write_file(const char *path, size_t records)
{
    static const char *const names[] = {"\"Saint-J\xc3\xa9r\xc3\xb4me, QC\"", "\"Doe, County of\"",
                                        "Springfield",
                                        "\"Pe\xc3\xb1"
                                        "asco, NM\""};
    FILE *out = fopen(path, "w");
    uint64_t state = 88172645463325252u;
    if (out == NULL) {
        perror(path);
        exit(1);
    }
    fputs("key,agency,year,offense,cases\n", out);
    const size_t months = records / (PLACES * YEARS) > 0 ? records / (PLACES * YEARS) : 1;
    for (size_t i = 0; i < records; i++) {
        const size_t place = i / (months * YEARS) % PLACES;
        const size_t year = i / months % YEARS;
        fprintf(out, "ID%05zu00,%s,%zu,%s,", place, names[place % 4], 1995 + year,
                place % 3 != 0 ? "Commercial Sex Acts" : "Labour");
        write_count(out, next_random(&state));
        fputc('\n', out);
    }
    if (fclose(out) != 0) {
        perror(path);
        exit(1);
    }
}

/* ---- what is measured ----------------------------------------------------------------------- */

/* Of one thread the processor's time, which others on the machine disturb less; of two the wall's. */
static double now(clockid_t clock)
{
    struct timespec time;
    (void) clock_gettime(clock, &time);
    return (double) time.tv_sec + 1e-9 * (double) time.tv_nsec;
}

static void ignore_field(void *data, size_t size, void *user)
{
    (void) data;
    (void) size;
    (void) user;
}

static void ignore_record(int ending, void *user)
{
    (void) ending;
    (void) user;
}

static double time_bare(const char *path, clockid_t clock)
{
    static char block[1 << 18];
    struct csv_parser parser;
    const double start = now(clock);
    FILE *in = fopen(path, "rb");
    if (in == NULL || csv_init(&parser, 0) != 0) {
        perror(path);
        exit(1);
    }
    size_t got;
    while ((got = fread(block, 1, sizeof block, in)) > 0) {
        if (csv_parse(&parser, block, got, ignore_field, ignore_record, NULL) != got) {
            fputs("libcsv failed\n", stderr);
            exit(1);
        }
    }
    (void) csv_fini(&parser, ignore_field, ignore_record, NULL);
    csv_free(&parser);
    (void) fclose(in);
    return now(clock) - start;
}

static double time_ours(const char *path, uint32_t threads, size_t records, clockid_t clock)
{
    traffstat_ctx *ctx = NULL;
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    const double start = now(clock);
    if (traffstat_ctx_new(NULL, &ctx) != TRAFFSTAT_OK ||
        traffstat_ctx_set_threads(ctx, threads) != TRAFFSTAT_OK ||
        traffstat_read_path(ctx, NULL, path, &panel, &account) != TRAFFSTAT_OK ||
        traffstat_account_rows_used(account) != (int64_t) records) {
        fprintf(stderr, "reading failed: %s\n", traffstat_ctx_message(ctx));
        exit(1);
    }
    const double spent = now(clock) - start;
    traffstat_panel_free(panel);
    traffstat_account_free(account);
    traffstat_ctx_free(ctx);
    return spent;
}

/* The most that the process ever held, the program itself included. */
static double resident_megabytes(void)
{
    struct rusage used;
    (void) getrusage(RUSAGE_SELF, &used);
    return (double) used.ru_maxrss / 1e3;
}

/* ---- the rounds ----------------------------------------------------------------------------- */

static double lesser(double a, double b)
{
    return a < b ? a : b;
}

static void measure(size_t records, size_t rounds)
{
    char path[] = "bench_read_XXXXXX";
    const int file = mkstemp(path);
    if (file < 0) {
        perror(path);
        exit(1);
    }
    (void) close(file);
    write_file(path, records);
    double bare_cpu = 1e9;
    double bare = 1e9;
    double one = 1e9;
    double two = 1e9;
    for (size_t round = 0; round < rounds; round++) {
        bare_cpu = lesser(bare_cpu, time_bare(path, CLOCK_PROCESS_CPUTIME_ID));
        one = lesser(one, time_ours(path, 1, records, CLOCK_PROCESS_CPUTIME_ID));
        bare = lesser(bare, time_bare(path, CLOCK_MONOTONIC));
        two = lesser(two, time_ours(path, 2, records, CLOCK_MONOTONIC));
    }
    (void) unlink(path);
    const size_t millions = records / 1000000;
    printf("read_bare_%zuM %.3f s\n", millions, bare_cpu);
    printf("read_1_thread_%zuM %.3f s\n", millions, one);
    printf("read_1_thread_to_bare_%zuM %.2f ratio\n", millions, one / bare_cpu);
    printf("read_bare_wall_%zuM %.3f s\n", millions, bare);
    printf("read_2_threads_wall_%zuM %.3f s\n", millions, two);
    printf("read_2_threads_to_bare_%zuM %.2f ratio\n", millions, two / bare);
    printf("read_memory_%zuM %.1f MB\n", millions, resident_megabytes());
    (void) fflush(stdout);
}

int main(int count, char **arguments)
{
    const size_t records = count > 1 ? strtoul(arguments[1], NULL, 10) : 1000000;
    const size_t rounds = count > 2 ? strtoul(arguments[2], NULL, 10) : 3;
    if (records > 0) {
        measure(records, rounds);
    } else {
        measure(1000000, 4 * rounds);
        measure(10000000, rounds);
    }
    return 0;
}
