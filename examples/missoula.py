#!/usr/bin/env python3
"""From a CSV file to an estimate, by cffi's ABI mode: no compiler is needed.

Run it where data/missoula.csv is. TRAFFSTAT_LIBRARY may name the library's file; else the one in
build/release/lib is used, else an installed one. Loading libtraffstat puts a program under the
GPL, version 3 or later.
"""
import os

import cffi

ffi = cffi.FFI()
ffi.cdef("""
    typedef struct traffstat_ctx traffstat_ctx;
    typedef struct traffstat_panel traffstat_panel;
    typedef struct traffstat_prior traffstat_prior;
    typedef struct traffstat_estimate traffstat_estimate;
    typedef struct traffstat_text traffstat_text;
    int32_t traffstat_ctx_new(const void *allocator, traffstat_ctx **out);
    const char *traffstat_ctx_message(const traffstat_ctx *ctx);
    int32_t traffstat_read_path(traffstat_ctx *ctx, const void *reader, const char *path,
                                traffstat_panel **panel, void *account);
    int32_t traffstat_prior_parse(traffstat_ctx *ctx, const char *text, const char *source,
                                  traffstat_prior **out);
    int32_t traffstat_thinning(traffstat_ctx *ctx, const traffstat_panel *panel,
                               const traffstat_prior *prior, const void *options,
                               traffstat_estimate **out);
    int32_t traffstat_caption_row(traffstat_ctx *ctx, const traffstat_panel *panel,
                                  const traffstat_estimate *estimate, size_t row,
                                  traffstat_text **out);
    const char *traffstat_text_data(const traffstat_text *text);
    void traffstat_text_free(traffstat_text *text);
    void traffstat_estimate_free(traffstat_estimate *estimate);
    void traffstat_prior_free(traffstat_prior *prior);
    void traffstat_panel_free(traffstat_panel *panel);
    void traffstat_ctx_free(traffstat_ctx *ctx);
""")


def library():
    built = "build/release/lib/libtraffstat.so"
    return os.environ.get("TRAFFSTAT_LIBRARY") or (
        os.path.abspath(built) if os.path.exists(built) else "libtraffstat.so.0")


lib = ffi.dlopen(library())


def check(ctx, status):
    if status != 0:
        raise RuntimeError(ffi.string(lib.traffstat_ctx_message(ctx)).decode())


def make(kind, call, *arguments):
    """Calls a function whose last argument is the place of a new object; returns the object."""
    place = ffi.new("traffstat_%s **" % kind)
    check(arguments[0], call(*arguments, place))
    return place[0]


ctx = make("ctx", lib.traffstat_ctx_new, ffi.NULL)
place = ffi.new("traffstat_panel **")
check(ctx, lib.traffstat_read_path(ctx, ffi.NULL, b"data/missoula.csv", place, ffi.NULL))
panel = place[0]
prior = make("prior", lib.traffstat_prior_parse, ctx, b"beta(8,12)", b"assumed for this example")
estimate = make("estimate", lib.traffstat_thinning, ctx, panel, prior, ffi.NULL)
caption = make("text", lib.traffstat_caption_row, ctx, panel, estimate, 1)
print(ffi.string(lib.traffstat_text_data(caption)).decode())

lib.traffstat_text_free(caption)
lib.traffstat_estimate_free(estimate)
lib.traffstat_prior_free(prior)
lib.traffstat_panel_free(panel)
lib.traffstat_ctx_free(ctx)
