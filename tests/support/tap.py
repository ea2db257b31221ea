"""Telling results as tests/run reads them: one call of check() a test, done() at the end."""
import os
import re
import subprocess
import sys

told = [0, 0]


def check(name, problems):
    """`problems`: a list of texts; the test passes when it is empty."""
    told[0] += 1
    told[1] += 1 if problems else 0
    print('%s %d - %s' % ('not ok' if problems else 'ok', told[0], name))
    for problem in problems:
        for line in str(problem).splitlines():
            print('# ' + line)
    sys.stdout.flush()


def done():
    print('1..%d' % told[0])
    sys.exit(1 if told[1] else 0)


def setting(name, default):
    return os.environ.get(name) or default


def run(*command, **options):
    """Status and what was said, both streams together; a missing program is a failure."""
    options.setdefault('stdin', subprocess.DEVNULL)
    try:
        got = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    except FileNotFoundError as missing:
        return 127, str(missing)
    return got.returncode, got.stdout.decode('utf-8', 'replace')


def run_ok(*command, **options):
    """The problems of a command that must succeed: none, or what it said."""
    status, said = run(*command, **options)
    if status == 0:
        return []
    return ['%s: status %d' % (' '.join(command), status), said]


def output(*command, **options):
    """What a command that must succeed said."""
    status, said = run(*command, **options)
    if status != 0:
        raise RuntimeError('%s: status %d\n%s' % (' '.join(command), status, said))
    return said


def words(text):
    return text.split()


def without_comments(text):
    """C without comments; lines stay where they are."""
    return re.sub(r'/\*.*?\*/', lambda m: '\n' * m[0].count('\n'), text, flags=re.S)
