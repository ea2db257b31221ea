"""House style: clang-format, clang-tidy, cppcheck, lengths of functions, words that do not belong.
Also `make lint`."""
import concurrent.futures
import glob
import os
import re
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import tap

MEDIAN, NINE_IN_TEN, LONGEST = 15, 50, 60
# Functions over LONGEST lines, each with its reason.
LONG = {}
WORDS = re.compile(r'\b(TODO|FIXME|XXX|HACK)\b')
# Machine paths and hosts; a namespace is a name, not an address.
PLACES = re.compile(r'(?<![\w.])/(work|root|home/\w+)/|https?://(?!www\.w3\.org/)[\w-]+\.')


def sources(*folders):
    found = []
    for folder in folders:
        for kind in ('c', 'h'):
            found += glob.glob('%s/**/*.%s' % (folder, kind), recursive=True)
    return sorted(found)


def lines_of(path):
    with open(path, encoding='utf-8') as file:
        return file.read().splitlines()


def functions(path):
    """(name, lines) of each function: from its first line to the brace that closes it."""
    first = name = None
    for number, line in enumerate(lines_of(path), 1):
        if re.match(r'[A-Za-z_]', line) and not line.endswith(';') and re.search(r'\w\s*\(', line):
            first, name = number, re.search(r'(\w+)\s*\(', line)[1]
        elif re.match(r'[A-Za-z_].*[;={]$', line):
            first = None
        elif line == '}' and first:
            yield name, number - first + 1
            first = None


def lengths(folder):
    return [(length, '%s: %s' % (path, name)) for path in glob.glob(folder + '/**/*.c',
                                                                   recursive=True)
            for name, length in functions(path)]


def length_problems(folder):
    found = sorted(lengths(folder), reverse=True)
    if len(found) < 20:
        return ['only %d functions were found' % len(found)]
    sizes = [length for length, _ in found]
    median, tenth = statistics.median(sizes), sizes[len(sizes) // 10]
    print('# %s: %d functions, median %g lines, nine in ten at most %d, longest %d'
          % (folder, len(sizes), median, tenth, sizes[0]))
    problems = ['%s has %d lines' % (name, length) for length, name in found
                if length > LONGEST and name not in LONG]
    if median > MEDIAN:
        problems.append('the median is %g lines, over %d' % (median, MEDIAN))
    if tenth > NINE_IN_TEN:
        problems.append('one in ten has over %d lines' % NINE_IN_TEN)
    return problems


def matches(pattern, paths):
    return ['%s:%d: %s' % (path, number, line.strip()) for path in paths
            for number, line in enumerate(lines_of(path), 1) if pattern.search(line)]


def compile_flags():
    packages = 'gsl pangocairo pangoft2 fontconfig libpng zlib'.split()
    theirs = tap.words(tap.output(tap.setting('PKG_CONFIG', 'pkg-config'), '--cflags', *packages))
    return ['-std=c11', '-D_GNU_SOURCE', '-Iinclude', '-Ilib'] + \
        [re.sub('^-I', '-isystem', flag) for flag in theirs]


def tidy(paths, flags):
    """clang-tidy by the checks of .clang-tidy, one process for each core."""
    cores = len(os.sched_getaffinity(0))

    def one(part):
        status, said = tap.run('clang-tidy', '--quiet', *part, '--', *flags)
        lines = [line for line in said.splitlines() if 'warnings generated' not in line]
        return [] if status == 0 and not any('warning:' in line for line in lines) else lines
    with concurrent.futures.ThreadPoolExecutor(cores) as pool:
        parts = [paths[start::cores] for start in range(cores)]
        return [line for found in pool.map(one, parts) for line in found]


def cppcheck(folders):
    return tap.run_ok('cppcheck', '--quiet', '--std=c11', '--language=c', '--inline-suppr',
                      '--enable=warning,portability', '--error-exitcode=1',
                      '--suppress=missingIncludeSystem', '--suppress=invalidFunctionArg',
                      '-Iinclude', '-Ilib', '-D__GNUC__=12', '-j',
                      str(len(os.sched_getaffinity(0))), *folders)


ALL = sources('include', 'lib', 'examples', 'tests')
# Headers keep their columns of comments.
FORMATTED = [path for path in sources('lib', 'examples', 'tests') if path.endswith('.c')]
SCRIPTS = ['Makefile', 'tests/run'] + glob.glob('tests/**/*.py', recursive=True) + \
    glob.glob('examples/*.py')
tap.check('clang-format has nothing to change',
          tap.run_ok('clang-format', '--dry-run', '-Werror', *FORMATTED))
tap.check('no tabs, no spaces at the end',
          matches(re.compile(r'\t|\s+$'), ALL + glob.glob('tests/**/*.py', recursive=True)))
tap.check('nothing is left to be done later',
          [hit for hit in matches(WORDS, ALL + SCRIPTS) if 'check_lint.py' not in hit])
tap.check('no path of a machine, no host of a network',
          [hit for hit in matches(PLACES, ALL + SCRIPTS) if 'check_lint.py' not in hit])
for place in ('lib', 'examples'):
    tap.check('functions of %s are short' % place, length_problems(place))
tap.check('clang-tidy', tidy([path for path in sources('lib', 'examples') if path.endswith('.c')],
                             compile_flags()))
tap.check('cppcheck', cppcheck(['lib', 'examples']))
tap.done()
