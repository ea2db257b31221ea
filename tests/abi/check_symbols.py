"""What the libraries export: exactly what lib/traffstat.sym lists and the headers declare."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import headers
import tap

SHARED = tap.setting('SHARED', 'build/release/lib/libtraffstat.so')
ARCHIVE = tap.setting('ARCHIVE', 'build/release/lib/libtraffstat.a')
NODE = tap.setting('NODE', 'TRAFFSTAT_0.1')
SONAME = tap.setting('SONAME', 'libtraffstat.so.0')
# Libraries that the design names, the C library, and glib beneath pango.
MAY_NEED = re.compile(r'lib(gsl|gslcblas|cairo|pango\w*-1\.0|fontconfig|png16|z|csv|m|c|glib-2\.0|'
                      r'gobject-2\.0|harfbuzz|freetype|pthread)\.so|ld-linux')


def listed():
    with open('lib/traffstat.sym', encoding='utf-8') as file:
        return [line.strip() for line in file if line.strip() and not line.startswith('#')]


def defined(*arguments):
    """(type, name) of the defined symbols of a library."""
    lines = tap.output('nm', '--defined-only', *arguments).splitlines()
    return [tuple(line.split()[1:3]) for line in lines if len(line.split()) == 3]


def difference(one, one_name, other, other_name):
    return (['only in %s: %s' % (one_name, name) for name in sorted(set(one) - set(other))] +
            ['only in %s: %s' % (other_name, name) for name in sorted(set(other) - set(one))])


def dynamic(tag):
    return re.findall(r'\(%s\).*\[(.*)\]' % tag, tap.output('readelf', '-d', '-W', SHARED))


names = listed()
symbols = [(kind, name) for kind, name in defined('-D', SHARED) if name != NODE]
exported = [name.split('@')[0] for _, name in symbols]

tap.check('lib/traffstat.sym is sorted, each name once',
          [] if names == sorted(set(names)) else ['sort it with LC_ALL=C'])
tap.check('lib/traffstat.sym lists what the headers declare',
          difference(names, 'lib/traffstat.sym', headers.functions(headers.PUBLIC), 'the headers'))
tap.check('the shared library exports what lib/traffstat.sym lists',
          difference(exported, 'the library', names, 'lib/traffstat.sym'))
tap.check('every export has the version ' + NODE,
          [name for _, name in symbols if not name.endswith('@@' + NODE)])
tap.check('only functions are exported', [name for kind, name in symbols if kind != 'T'])
tap.check('the soname is ' + SONAME,
          [] if dynamic('SONAME') == [SONAME] else dynamic('SONAME'))
tap.check('the shared library needs no library that the design does not name',
          [name for name in dynamic('NEEDED') if not MAY_NEED.match(name)])
tap.check('the shared library has no text relocations, and no run path',
          [line for line in tap.output('readelf', '-d', '-W', SHARED).splitlines()
           if 'TEXTREL' in line or 'RPATH' in line or 'RUNPATH' in line])
tap.check('every global name in the archive has the prefix',
          [name for kind, name in defined('--extern-only', ARCHIVE)
           if not name.startswith('traffstat_')])
tap.check('a global name in the archive is public or traffstat_i_',
          [name for kind, name in defined('--extern-only', ARCHIVE)
           if not name.startswith('traffstat_i_') and name not in names])
tap.done()
