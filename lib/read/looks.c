#include <string.h>

#include "read/read.h"

typedef struct signature {
    const char *bytes;
    size_t size;
    const char *what;
} signature;

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

const char *traffstat_i_looks_like(const char *data, size_t size)
{
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        if (size >= signatures[i].size &&
            memcmp(data, signatures[i].bytes, signatures[i].size) == 0) {
            return signatures[i].what;
        }
    }
    const size_t mark = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    const traffstat_i_slice text =
        traffstat_i_slice_trim((traffstat_i_slice){data + mark, size - mark});
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (begins_nocase(text.data, text.size, &beginnings[i])) {
            return beginnings[i].what;
        }
    }
    if (size >= 262 && memcmp(data + 257, "ustar", 5) == 0) {
        return "a tar archive";
    }
    if (size > 0 && memchr(data, '\0', size < 4096 ? size : 4096) != NULL) {
        return "a binary file";
    }
    return NULL;
}
