"""A thin Python loader of libtraffstat: reads the public headers, so it never falls behind them.

    import traffstat
    panel = traffstat.read("data/missoula.csv")

Everything of the C API is reachable as traffstat.lib.traffstat_…; the few functions below save
typing. It needs python3-cffi, no compiler. TRAFFSTAT_LIBRARY and TRAFFSTAT_INCLUDE may name the
library's file and the folder of its headers; otherwise the ones beside this source tree are used,
else the installed ones. Loading libtraffstat puts a program under the GPL, version 3 or later.
"""
import os
import re

import cffi

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

def _first(candidates, default):
    return next((path for path in candidates if path and os.path.exists(path)), default)


def _with_includes(include, name, seen):
    """A header of ours behind those that it includes, each once."""
    if name in seen:
        return ""
    seen.add(name)
    with open(os.path.join(include, name), encoding="utf-8") as header:
        text = header.read()
    before = re.findall(r"^#include <(traffstat/\w+\.h)>", text, flags=re.M)
    return "".join(_with_includes(include, one, seen) for one in before) + text


def _declarations(include):
    """The headers without comments, preprocessor lines and attribute macros: plain C99."""
    text = _with_includes(include, "traffstat.h", set())
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    text = re.sub(r'extern "C" [{]|\bTRAFFSTAT_(API|MUST_CHECK|BEGIN|END)\b', "", text)
    return text


ffi = cffi.FFI()
ffi.cdef(_declarations(os.environ.get("TRAFFSTAT_INCLUDE") or
                       _first([os.path.join(_ROOT, "include")], "/usr/local/include")))
lib = ffi.dlopen(os.environ.get("TRAFFSTAT_LIBRARY") or
                 _first([os.path.join(_ROOT, "build/release/lib/libtraffstat.so.0")],
                        "libtraffstat.so.0"))


class Error(Exception):
    """A call failed; `status` is the library's code."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def _utf8(text):
    return ffi.NULL if text is None else str(text).encode()


def _make(call, *arguments, free, kind):
    """Calls a function whose last argument is the place of a new object, which Python then owns."""
    place = ffi.new("traffstat_%s **" % kind)
    status = call(_ctx, *arguments, place)
    if status != lib.TRAFFSTAT_OK:
        raise Error(status, ffi.string(lib.traffstat_ctx_message(_ctx)).decode())
    return ffi.gc(place[0], free)


def _context():
    place = ffi.new("traffstat_ctx **")
    if lib.traffstat_ctx_new(ffi.NULL, place) != lib.TRAFFSTAT_OK:
        raise MemoryError("no memory for a context")
    return place[0]    # lives as long as the process: objects made with it may outlive any scope


_ctx = _context()


def _text(call, *arguments):
    text = _make(call, *arguments, free=lib.traffstat_text_free, kind="text")
    return ffi.buffer(lib.traffstat_text_data(text), lib.traffstat_text_size(text))[:].decode()


def read(path):
    """A CSV file as a panel."""
    def call(ctx, place):
        return lib.traffstat_read_path(ctx, ffi.NULL, _utf8(path), place, ffi.NULL)
    return _make(call, free=lib.traffstat_panel_free, kind="panel")


def prior(text, source=None):
    """A reporting rate: "beta(8,12)" or "0.2..0.6". There is no default."""
    return _make(lib.traffstat_prior_parse, _utf8(text), _utf8(source),
                 free=lib.traffstat_prior_free, kind="prior")


def evidence(path, name, size=0.0):
    """A reporting rate from a list of published evidence."""
    entries = _make(lib.traffstat_evidence_read, _utf8(path), free=lib.traffstat_evidence_free,
                    kind="evidence")
    return _make(lib.traffstat_prior_evidence, entries, _utf8(name), size,
                 free=lib.traffstat_prior_free, kind="prior")


def thinning(panel, reporting):
    """The exact posterior of the true counts."""
    return _make(lib.traffstat_thinning, panel, reporting, ffi.NULL,
                 free=lib.traffstat_estimate_free, kind="estimate")


def caption(panel, estimate, row):
    """One true sentence on a row."""
    return _text(lib.traffstat_caption_row, panel, estimate, row)


def as_json(estimate):
    """The estimate as a JSON text."""
    return _text(lib.traffstat_estimate_json, estimate)


def chart(panel, estimate, path, series=0):
    """The trend figure of one series as .png, .svg or .pdf."""
    change = ffi.new("traffstat_change *")
    if lib.traffstat_rate_change(_ctx, panel, series, 0, 0, 0.95, change) != lib.TRAFFSTAT_OK:
        change = ffi.NULL
    scene = _make(lib.traffstat_scene_trend, panel, series, estimate or ffi.NULL, change, ffi.NULL,
                  free=lib.traffstat_scene_free, kind="scene")
    status = lib.traffstat_scene_write(_ctx, scene, _utf8(path), lib.TRAFFSTAT_FORMAT_BY_NAME)
    if status != lib.TRAFFSTAT_OK:
        raise Error(status, ffi.string(lib.traffstat_ctx_message(_ctx)).decode())
