"""cffi takes the preprocessed umbrella as it is, and the calls go through the shared library."""
import math
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import headers
import tap
from cffi import FFI

SHARED = os.path.abspath(tap.setting('SHARED', 'build/release/lib/libtraffstat.so'))
MISSOULA = b'jurisdiction,year,cases\nMissoula,2017,7\nMissoula,2018,8\n'

ffi = FFI()
ffi.cdef(headers.preprocessed(['traffstat.h'], True))
lib = ffi.dlopen(SHARED)


class Failed(Exception):
    pass


def owned(ctx, kind, pointer):
    """Frees itself, and holds its context until then: a context outlives what was made with it."""
    free = getattr(lib, kind + '_free')
    return ffi.gc(pointer, lambda it, ctx=ctx: free(it))


def make(ctx, kind, function, *arguments):
    """Calls a function whose last argument is `kind **out`; the object."""
    out = ffi.new(kind + ' **')
    status = function(ctx, *arguments, out)
    if status != lib.TRAFFSTAT_OK:
        raise Failed(ffi.string(lib.traffstat_ctx_message(ctx)).decode())
    return owned(ctx, kind, out[0])


def context():
    out = ffi.new('traffstat_ctx **')
    assert lib.traffstat_ctx_new(ffi.NULL, out) == lib.TRAFFSTAT_OK
    return ffi.gc(out[0], lib.traffstat_ctx_free)


def read(ctx, data):
    panel = ffi.new('traffstat_panel **')
    status = lib.traffstat_read_memory(ctx, ffi.NULL, data, len(data), b'memory.csv', panel,
                                       ffi.NULL)
    if status != lib.TRAFFSTAT_OK:
        raise Failed(ffi.string(lib.traffstat_ctx_message(ctx)).decode())
    return owned(ctx, 'traffstat_panel', panel[0])


def row_of(estimate, index):
    row = ffi.new('traffstat_estimate_row *')
    assert lib.traffstat_estimate_row_get(estimate, index, row) == lib.TRAFFSTAT_OK
    return row


def same(got, want):
    """Exactly, but for the last bits of a mean."""
    return ['%s is %r, not %r' % (key, got[key], want[key]) for key in want
            if not math.isclose(got[key], want[key], rel_tol=1e-12)]


def every_function_resolves():
    missing = []
    for name in headers.functions(['traffstat.h']):
        try:
            getattr(lib, name)
        except AttributeError as error:
            missing.append(str(error))
    return missing


def version_is_that_of_the_headers():
    told = ffi.string(lib.traffstat_version()).decode()
    with open('include/traffstat/base.h', encoding='utf-8') as file:
        numbers = re.findall(r'define TRAFFSTAT_VERSION_\w+ (\d+)', file.read())
    want = '.'.join(numbers)
    return [] if told == want else ['the library says ' + told + ', the headers ' + want]


def missoula_by_beta_8_12():
    """7 counted: 19, 17, 9-41 (METHODS-reporting.md); 8 counted: DESIGN.md, "Its JSON"."""
    ctx = context()
    panel = read(ctx, MISSOULA)
    prior = make(ctx, 'traffstat_prior', lib.traffstat_prior_beta, 8.0, 12.0, ffi.NULL)
    estimate = make(ctx, 'traffstat_estimate', lib.traffstat_thinning, panel, prior, ffi.NULL)
    wanted = [dict(year=2017, observed_lower=7, mean=19.0, estimate=17, lower=9, upper=41),
              dict(year=2018, observed_lower=8, mean=21.714285714285715, estimate=19, lower=10,
                   upper=46)]
    problems = []
    for index, want in enumerate(wanted):
        row = row_of(estimate, index)
        problems += same({key: getattr(row, key) for key in want}, want)
    return problems


def a_figure_in_memory():
    ctx = context()
    panel = read(ctx, MISSOULA)
    prior = make(ctx, 'traffstat_prior', lib.traffstat_prior_beta, 8.0, 12.0, ffi.NULL)
    estimate = make(ctx, 'traffstat_estimate', lib.traffstat_thinning, panel, prior, ffi.NULL)
    scene = make(ctx, 'traffstat_scene', lib.traffstat_scene_trend, panel, 0, estimate, ffi.NULL,
                 ffi.NULL)
    text = make(ctx, 'traffstat_text', lib.traffstat_scene_render, scene,
                lib.TRAFFSTAT_FORMAT_PNG)
    data = bytes(ffi.buffer(lib.traffstat_text_data(text), lib.traffstat_text_size(text)))
    return [] if data.startswith(b'\x89PNG\r\n\x1a\n') and data.endswith(b'IEND\xaeB`\x82') \
        else ['%d bytes that are no PNG: %r' % (len(data), data[:16])]


def no_prior_is_refused():
    ctx = context()
    panel = read(ctx, MISSOULA)
    try:
        make(ctx, 'traffstat_estimate', lib.traffstat_thinning, panel, ffi.NULL, ffi.NULL)
    except Failed as refusal:
        return [] if str(refusal) else ['no message']
    return ['it made one up']


def a_python_callback_reads():
    ctx = context()
    left = [MISSOULA]

    @ffi.callback('traffstat_read_fn')
    def give(buffer, size, got, user):
        piece = left[0][:min(5, size)]
        left[0] = left[0][len(piece):]
        ffi.memmove(buffer, piece, len(piece))
        got[0] = len(piece)
        return 0
    out = ffi.new('traffstat_panel **')
    status = lib.traffstat_read_stream(ctx, ffi.NULL, give, ffi.NULL, b'pieces', out, ffi.NULL)
    panel = owned(ctx, 'traffstat_panel', out[0])
    return [] if status == 0 and lib.traffstat_panel_rows(panel) == 2 else \
        ['status %d' % status, ffi.string(lib.traffstat_ctx_message(ctx)).decode()]


def threads_of_two_contexts():
    """Different contexts are independent: read at the same time, each finds its own."""
    import threading
    problems = []

    def work(count):
        ctx = context()
        for _ in range(50):
            panel = read(ctx, b'jurisdiction,year,cases\nA,2017,%d\n' % count)
            if lib.traffstat_panel_lowers(panel)[0] != count:
                problems.append('%d is not there' % count)
    threads = [threading.Thread(target=work, args=(count,)) for count in (3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


tests = [every_function_resolves, version_is_that_of_the_headers, missoula_by_beta_8_12,
         a_figure_in_memory, no_prior_is_refused, a_python_callback_reads, threads_of_two_contexts]
for test in tests:
    try:
        problems = test()
    except (Failed, AssertionError, AttributeError, TypeError) as error:
        problems = [repr(error)]
    tap.check(test.__name__, problems)
tap.done()
