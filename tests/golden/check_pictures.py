"""The picture of `make demo`, as three files: other programs accept them, they hold the same words,
and the same command in another time zone, locale and folder gives the same bytes."""
import json
import os
import re
import sys
import tempfile
import unicodedata
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import tap

COMMAND = os.path.abspath(tap.setting('BUILD', 'build/release') + '/bin/traffstat')
DATA = os.path.abspath('data/missoula.csv')
FORMATS = ('png', 'svg', 'pdf')
ELSEWHERE = {'TZ': 'Pacific/Kiritimati', 'LC_ALL': 'de_DE.UTF-8', 'LANG': 'ar_EG.UTF-8',
             'LANGUAGE': 'ja', 'HOME': '/nonexistent', 'SOURCE_DATE_EPOCH': '86400'}
SVG = '{http://www.w3.org/2000/svg}'
COMPARE = os.path.abspath(tap.setting('BUILD', 'build/release') + '/tests/golden/compare')
# Three programs smooth the same letters: measured 1.3 to 1.8 and none; one lost label gives 0.0007.
MEAN = 3.0
CLEAR = 0.0001


def draw(folder, extension, prior=('--evidence', 'uk-2013'), **more):
    """Draws into a folder; (path, what --json said)."""
    path = os.path.join(folder, 'missoula.' + extension)
    said = tap.output(COMMAND, 'chart', DATA, *prior, '--json', '-o', path, cwd=folder,
                      env=dict(os.environ, **more))
    return path, json.loads(said)


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def same_bytes(here, there):
    """Where two files differ first."""
    one, other = read(here), read(there)
    if one == other:
        return []
    place = next((i for i, pair in enumerate(zip(one, other)) if pair[0] != pair[1]),
                 min(len(one), len(other)))
    return ['%d and %d bytes, first different at %d' % (len(one), len(other), place)]


def squeezed(text):
    """Letters, digits and signs of numbers alone: lines, headings and capitals are the layout's."""
    return re.sub(r'[^\w%=]', '', unicodedata.normalize('NFKC', text)).lower()


def words_missing(text, told):
    wanted = [told['title'], *told['notes']]
    return ['it lacks: ' + want for want in wanted if squeezed(want) not in squeezed(text)]


def text_of_pdf(path):
    return tap.output('pdftotext', '-raw', '-enc', 'UTF-8', path, '-')


def text_of_svg(path):
    root = ElementTree.parse(path).getroot()
    return '\n'.join(''.join(node.itertext()) for node in root.iter(SVG + 'text'))


def svg_is_described(path, told):
    root = ElementTree.parse(path).getroot()
    got = [root.findtext(SVG + 'title'), root.findtext(SVG + 'desc')]
    return [] if got == [told['title'], told['alt']] else ['title and desc are %r' % got]


def same_told(told):
    """What stands in the pictures is the same, file name and format aside."""
    rest = [{key: value for key, value in one.items() if key not in ('file', 'format')}
            for one in told]
    return [] if rest[0] == rest[1] == rest[2] else ['--json differs between formats']


def scenario_is_named(told):
    """VERDICTS.md: a borrowed rate makes a scenario, and every export says so."""
    text = ' '.join([told['title'], told['alt'], *told['notes']]).lower()
    kind = told['estimate']['kind']
    return ([] if kind == 'scenario' else ['kind is ' + kind]) + \
        ([] if 'scenario' in told['alt'].lower() else ['the alt text does not say scenario']) + \
        ([] if 'united kingdom' in text else ['the place that the rate is borrowed from'])


def png_size(path, told):
    data = read(path)
    size = [int.from_bytes(data[at:at + 4], 'big') for at in (16, 20)]
    return [] if size == [told['width'], told['height']] else ['%r' % size]


def as_png(kind, path, told):
    """A picture as a PNG of its own size, drawn by another program where it is not one already."""
    out = os.path.join(os.path.dirname(path), 'from-' + kind)
    width, height = str(int(told['width'])), str(int(told['height']))
    if kind == 'svg':
        tap.output('rsvg-convert', '-o', out + '.png', path)
    elif kind == 'pdf':
        tap.output('pdftoppm', '-png', '-singlefile', '-scale-to-x', width, '-scale-to-y', height,
                   path, out)
    return path if kind == 'png' else out + '.png'


def apart(one, other):
    """Mean difference of a channel, and the share of blocks that differ clearly."""
    return [float(word) for word in tap.words(tap.output(COMPARE, one, other))]


def looks_the_same(one, other):
    mean, clear = apart(one, other)
    return [] if mean <= MEAN and clear <= CLEAR else \
        ['mean difference %g of 255, %g of the blocks differ' % (mean, clear)]


def looks_different(one, other):
    mean, clear = apart(one, other)
    return [] if mean > MEAN and clear > CLEAR else ['the comparison saw no difference']


with tempfile.TemporaryDirectory() as top:
    folders = [os.path.join(top, name) for name in ('here', 'there')]
    for folder in folders:
        os.mkdir(folder)
    here = {kind: draw(folders[0], kind) for kind in FORMATS}
    there = {kind: draw(folders[1], kind, **ELSEWHERE) for kind in FORMATS}
    told = here['png'][1]
    for kind in FORMATS:
        tap.check('the same %s in another time zone, locale and folder' % kind.upper(),
                  same_bytes(here[kind][0], there[kind][0]))
    tap.check('the three pictures are told in the same words',
              same_told([here[kind][1] for kind in FORMATS]))
    tap.check('the scenario is named', scenario_is_named(told))
    tap.check('the PNG has the size that is told', png_size(here['png'][0], told))
    tap.check('qpdf --check accepts the PDF', tap.run_ok('qpdf', '--check', here['pdf'][0]))
    tap.check('the PDF has the headline and the notes as text',
              words_missing(text_of_pdf(here['pdf'][0]), told))
    tap.check('a search in the PDF finds words: no ligature stands for letters',
              re.findall('\\w*[\uFB00-\uFB06]\\w*', text_of_pdf(here['pdf'][0]))[:5])
    tap.check('the SVG has the headline and the notes as text',
              words_missing(text_of_svg(here['svg'][0]), told))
    tap.check('the SVG has title and desc', svg_is_described(here['svg'][0], told))
    pngs = {kind: as_png(kind, here[kind][0], told) for kind in FORMATS}
    tap.check('the SVG, drawn by librsvg, looks like the PNG',
              looks_the_same(pngs['png'], pngs['svg']))
    tap.check('the PDF, drawn by poppler, looks like the PNG',
              looks_the_same(pngs['png'], pngs['pdf']))
    other, _ = draw(top, 'png', prior=('--reporting', 'beta(8,12)'))
    tap.check('the comparison sees another scenario', looks_different(pngs['png'], other))
tap.done()
