#include <math.h>

#include "report/report.h"

/* ---- JSON and CSV --------------------------------------------------------------------------- */

static void add_year(traffstat_i_json *json, const char *key, int32_t year)
{
    if (year == 0) {
        traffstat_i_json_null(json, key);
    } else {
        traffstat_i_json_int(json, key, year);
    }
}

static void add_object(traffstat_i_json *json, const traffstat_evidence_entry *entry)
{
    traffstat_i_json_open(json, NULL, '{', false);
    traffstat_i_json_text(json, "id", entry->id);
    traffstat_i_json_text(json, "place", entry->place);
    add_year(json, "first_year", entry->first_year);
    add_year(json, "last_year", entry->last_year);
    traffstat_i_json_text(json, "unit", entry->unit);
    traffstat_i_json_text(json, "measure", entry->measure);
    traffstat_i_json_text(json, "agencies", entry->agencies);
    traffstat_i_json_text(json, "method", entry->method);
    traffstat_i_json_double(json, "rate", entry->rate);
    traffstat_i_json_double(json, "lower", entry->lower);
    traffstat_i_json_double(json, "upper", entry->upper);
    traffstat_i_json_double(json, "level", entry->level);
    traffstat_i_json_text(json, "citation", entry->citation);
    traffstat_i_json_text(json, "note", entry->note);
    traffstat_i_json_close(json, '}');
}

static bool get_entry(const traffstat_evidence *evidence, size_t i, traffstat_evidence_entry *entry)
{
    *entry = (traffstat_evidence_entry){.struct_size = (uint32_t) sizeof *entry};
    return i < traffstat_evidence_count(evidence) &&
           traffstat_evidence_get(evidence, i, entry) == TRAFFSTAT_OK;
}

traffstat_status traffstat_evidence_json(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                         traffstat_text **out)
{
    traffstat_text text;
    const traffstat_status status = traffstat_i_report_begin(ctx, evidence, out, &text);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_json json;
    traffstat_evidence_entry entry = {.struct_size = sizeof entry};
    traffstat_i_json_init(&json, &text);
    traffstat_i_json_open(&json, NULL, '[', false);
    for (size_t i = 0; get_entry(evidence, i, &entry); i++) {
        add_object(&json, &entry);
    }
    traffstat_i_json_close(&json, ']');
    traffstat_i_text_add(&text, "\n");
    return traffstat_i_text_finish(&text, out);
}

static void add_record(traffstat_i_csv *csv, const traffstat_evidence_entry *entry)
{
    const int32_t years[] = {entry->first_year, entry->last_year};
    traffstat_i_csv_text(csv, entry->id);
    traffstat_i_csv_text(csv, entry->place);
    for (size_t i = 0; i < 2; i++) {
        if (years[i] == 0) {
            traffstat_i_csv_empty(csv);
        } else {
            traffstat_i_csv_int(csv, years[i]);
        }
    }
    traffstat_i_csv_text(csv, entry->unit);
    traffstat_i_csv_text(csv, entry->measure);
    traffstat_i_csv_text(csv, entry->agencies);
    traffstat_i_csv_text(csv, entry->method);
    traffstat_i_csv_double(csv, entry->rate);
    traffstat_i_csv_double(csv, entry->lower);
    traffstat_i_csv_double(csv, entry->upper);
    traffstat_i_csv_double(csv, entry->level);
    traffstat_i_csv_text(csv, entry->citation);
    traffstat_i_csv_text(csv, entry->note);
    traffstat_i_csv_end(csv);
}

traffstat_status traffstat_evidence_csv(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                        traffstat_text **out)
{
    traffstat_text text;
    const traffstat_status status = traffstat_i_report_begin(ctx, evidence, out, &text);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_csv csv;
    traffstat_evidence_entry entry = {.struct_size = sizeof entry};
    traffstat_i_csv_init(&csv, &text);
    traffstat_i_text_add(&text, "id,place,first_year,last_year,unit,measure,agencies,method,rate,"
                                "lower,upper,level,citation,note\n");
    for (size_t i = 0; get_entry(evidence, i, &entry); i++) {
        add_record(&csv, &entry);
    }
    return traffstat_i_text_finish(&text, out);
}

