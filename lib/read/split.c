#include <string.h>

#include "read/read.h"

/* libcsv spends its time on every byte; nearly all lines need no state machine. What is written
 * here must say of a plain line exactly what libcsv would. */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* An unquoted field, without the blanks around it. */
static traffstat_i_slice trim_blanks(const char *from, const char *to)
{
    while (from < to && is_blank(*from)) {
        from++;
    }
    while (to > from && is_blank(to[-1])) {
        to--;
    }
    return (traffstat_i_slice){from, (size_t) (to - from)};
}

/* The field that a quote at `from` opens, up to its closing one, which must stand before a
 * delimiter or the end; NULL when it does not, or when a doubled quote stands inside. */
static const char *quoted_field(const char *from, const char *end, char delimiter,
                                traffstat_i_slice *out)
{
    const char *close = memchr(from + 1, '"', (size_t) (end - from) - 1);
    if (close == NULL || (close + 1 < end && close[1] != delimiter)) {
        return NULL;
    }
    *out = (traffstat_i_slice){from + 1, (size_t) (close - from) - 1};
    return close + 1;
}

bool traffstat_i_split(const char *line, size_t size, char delimiter, traffstat_i_slice *fields,
                       size_t room, size_t *count)
{
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r')) {
        size--;
    }
    if (size == 0) {
        return false;
    }
    const char *const end = line + size;
    const char *quote = memchr(line, '"', size);
    const char *at = line;
    size_t made = 0;
    for (;;) {
        const char *stop;
        if (made == room) {
            return false;
        }
        if (at == quote && at < end) {
            stop = quoted_field(at, end, delimiter, &fields[made]);
            if (stop == NULL) {
                return false;
            }
            quote = memchr(stop, '"', (size_t) (end - stop));
        } else {
            stop = memchr(at, delimiter, (size_t) (end - at));
            stop = stop != NULL ? stop : end;
            if (quote != NULL && quote < stop) {
                return false;
            }
            fields[made] = trim_blanks(at, stop);
        }
        made++;
        if (stop == end) {
            break;
        }
        at = stop + 1;
    }
    *count = made;
    return made > 1 || fields[0].size > 0; /* a blank line is no record */
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ (hash >> 29);
}

static uint64_t word_at(const char *data)
{
    uint64_t word = 0;
    memcpy(&word, data, sizeof word);
    return word;
}

/* Two chains that a processor runs side by side; the last words overlap, and the size is mixed in. */
uint64_t traffstat_i_hash_line(const char *data, size_t size)
{
    while (size > 0 && (data[size - 1] == '\n' || data[size - 1] == '\r')) {
        size--;
    }
    uint64_t one = mix(1, size);
    uint64_t other = one ^ UINT64_C(0xbf58476d1ce4e5b9);
    size_t at = 0;
    for (; at + 16 <= size; at += 16) {
        one = mix(one, word_at(data + at));
        other = mix(other, word_at(data + at + 8));
    }
    if (size >= 16) {
        one = mix(one, word_at(data + size - 16));
        other = mix(other, word_at(data + size - 8));
    } else {
        char last[16] = {0};
        memcpy(last, data, size);
        one = mix(one, word_at(last));
        other = mix(other, word_at(last + 8));
    }
    return mix(one, other) ^ (other >> 32);
}
