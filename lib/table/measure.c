#include <string.h>

#include "table/table.h"

typedef struct word {
    const char *data;
    size_t size;
} word;

static word trimmed(const char *data, size_t size)
{
    while (size > 0 && traffstat_i_is_space(data[0])) {
        data++, size--;
    }
    while (size > 0 && traffstat_i_is_space(data[size - 1])) {
        size--;
    }
    return (word){data, size};
}

static bool equals(word w, const char *text)
{
    if (strlen(text) != w.size) {
        return false;
    }
    for (size_t i = 0; i < w.size; i++) {
        if (traffstat_i_lower(w.data[i]) != text[i]) {
            return false;
        }
    }
    return true;
}

/* "cases known by police" must not become "police known 7 cases": only words that serve as
 * participle and as past tense alike are taken. */
static bool is_past_tense(word w)
{
    static const char *const irregular[] = {"found", "made", "brought", "held", "heard", "caught"};
    if (w.size > 3 && equals((word){w.data + w.size - 2, 2}, "ed")) {
        return true;
    }
    for (size_t i = 0; i < sizeof irregular / sizeof irregular[0]; i++) {
        if (equals(w, irregular[i])) {
            return true;
        }
    }
    return false;
}

static word last_word(word w)
{
    size_t at = w.size;
    while (at > 0 && !traffstat_i_is_space(w.data[at - 1])) {
        at--;
    }
    return (word){w.data + at, w.size - at};
}

/* Cuts at the word `by` that starts at `at`; false when the pieces are not a sentence's. */
static bool cut(word all, size_t at, traffstat_i_measure *out)
{
    const word head = trimmed(all.data, at);
    const word agent = trimmed(all.data + at + 2, all.size - at - 2);
    const word verb = last_word(head);
    const word unit = trimmed(head.data, head.size - verb.size);
    if (agent.size == 0 || unit.size == 0 || !is_past_tense(verb)) {
        return false;
    }
    *out =
        (traffstat_i_measure){unit.data, unit.size, verb.data, verb.size, agent.data, agent.size};
    return true;
}

void traffstat_i_measure_read(const char *measure, traffstat_i_measure *out)
{
    const word all = trimmed(measure, strlen(measure));
    *out = (traffstat_i_measure){.unit = all.data, .unit_size = all.size};
    for (size_t i = 1; i + 3 < all.size; i++) {
        const bool alone =
            traffstat_i_is_space(all.data[i - 1]) && traffstat_i_is_space(all.data[i + 2]);
        if (alone && equals((word){all.data + i, 2}, "by") && cut(all, i, out)) {
            return;
        }
    }
}
