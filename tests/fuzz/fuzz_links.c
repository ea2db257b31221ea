/* Bytes into links between the places of a fixed panel, whatever they are. The first byte of an input
 * chooses the strictness and the separator. Stops where a record is lost uncounted or the pairs are not
 * what they must be: rising, between two series of the panel, an island in none of them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <traffstat/read.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char counts[] = "key,place,year,cases\n01,A,2017,1\n02,B MT,2017,2\n03,,2017,3\n"
                             "A,2018,2017,4\n05,Missoula,2017,5\n";

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_pairs(const traffstat_links *links, size_t series)
{
    const size_t *pairs = traffstat_links_pairs(links);
    const size_t count = traffstat_links_count(links);
    int linked[16] = {0};
    require(count > 0 && series < 16);
    for (size_t i = 0; i < count; i++) {
        const size_t *at = pairs + 2 * i;
        require(at[0] < at[1] && at[1] < series);
        require(i == 0 || at[-2] < at[0] || (at[-2] == at[0] && at[-1] < at[1]));
        linked[at[0]] = 1;
        linked[at[1]] = 1;
    }
    for (size_t i = 0; i < traffstat_links_islands(links); i++) {
        require(linked[traffstat_links_island(links, i)]++ == 0);
    }
    for (size_t i = 0; i < series; i++) {
        require(linked[i] == 1);
    }
}

static void check_rows(const traffstat_account *account)
{
    int64_t dropped = 0;
    traffstat_problem problem;
    for (size_t i = 0; traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK; i++) {
        dropped += problem.rows_dropped;
    }
    require(traffstat_account_rows_seen(account) == traffstat_account_rows_used(account) + dropped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char separators[] = {0, ',', ';', '\t'};
    traffstat_ctx *ctx = NULL;
    traffstat_reader *reader = NULL;
    traffstat_panel *panel = NULL;
    traffstat_links *links = NULL;
    traffstat_account *account = NULL;
    if (size < 1) {
        return 0;
    }
    require(traffstat_ctx_new(NULL, &ctx) == TRAFFSTAT_OK);
    require(traffstat_reader_new(ctx, &reader) == TRAFFSTAT_OK);
    require(traffstat_read_memory(ctx, NULL, counts, sizeof counts - 1, "counts", &panel, NULL) ==
            TRAFFSTAT_OK);
    require(traffstat_reader_set_strictness(ctx, reader, data[0] & 1) == TRAFFSTAT_OK);
    require(traffstat_reader_set_delimiter(ctx, reader, separators[(data[0] >> 1) & 3]) ==
            TRAFFSTAT_OK);
    const traffstat_status status = traffstat_links_read_memory(ctx, reader, data + 1, size - 1,
                                                                "fuzz", panel, &links, &account);
    require(status != TRAFFSTAT_E_INTERNAL && status != TRAFFSTAT_E_NOMEM);
    require((status == TRAFFSTAT_OK) == (links != NULL));
    require((status == TRAFFSTAT_OK) == (traffstat_ctx_message(ctx)[0] == '\0'));
    if (links != NULL) {
        check_pairs(links, traffstat_panel_series(panel));
        check_rows(account);
    }
    traffstat_links_free(links);
    traffstat_account_free(account);
    traffstat_panel_free(panel);
    traffstat_reader_free(reader);
    traffstat_ctx_free(ctx);
    return 0;
}
