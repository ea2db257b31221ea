"""What our objects call and keep: nothing that ends the process, speaks, draws lots, or obeys the
host's locale, and no mutable global but the one pthread_once_t of the GSL guard."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import tap

ARCHIVE = tap.setting('ARCHIVE', 'build/release/lib/libtraffstat.a')
FORBIDDEN = {
    'ends or interrupts the process':
        'abort exit _exit _Exit quick_exit atexit __assert_fail __assert __assert_perror_fail '
        'signal sigaction raise kill alarm longjmp _longjmp siglongjmp system popen fork exec '
        'execv execve execvp dlopen pthread_kill pthread_exit pthread_cancel err errx',
    'speaks':
        'stdout stderr stdin printf vprintf puts putchar putc_unlocked dprintf vdprintf perror '
        'psignal syslog warn warnx getchar gets scanf g_print g_printerr g_log',
    'draws lots or asks the clock of the wall':
        'rand srand random srandom rand_r drand48 lrand48 mrand48 erand48 srand48 arc4random '
        'getrandom getentropy time localtime localtime_r gmtime strftime ctime',
    'obeys the locale of the host':
        'setlocale newlocale uselocale strtod strtof strtold atof atoi atol atoll sscanf fscanf '
        'toupper tolower isalpha isdigit isspace isalnum isupper islower ispunct '
        '__ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc strcoll strcasecmp strncasecmp '
        'mblen mbtowc mbstowcs wcstombs',
    'has no bound, or hidden state':
        'sprintf vsprintf strcpy strcat stpcpy strtok strncat strerror tmpnam tempnam mktemp '
        'setenv putenv unsetenv chdir umask asctime gsl_rng_env_setup gsl_error '
        'gsl_set_error_handler'}
# (object, name): why it may. An exception that nothing uses fails too.
ALLOWED = {
    ('png.o', 'longjmp'): 'libpng takes it as a pointer; it jumps within the one writer',
    ('number.o', 'strtod'): 'gets digits and an exponent alone, which no locale changes',
    ('gsl_guard.o', 'gsl_set_error_handler'): 'puts back the handler of the host'}
MUTABLE_BYTES = 4    # pthread_once_t


def plain(name):
    """The name without what fortifying and symbol versions add."""
    name = name.split('@')[0]
    name = re.sub(r'^__isoc99_', '', name)
    fortified = re.fullmatch(r'__(\w+)_chk', name)
    return fortified[1] if fortified else name


def undefined():
    """(object, name) of everything that our objects want from outside."""
    lines = tap.output('nm', '-A', '--undefined-only', ARCHIVE).splitlines()
    return [(line.split(':')[1], plain(line.split()[-1])) for line in lines if ' U ' in line
            or ' w ' in line]


def mutable():
    """(object, section, bytes) of what can be written at run time."""
    found, current = [], ''
    for line in tap.output('readelf', '-S', '-W', ARCHIVE).splitlines():
        name = re.match(r'File: .*\((.*)\)', line)
        current = name[1] if name else current
        section = re.match(r'\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+\w+\s+\w+\s+(\w+)\s+\w+\s+(\w*)', line)
        if section and 'W' in section[3] and not section[1].startswith('.data.rel.ro') \
                and int(section[2], 16) > 0:
            found.append((current, section[1], int(section[2], 16)))
    return found


calls = undefined()
tap.check('the archive was read', [] if len(calls) > 50 else ['only %d calls' % len(calls)])
for what, words in FORBIDDEN.items():
    names = set(words.split())
    tap.check('nothing in the library ' + what,
              ['%s calls %s' % call for call in calls if call[1] in names and call not in ALLOWED])
tap.check('every exception is in use', [call for call in ALLOWED if call not in calls])
left = mutable()
total = sum(size for _, _, size in left)
tap.check('one pthread_once_t is the only mutable global',
          [] if total == MUTABLE_BYTES and len(left) == 1 else
          ['%s: %s has %d bytes' % item for item in left] or ['there is none at all'])
tap.done()
