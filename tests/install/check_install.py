"""What `make install` puts under a DESTDIR: the files, programs built against them through
pkg-config (shared, static, uninstalled), and that `make uninstall` leaves nothing."""
import glob
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import tap

PREFIX = '/opt/traffstat'
SMOKE = 'tests/install/smoke.c'
VERSION = tap.setting('VERSION', '0.1.0')
SONAME = tap.setting('SONAME', 'libtraffstat.so.0')
CC = tap.setting('CC', 'cc')
PKG_CONFIG = tap.setting('PKG_CONFIG', 'pkg-config')
BUILD = os.path.abspath(tap.setting('BUILD', 'build/release'))
SAID = VERSION + ' 2017 9 41\n'    # 7 counted under Beta(8,12)


def make(target, folder, *more):
    return tap.run_ok(tap.setting('MAKE', 'make'), '-s', '--no-print-directory', target,
                      'BUILD=' + tap.setting('BUILD', 'build/release'), 'PREFIX=' + PREFIX,
                      'DESTDIR=' + folder, *more)


def files(folder):
    found = []
    for where, _, names in os.walk(folder):
        found += [os.path.relpath(os.path.join(where, name), folder + PREFIX) for name in names]
    return sorted(found)


def expected():
    named = ['bin/traffstat', 'include/traffstat.h', 'lib/libtraffstat.a', 'lib/libtraffstat.so',
             'lib/' + SONAME, 'lib/libtraffstat.so.' + VERSION, 'lib/pkgconfig/traffstat.pc']
    for pattern, where in [('include/traffstat/*.h', 'include/traffstat'),
                           ('docs/man/*.1', 'share/man/man1'), ('docs/man/*.3', 'share/man/man3'),
                           ('data/*.csv', 'share/libtraffstat'),
                           ('data/*.md', 'share/libtraffstat')]:
        named += [os.path.join(where, os.path.basename(path)) for path in glob.glob(pattern)]
    return sorted(named)


def config(folder, *options):
    """What pkg-config says of an installed copy: every path below DESTDIR."""
    environment = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=folder,
                       PKG_CONFIG_PATH=folder + PREFIX + '/lib/pkgconfig')
    return tap.words(tap.output(PKG_CONFIG, *options, 'traffstat', env=environment))


def build_and_run(program, compile_flags, link_flags, path, language='c', compiler=CC):
    problems = tap.run_ok(compiler, '-Wall', '-Wextra', '-Werror', *compile_flags, '-x', language,
                          SMOKE, '-x', 'none', '-o', program, *link_flags)
    if problems:
        return problems
    status, said = tap.run(program, env=dict(os.environ, LD_LIBRARY_PATH=path))
    return [] if (status, said) == (0, SAID) else ['status %d, said %r' % (status, said)]


def needed(program):
    return re.findall(r'\(NEEDED\).*\[(.*)\]', tap.output('readelf', '-d', '-W', program))


def shared(folder, work, name, language, compiler):
    program = os.path.join(work, name)
    problems = build_and_run(program, config(folder, '--cflags'), config(folder, '--libs'),
                             folder + PREFIX + '/lib', language, compiler)
    return problems or ([] if SONAME in needed(program) else ['it does not need ' + SONAME])


def static(folder, work):
    """Debian ships no static pango: our archive, with Debian's shared libraries beneath."""
    program = os.path.join(work, 'static')
    flags = [flag.replace('-ltraffstat', '-l:libtraffstat.a')
             for flag in config(folder, '--static', '--libs')]
    problems = build_and_run(program, config(folder, '--cflags'), flags, '')
    return problems or (['it needs ' + SONAME] if SONAME in needed(program) else [])


def only_ours(folder):
    libs = [flag for flag in config(folder, '--libs') if flag.startswith('-l')]
    return [] if libs == ['-ltraffstat'] else ['--libs says ' + ' '.join(libs)]


def private(folder):
    """--static names every library that ours stands on."""
    libs = config(folder, '--static', '--libs')
    return ['%s is not named' % name for name in
            ('-lgsl', '-lcsv', '-lpangocairo-1.0', '-lpangoft2-1.0', '-lcairo', '-lfontconfig',
             '-lpng16', '-lz', '-lm', '-pthread') if name not in libs]


def uninstalled(work):
    environment = dict(os.environ, PKG_CONFIG_PATH=BUILD + '/pkgconfig')
    flags = [tap.words(tap.output(PKG_CONFIG, option, 'traffstat', env=environment))
             for option in ('--cflags', '--libs')]
    return build_and_run(os.path.join(work, 'uninstalled'), flags[0], flags[1], '')


def installed_command(folder, work):
    """The command finds its evidence beside itself, whatever the folder it runs in."""
    status, said = tap.run(folder + PREFIX + '/bin/traffstat', 'evidence', cwd=work)
    return [] if status == 0 and 'uk-2013' in said else ['status %d' % status, said]


def licence_is_named(folder):
    with open(folder + PREFIX + '/lib/pkgconfig/traffstat.pc', encoding='utf-8') as file:
        text = file.read()
    return ([] if 'GPL-3.0-or-later' in text else ['no word on the licence']) + \
        re.findall(r'@\w+@', text) + \
        (['DESTDIR stands in it'] if folder in text else [])


def leave_nothing(folder):
    with open(folder + PREFIX + '/include/somebody-elses.h', 'w', encoding='utf-8'):
        pass
    problems = make('uninstall', folder)
    left = files(folder)
    ours = [name for name in ('include/traffstat', 'share/libtraffstat')
            if os.path.exists(os.path.join(folder + PREFIX, name))]
    return problems + ours + ([] if left == ['include/somebody-elses.h'] else left)


with tempfile.TemporaryDirectory() as top:
    target, scratch = os.path.join(top, 'dest'), os.path.join(top, 'work')
    os.makedirs(scratch)
    tap.check('make install', make('install', target))
    tap.check('what is installed is what is listed',
              sorted(set(files(target)) ^ set(expected())))
    tap.check('the .pc file names the licence and nothing of the build', licence_is_named(target))
    tap.check('pkg-config --libs is -ltraffstat only', only_ours(target))
    tap.check('pkg-config --static --libs names every library beneath', private(target))
    tap.check('a C program, shared', shared(target, scratch, 'shared', 'c', CC))
    tap.check('a C++ program, shared',
              shared(target, scratch, 'cxx', 'c++', tap.setting('CXX', 'c++')))
    tap.check('a C program, static', static(target, scratch))
    tap.check('a C program, uninstalled', uninstalled(scratch))
    tap.check('the installed command', installed_command(target, scratch))
    tap.check('make uninstall leaves nothing of ours and takes nothing of others',
              leave_nothing(target))
tap.done()
