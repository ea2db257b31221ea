#include <string.h>

#include "read/read.h"

typedef struct signature {
    const char *bytes;
    size_t size;
    const char *what;
} signature;

/* UTF-32's marks stand before UTF-16's, of which one is the beginning. */
static const signature signatures[] = {
    {"\x89PNG", 4, "a PNG picture"},
    {"\xff\xd8\xff", 3, "a JPEG picture"},
    {"GIF8", 4, "a GIF picture"},
    {"RIFF", 4, "a WebP picture or a sound"},
    {"II*\0", 4, "a TIFF picture"},
    {"MM\0*", 4, "a TIFF picture"},
    {"%PDF-", 5, "a PDF document"},
    {"%!PS", 4, "a PostScript document"},
    {"{\\rtf", 5, "an RTF document"},
    {"PK\x03\x04", 4, "a zip archive or an Excel workbook (.xlsx)"},
    {"PK\x05\x06", 4, "an empty zip archive"},
    {"\xd0\xcf\x11\xe0", 4, "an old Excel or Word file (.xls, .doc)"},
    {"\x1f\x8b", 2, "a gzip archive"},
    {"BZh", 3, "a bzip2 archive"},
    {"\xfd"
     "7zXZ",
     5, "an xz archive"},
    {"\x28\xb5\x2f\xfd", 4, "a zstd archive"},
    {"7z\xbc\xaf", 4, "a 7-Zip archive"},
    {"SQLite format 3", 15, "an SQLite database"},
    {"PAR1", 4, "a Parquet file"},
    {"ARROW1", 6, "an Arrow file"},
    {"\x7f"
     "ELF",
     4, "a program"},
    {"\xff\xfe\0\0", 4, "text in UTF-32"},
    {"\0\0\xfe\xff", 4, "text in UTF-32"},
    {"\xff\xfe", 2, "text in UTF-16"},
    {"\xfe\xff", 2, "text in UTF-16"},
    {"version https://git-lfs", 23, "a pointer of Git LFS instead of the file"},
};

static const signature beginnings[] = {
    {"<!doctype html", 14, "an HTML page"},
    {"<html", 5, "an HTML page"},
    {"<head", 5, "an HTML page"},
    {"<body", 5, "an HTML page"},
    {"<?xml", 5, "an XML document"},
    {"<svg", 4, "an SVG picture"},
    {"{\"", 2, "JSON"},
    {"[{", 2, "JSON"},
};

static bool begins_nocase(const char *data, size_t size, const signature *with)
{
    if (size < with->size) {
        return false;
    }
    for (size_t i = 0; i < with->size; i++) {
        if (traffstat_i_lower(data[i]) != with->bytes[i]) {
            return false;
        }
    }
    return true;
}

/* Half of the bytes are NUL, all on one side: UTF-16 of a Western text without a mark. */
static bool is_utf16(const char *data, size_t size)
{
    size_t even = 0;
    size_t odd = 0;
    const size_t seen = size < 512 ? size & ~(size_t) 1 : 512;
    for (size_t i = 0; i < seen; i += 2) {
        even += data[i] == '\0';
        odd += data[i + 1] == '\0';
    }
    const size_t most = seen / 2 - seen / 16;
    return seen >= 8 && ((even >= most && odd == 0) || (odd >= most && even == 0));
}

const char *traffstat_i_looks_like(const char *data, size_t size)
{
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        if (size >= signatures[i].size &&
            memcmp(data, signatures[i].bytes, signatures[i].size) == 0) {
            return signatures[i].what;
        }
    }
    const traffstat_i_slice text = traffstat_i_slice_trim((traffstat_i_slice){data, size});
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (begins_nocase(text.data, text.size, &beginnings[i])) {
            return beginnings[i].what;
        }
    }
    if (is_utf16(data, size)) {
        return "text in UTF-16";
    }
    if (size > 0 && memchr(data, '\0', size < 4096 ? size : 4096) != NULL) {
        return "a binary file";
    }
    return NULL;
}