/* ---- text ----------------------------------------------------------------------------------- */

/* A share as percent with at most two decimals. */
static void say_percent(traffstat_text *text, double share)
{
    traffstat_i_add_percent(text, rint(share * 1e4) / 1e4);
}

static void say_interval(traffstat_text *text, const traffstat_evidence_entry *entry)
{
    if (isnan(entry->lower) && isnan(entry->upper)) {
        traffstat_i_text_add(text, "no interval published: needs --evidence-size");
        return;
    }
    traffstat_i_text_add(text, "interval ");
    say_percent(text, entry->lower);
    traffstat_i_text_add(text, "–");
    say_percent(text, entry->upper);
    traffstat_i_text_add(text, " %");
    if (!isnan(entry->level)) {
        traffstat_i_text_add(text, " at ");
        traffstat_i_add_percent(text, entry->level);
        traffstat_i_text_add(text, " %");
    }
}

static void say_rate(traffstat_text *text, const traffstat_evidence_entry *entry)
{
    traffstat_i_text_add(text, "  share known: ");
    if (!isnan(entry->rate)) {
        say_percent(text, entry->rate);
        traffstat_i_text_add(text, " %, ");
    }
    say_interval(text, entry);
    traffstat_i_text_add(text, "\n");
}

static void say_where(traffstat_text *text, const traffstat_evidence_entry *entry)
{
    traffstat_i_plain_add(text, entry->id);
    traffstat_i_text_add(text, ": ");
    traffstat_i_plain_add(text, entry->place);
    if (entry->first_year != 0) {
        traffstat_i_text_add(text, ", ");
        traffstat_i_text_add_int(text, entry->first_year);
        if (entry->last_year != 0 && entry->last_year != entry->first_year) {
            traffstat_i_text_add(text, "–");
            traffstat_i_text_add_int(text, entry->last_year);
        }
    }
    traffstat_i_text_add(text, "\n");
}

static void say_what(traffstat_text *text, const traffstat_evidence_entry *entry)
{
    traffstat_text scratch;
    traffstat_i_text_init(&scratch, text->ctx);
    traffstat_i_text_add(&scratch, "counts ");
    traffstat_i_text_add(&scratch, entry->unit);
    if (entry->measure[0] != '\0') {
        traffstat_i_text_add(&scratch, " (");
        traffstat_i_text_add(&scratch, entry->measure);
        traffstat_i_text_add(&scratch, ")");
    }
    if (entry->agencies[0] != '\0') {
        traffstat_i_text_add(&scratch, ", known to ");
        traffstat_i_text_add(&scratch, entry->agencies);
    }
    if (entry->method[0] != '\0') {
        traffstat_i_text_add(&scratch, "; ");
        traffstat_i_text_add(&scratch, entry->method);
    }
    traffstat_i_plain_item(text, "  ", traffstat_i_text_get(&scratch));
    text->failed = text->failed || scratch.failed;
    traffstat_i_text_clear(&scratch);
}

static void say_entry(traffstat_text *text, const traffstat_evidence_entry *entry)
{
    say_where(text, entry);
    say_rate(text, entry);
    say_what(text, entry);
    traffstat_i_plain_item(text, "  ", entry->citation);
    if (entry->note[0] != '\0') {
        traffstat_i_plain_item(text, "  note: ", entry->note);
    }
}

traffstat_status traffstat_evidence_text(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                         traffstat_text **out)
{
    traffstat_text text;
    const traffstat_status status = traffstat_i_report_begin(ctx, evidence, out, &text);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_evidence_entry entry = {.struct_size = sizeof entry};
    for (size_t i = 0; get_entry(evidence, i, &entry); i++) {
        traffstat_i_text_add(&text, i > 0 ? "\n" : "");
        say_entry(&text, &entry);
    }
    return traffstat_i_text_finish(&text, out);
}
