"""The arrows of the house: which room may include which, and who may know which library."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import tap

ROOMS = {'base': {'base'},
         'table': {'base', 'table'},
         'estimate': {'base', 'table', 'estimate'},
         'read': {'base', 'table', 'read'},
         'model': {'base', 'table', 'estimate', 'model'},
         'figure': {'base', 'table', 'estimate', 'figure'},
         'report': {'base', 'table', 'estimate', 'figure', 'report'}}
HOME = {'cairo': 'figure', 'compare': 'model', 'delay': 'model', 'detail': 'estimate', 'hierarchical': 'model',
        'joinpoint': 'model',
        'covariates': 'table', 'overlap': 'model', 'places': 'model', 'pogit': 'model', 'rate': 'model',
        'regression': 'model', 'reporting': 'model', 'series': 'model', 'standard': 'model',
        'trend': 'model'}
LIBRARIES = [(re.compile(r'csv\.h|iconv\.h|zlib\.h'), {'read'}),
             (re.compile(r'gsl/gsl_errno\.h'), {'base', 'model'}),
             (re.compile(r'gsl/'), {'model'}),
             (re.compile(r'Random123/'), {'base'}),
             (re.compile(r'pthread\.h|threads\.h'), {'base'}),
             (re.compile(r'cairo|pango|fontconfig/|png\.h|hb|ft2build|freetype|glib'),
              {'figure'})]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(path):
    """(line, bracket, what) of each #include of a file."""
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(tap.without_comments(file.read()).splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match[1], match[2]


def room_of(what, bracket, path):
    """The room of one of our headers; None for a header of others."""
    if what.startswith('traffstat/'):
        name = what[len('traffstat/'):-len('.h')]
        return HOME.get(name, name)
    if bracket == '<':
        return None
    first = what.split('/')[0]
    return first if first in ROOMS else os.path.relpath(path, 'lib').split('/')[0]


def foreign_problem(what, room):
    owners = [owner for pattern, owner in LIBRARIES if pattern.match(what)]
    if owners and not any(room in owner for owner in owners):
        return 'only %s may know <%s>' % (', '.join(sorted(set.union(*owners))), what)
    return None


def problem(path, room, bracket, what):
    if what == 'traffstat.h':
        return 'the umbrella is for users'
    theirs = room_of(what, bracket, path)
    if theirs is None:
        return foreign_problem(what, room)
    if theirs not in ROOMS[room]:
        return '%s may not include %s' % (room, theirs)
    if bracket == '"' and not os.path.exists(os.path.join('lib', what)) and '/' in what:
        return 'no such file under lib'
    return None


def room_problems(room):
    found = []
    for path in sources('lib/' + room):
        for line, bracket, what in includes(path):
            text = problem(path, room, bracket, what)
            if text:
                found.append('%s:%d: %s: %s' % (path, line, what, text))
    return found


def sources(folder):
    return sorted(glob.glob(folder + '/**/*.c', recursive=True) +
                  glob.glob(folder + '/**/*.h', recursive=True))


def example_problems():
    """Examples are users: the public headers, the C library, and their own files."""
    ours = re.compile(r'traffstat\.h|traffstat/\w+\.h')
    system = re.compile(r'(sys/)?\w+\.h')
    foreign = re.compile(r'gsl|csv|pango|cairo|png|zlib|fontconfig|jansson|cmocka')
    found = []
    for path in sources('examples'):
        for line, bracket, what in includes(path):
            beside = os.path.join(os.path.dirname(path), what)
            own = bracket == '"' and '..' not in what and os.path.exists(beside)
            public = bracket == '<' and (ours.fullmatch(what) or (
                system.fullmatch(what) and not foreign.match(what)))
            if not own and not public:
                found.append('%s:%d: %s' % (path, line, what))
    return found


tap.check('every room of lib is in the plan',
          sorted({path.split('/')[1] for path in glob.glob('lib/*/')} - set(ROOMS)))
for name in ROOMS:
    tap.check('lib/%s includes only what the design lets it' % name, room_problems(name))
tap.check('examples include only public headers', example_problems())
tap.done()
