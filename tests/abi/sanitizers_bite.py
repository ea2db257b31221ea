"""The sanitized build catches a leak, a write past a block and an overflow, and nothing else."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import tap

PROGRAM = sys.argv[1]


def caught(what, words):
    status, said = tap.run(PROGRAM, what)
    tap.check('a sanitizer catches: ' + what,
              [] if status != 0 and words in said else ['status %d' % status, said])


caught('leak', 'LeakSanitizer: detected memory leaks')
caught('overflow', 'heap-buffer-overflow')
caught('undefined', 'signed integer overflow')
tap.check('a clean program passes', tap.run_ok(PROGRAM, 'nothing'))
tap.done()
