#!/usr/bin/python3
"""Runs the built traffstat command: what it prints, its exit statuses, its errors, what it leaves.

    tests/cli/test_cli.py PATH/TO/traffstat

The last line is "cli: N passed, N failed, N skipped"; the exit status is 1 when a test failed.
"""
import csv
import io
import json
import math
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(ROOT, 'data')
MISSOULA = os.path.join(DATA, 'missoula.csv')
COMMAND = ''
BETA = ['--reporting', 'beta(8,12)']
PANEL = ['--model', 'panel', *BETA]
NOBODY = 65534

TESTS = []


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


class Answer:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.text = done.stdout.decode('utf-8')
        self.err = done.stderr.decode('utf-8')

    def json(self):
        return json.loads(self.text)

    def rows(self):
        return list(csv.DictReader(io.StringIO(self.text)))


def environment(**more):
    """A plain one, so that the tests do not depend on who runs them."""
    kept = ('PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS', 'LOCPATH', 'TMPDIR')
    env = {name: os.environ[name] for name in kept if name in os.environ}
    env.setdefault('LSAN_OPTIONS', 'print_suppressions=0:suppressions=' +
                   os.path.join(ROOT, 'tests', 'lsan.supp'))
    env['TRAFFSTAT_DATA'] = DATA
    env.update({name: value for name, value in more.items() if value is not None})
    for name in [name for name, value in more.items() if value is None]:
        env.pop(name, None)
    return env


def run(*arguments, stdin=b'', cwd=None, prepare=None, stdout=subprocess.PIPE, **env):
    done = subprocess.run([COMMAND] + [str(a) for a in arguments], input=stdin, cwd=cwd,
                          stdout=stdout, stderr=subprocess.PIPE, preexec_fn=prepare,
                          env=environment(**env), timeout=300)
    done.stdout = done.stdout or b''
    return Answer(done)


def equal(got, want, what=''):
    if got != want:
        raise AssertionError('%s is %r, not %r' % (what or 'it', got, want))


def holds(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError('%r is not in %r' % (part, text))


def good(answer, status=0):
    if answer.status != status:
        raise AssertionError('exit status %d, not %d: %s' % (answer.status, status, answer.err))
    return answer


def refused(answer, status, *parts):
    """Nothing on stdout, one clear line on stderr with `parts` in it, the right status."""
    good(answer, status)
    equal(answer.text, '', 'stdout')
    lines = answer.err.splitlines()
    equal(len(lines), 1, 'the number of lines in %r' % answer.err)
    if not lines[0].startswith('traffstat: ') or lines[0].endswith('.'):
        raise AssertionError('not in the form of a message: %r' % lines[0])
    holds(lines[0], *parts)


class Folder:
    """A folder for one test; what is in it can be compared before and after."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix='traffstat-cli-')
        os.chmod(self.path, 0o755)
        return self

    def __exit__(self, *_):
        for path, folders, _ in os.walk(self.path):
            os.chmod(path, 0o755)
        shutil.rmtree(self.path)

    def __call__(self, name):
        return os.path.join(self.path, name)

    def write(self, name, data):
        with open(self(name), 'wb') as file:
            file.write(data if isinstance(data, bytes) else data.encode('utf-8'))
        return self(name)

    def read(self, name):
        with open(self(name), 'rb') as file:
            return file.read()

    def listing(self):
        return sorted(os.path.relpath(os.path.join(path, name), self.path)
                      for path, folders, files in os.walk(self.path) for name in folders + files)


# ---- the main case ------------------------------------------------------------------------------

@test
def read_says_what_it_understood():
    answer = good(run('read', MISSOULA))
    holds(answer.text, '2 of 2 records used', '1 series', '2017–2018', '15', 'comma', 'year: year')
    equal(answer.err, '')


@test
def read_json_has_the_keys_of_the_design():
    got = good(run('read', MISSOULA, '--json')).json()
    equal(got['rows'], {'seen': 2, 'used': 2, 'dropped': 0})
    equal((got['series'], got['years'], got['total']), (1, [2017, 2018], {'lower': 15, 'upper': 15}))
    equal(got['columns']['year'], 'year')
    equal(got['problems'], [])
    for key in ('dialect', 'encoding', 'layout'):
        assert got[key], key


@test
def the_example_of_the_design_comes_out():
    got = good(run('estimate', MISSOULA, *BETA, '--json')).json()
    equal((got['method']['id'], got['kind'], got['seed'], got['level'], got['verdict']),
          ('thinning', 'scenario', 1, 0.95, 'caution'))
    row = got['rows'][1]
    want = {'series': 'Missoula', 'year': 2018, 'observed': 8, 'estimate': 19, 'unreported': 11,
            'lower': 10, 'upper': 46, 'verdict': 'caution'}
    equal({key: row[key] for key in want}, want)
    assert abs(row['mean'] - 21.714285714285715) < 1e-12, row['mean']
    equal(row['intervals'][0], {'level': 0.5, 'lower': 15, 'upper': 26})
    assert got['reasons'] and got['assumptions'] and got['rows'][0]['reasons']
    equal(got['total']['year'], None)
    equal(got['total']['observed'], 15)
    equal(got['reporting']['prior']['a'], 8)


# The table of the issue: 7 counted, prior inverse: mean, median, 95 % interval.
@test
def seven_counted_under_six_priors():
    wanted = {'beta(8,12)': (19, 17, 9, 41), 'beta(4,6)': (21, 17, 8, 57),
              'beta(20,30)': (343 / 19, 17, 9, 34), 'beta(3,27)': (101.5, 73, 22, 349),
              'beta(9,1)': (7.875, 7, 7, 12), 'beta(1,1)': (None, 13, 7, 279)}
    for prior, want in wanted.items():
        row = good(run('estimate', '-', '--reporting', prior, '--json',
                       stdin=b'place,year,cases\nA,2017,7\n')).json()['rows'][0]
        got = (row['mean'], row['estimate'], row['lower'], row['upper'])
        equal(got[1:], want[1:], prior)
        near = got[0] == want[0] if want[0] is None else abs(got[0] - want[0]) < 1e-9 * want[0]
        assert near, (prior, got[0], want[0])


@test
def the_csv_of_an_estimate_reads_back():
    rows = good(run('estimate', MISSOULA, *BETA, '--csv')).rows()
    equal([row['series'] for row in rows], ['Missoula', 'Missoula', 'total'])
    equal((rows[1]['year'], rows[1]['estimate'], rows[1]['lower'], rows[1]['upper_50']),
          ('2018', '19', '10', '26'))
    equal({row['kind'] for row in rows}, {'scenario'})
    equal(rows[2]['year'], '')


@test
def the_text_of_an_estimate_leads_with_kind_and_interval():
    text = good(run('estimate', MISSOULA, *BETA)).text
    assert text.startswith('Scenario, not an estimate'), text
    holds(' '.join(text.split()), 'would mean 10–46 in all (middle value 19)',
          'cannot test this assumption', 'Assumptions:')
    assert max(len(line) for line in text.splitlines()) <= 100


@test
def the_level_changes_the_headline_interval_alone():
    got = good(run('estimate', MISSOULA, *BETA, '--json', '--level', '0.5')).json()
    equal((got['level'], got['rows'][1]['lower'], got['rows'][1]['upper'],
           got['rows'][1]['estimate']), (0.5, 15, 26, 19))


@test
def a_range_is_a_prior():
    prior = good(run('estimate', MISSOULA, '--reporting', '0.2..0.6', '--json')).json()['reporting']
    assert abs(prior['prior']['lower'] - 0.2) < 1e-8 and abs(prior['prior']['upper'] - 0.6) < 1e-8
    equal(prior['origin'], 'range')


# Closed forms: y(a + b - 1)/(a - 1) for a survey, y/p for a known rate, y(1 + e^(s^2/2)/odds).
@test
def a_rate_is_taken_in_every_form():
    wanted = {'survey(37,100)': ('survey', 7 * 100 / 36.5), 'known(40%)': ('known', 17.5),
              'logitnormal(0.2,1)': ('logit_normal', 7 * (1 + 4 * math.exp(0.5)))}
    for law, (origin, mean) in wanted.items():
        got = good(run('estimate', MISSOULA, '--reporting', law, '--json')).json()
        equal(got['reporting']['origin'], origin)
        assert abs(got['rows'][0]['mean'] - mean) < 1e-9 * mean, (law, got['rows'][0])
    half = good(run('estimate', MISSOULA, *BETA, '--coverage', '0.5', '--json')).json()
    assert abs(half['rows'][0]['mean'] - 38) < 1e-9, half['rows'][0]
    less = good(run('estimate', MISSOULA, '--reporting', 'survey(37,100)', '--transport', '0.5',
                    '--json')).json()['reporting']
    equal((less['prior']['a'], less['prior']['b'], less['transport']), (19, 32, 0.5))


@test
def several_rates_are_combined_and_their_disagreement_said():
    both = ['--reporting', 'survey(37,100)', '--reporting', 'survey(80,100)', '--shift', '0.5']
    got = good(run('estimate', MISSOULA, *both, '--json')).json()
    equal((got['reporting']['origin'], got['reporting']['agreement']['count']), ('combined', 2))
    equal(got['reporting']['prior']['a'], None)
    assert got['reporting']['agreement']['p'] < 1e-6
    holds(' '.join(got['assumptions']), 'differ by more than their own errors')
    text = good(run('estimate', MISSOULA, *both, '--sensitivity')).text
    holds(text, 'Sensitivity of Missoula 2018:', 'rate prior, jeffreys')
    assert max(len(line) for line in text.splitlines()) <= 100


@test
def a_total_of_independent_rates_is_drawn_with_its_error():
    got = good(run('estimate', MISSOULA, *BETA, '--independent', '--draws', '5000', '--json')).json()
    equal(got['total']['draws']['count'], 5000)
    assert 0 < got['total']['draws']['upper_error'] < 3
    holds(' '.join(got['assumptions']), 'independent of the others')


@test
def bounds_need_limits_alone_and_give_bands():
    # 7 of 10 to 50 %: METHODS-reporting section 4
    got = good(run('estimate', MISSOULA, '--model', 'bounds', '--bounds', '10%..50%',
                   '--json')).json()
    row = got['rows'][0]
    equal((got['kind'], row['estimate'], row['lower'], row['upper']), ('bound', None, 8, 140))
    equal(row['bounds']['moment'], {'lower': 14, 'upper': 70})
    equal(got['bounds']['share'], {'lower': 0.1, 'upper': 0.5})
    equal((got['breakeven'][0]['distinguishable'], got['breakeven'][0]['vanishes']), (False, []))
    with Folder() as folder:
        data = folder.write('t.csv', 'place,year,cases\nA,2016,8000\nA,2017,9000\n')
        text = good(run('estimate', data, '--model=bounds', '--bounds=0.3..0.5')).text
        assert text.startswith('Bound; verdict: caution'), text
        holds(text, 'Break-even:', 'rose from 40 % to 45 %')


@test
def a_panel_answers_all_rows_together():
    got = good(run('estimate', MISSOULA, '--model', 'panel', *BETA, '--json')).json()
    equal((got['method']['id'], got['kind'], got['verdict']), ('panel', 'scenario', 'caution'))
    equal(got['sampling']['engine'], 'nuts')
    assert got['sampling']['rhat'] < 1.01 and got['sampling']['ess_bulk'] > 400, got['sampling']
    assert 7 <= got['rows'][0]['lower'] < got['rows'][0]['estimate'] < got['rows'][0]['upper']
    equal([one['year'] for one in got['by_year']], [2017, 2018])
    for year, counted in zip(got['by_year'], (7, 8)):
        equal(year['unreported']['upper'], year['upper'] - counted)
        equal([one['level'] for one in year['intervals']], [0.5, 0.95])
        equal(year['intervals'][1]['lower'], year['lower'])
    assert 0.2 < got['share']['estimate'] < 0.6, got['share']
    holds(' '.join(got['assumptions']), 'named in 2017', 'do not add up to a total')
    with Folder() as folder:
        data = folder.write('t.csv', 'place,year,cases\nA,2016,0\nA,2017,0\nB,2017,0\n')
        answer = run('estimate', data, '--model=panel', *BETA)
        equal(answer.status, 3)
        holds(answer.text + answer.err, 'nothing was counted')
        data = folder.write('s.csv', 'place,year,cases\nA,2016,10\nA,2017,<5\nB,2017,12\n')
        got = good(run('estimate', data, '--model=panel', '--engine=fast', *BETA, '--json')).json()
        equal((got['sampling']['engine'], got['sampling']['khat'] < 0.7), ('fast', True))
        equal(got['rows'][1]['observed'], [0, 4])


PANEL_FILE = '''place,year,cases,income,v,m
A,2015,12,30,4,10
A,2016,15,31,5,10
A,2017,11,35,3,10
B,2015,40,50,0,0
B,2016,38,48,4,10
B,2017,51,51,0,0
C,2015,3,20,3,10
C,2016,<5,22,0,0
C,2017,5,21,0,0
'''


@test
def a_panel_takes_audits_totals_and_covariates():
    with Folder() as folder:
        data = folder.write('t.csv', PANEL_FILE)
        fast = ['estimate', data, *PANEL, '--engine=fast', '--json']
        got = good(run(*fast, '--audit', '4,10,a,2016; county audit')).json()
        equal(got['kind'], 'scenario')
        term = got['evidence']['terms'][0]
        equal((term['series'], term['year'], term['counted'], term['known'], term['source']),
              ('A', 2016, 4, 10, 'county audit'))
        equal(got['reporting']['moved_by'], 'validated cases')
        got = good(run(*fast, '--validation', 'v,m', '--rate-covariate', 'income')).json()
        equal(len(got['evidence']['terms']), 5)
        equal([one['name'] for one in got['covariates']], ['income'])
        holds(' '.join(got['assumptions']), 'columns v and m', 'income acts on the logarithm')
        for more, words in ((['--audit', '4,10,D'], ['"D"']),
                            (['--audit', '4,10,A,2012'], ['2012', 'reporting prior']),
                            (['--rate-covariate', 'incom'], ['"income"']),
                            (['--change', '2015..2019'], ['2019'])):
            answer = run(*fast, *more)
            equal(answer.status, 1, more)
            holds(answer.err, *words)
        answer = run(*fast, '--list-total', '500,300..900')
        equal(answer.status, 2)
        holds(answer.err, 'other engine')
        text = good(run(*fast[:-1], '--validation', 'v,m')).text
        holds(' '.join(text.split()), 'Evidence (5 audits) took this share to')


@test
def a_pooled_audit_and_neighbours_go_through_the_sampler():
    with Folder() as folder:
        data = folder.write('t.csv', PANEL_FILE)
        beside = folder.write('n.csv', 'place,neighbour\nA,B\n')
        got = good(run('estimate', data, *PANEL, '--json', '--neighbours', beside,
                       '--audit', '185,500; census of files')).json()
        equal((got['kind'], got['neighbours']['alone']), ('estimate', 1))
        holds(' '.join(got['reasons']), 'do not join all places')
        assert 0.3 < got['evidence']['share']['lower'] < got['evidence']['share']['upper'] < 0.45
        lost = folder.write('x.csv', 'place,neighbour\nA,Z\n')
        answer = run('estimate', data, *PANEL, '--neighbours', lost)
        equal(answer.status, 1)
        holds(answer.err, 'x.csv', '"Z"')


@test
def a_panel_shows_its_sensitivity_bands_and_change():
    with Folder() as folder:
        data = folder.write('t.csv', PANEL_FILE)
        fast = ['estimate', data, *PANEL, '--engine=fast']
        got = good(run(*fast, '--sensitivity', '--bounds=0.1..0.5', '--change=2015..2017',
                       '--json')).json()
        equal(got['sensitivity']['series'], 'total')
        hows = {one['how'] for one in got['sensitivity']['tornado']}
        equal(hows, {'reweighted', 'refitted'})
        assert all(one['khat'] <= 0.7 for one in got['sensitivity']['tornado']
                   if one['how'] == 'reweighted')
        equal({one['assumption'] for one in got['sensitivity']['tornado']},
              {'level', 'spread', 'shift', 'drift', 'reporting of places', 'rate prior',
               'suppression'})
        equal(len(got['sensitivity']['surface']), 25)
        equal(got['rows'][0]['bounds']['moment'], {'lower': 24, 'upper': 120})
        equal(got['bounds']['share'], {'lower': 0.1, 'upper': 0.5})
        assert all(not one['vanishes'] for one in got['breakeven'] if not one['distinguishable'])
        ratio = got['change']['ratio']
        assert ratio['lower'] < 67 / 55 < ratio['upper'], ratio
        text = good(run(*fast, '--sensitivity', '--change=2015..2017')).text
        holds(text, 'Sensitivity of the total:', 'drift, none:', 'Change of true cases:')


@test
def a_panel_refuses_or_says_what_it_lacks():
    with Folder() as folder:
        data = folder.write('p.csv', 'place,year,cases,population\nA,2016,4,1000\nA,2017,5,1100\n'
                            'B,2016,7,\nC,2016,9,\n')
        answer = run('estimate', data, *PANEL)
        equal(answer.status, 1)
        holds(answer.err, '"B" in 2016, "C" in 2016')
        for lines, words in (('A,2016,4\nA,2017,7\n', 'of one place'),
                             ('A,2016,4\nB,2016,7\n', 'of one year'), ('A,2016,4\n', 'one count')):
            data = folder.write('o.csv', 'place,year,cases\n' + lines)
            got = good(run('estimate', data, *PANEL, '--engine=fast', '--json')).json()
            holds(' '.join(got['assumptions']), words)
        rows = [f',{p},{y},cases,,{y - 1980},{y - 1980},,,{"break" if y == 2016 else ""},'
                for p in 'AB' for y in range(2014, 2018)]
        data = folder.write('b.csv', 'key,jurisdiction,year,measure,category,cases_lower,cases_upper,'
                            'population,coverage,flags,source\n' + '\n'.join(rows) + '\n')
        change = ['estimate', data, *PANEL, '--engine=fast', '--change=2014..2017', '--json']
        got = good(run(*change, '--drift-scale=0')).json()
        equal(got['change']['ratio'], {'estimate': None, 'lower': None, 'upper': None})
        holds(' '.join(got['reasons']), 'no change of true cases', '2016')
        got = good(run(*change)).json()
        assert got['change']['ratio']['estimate'] > 0
        holds(' '.join(got['reasons']), 'not of one definition')


# four places, the rate by x and the reporting by zone; v of m true cases that were looked up
LOOKED_UP = ('place,year,cases,population,x,zone,v,m\n'
             'Ada,2018,60,1000000,1,inner,18,20\nBea,2018,30,1000000,2,outer,9,20\n'
             'Cid,2018,90,1000000,3,inner,17,20\nDot,2018,70,1000000,4,outer,11,20\n'
             'Eve,2018,110,1000000,5,inner,,\n')
POGIT = ['--model', 'pogit', '--rate-covariate', 'x', '--report-covariate', 'zone']


@test
def a_regression_with_validation_is_an_estimate():
    with Folder() as folder:
        data = folder.write('t.csv', LOOKED_UP)
        got = good(run('estimate', data, *POGIT, '--validation', 'v,m', '--json')).json()
        equal((got['method']['id'], got['kind'], got['verdict']), ('pogit', 'estimate', 'ok'))
        equal([(one['part'], one['name']) for one in got['coefficients']],
              [('rate', 'intercept'), ('rate', 'x'), ('reporting', 'intercept'),
               ('reporting', 'zone=outer')])
        assert got['coefficients'][3]['upper'] < 0, got['coefficients']
        equal(got['reference'], [{'part': 'rate', 'name': 'x', 'mean': 3},
                                 {'part': 'reporting', 'name': 'zone=outer', 'baseline': 'inner'}])
        assert got['sampling']['rhat'] <= 1.01 and got['sampling']['ess_bulk'] >= 400
        equal(got['reporting']['origin'], 'validation')
        holds(got['reporting']['source'], 'of 80 cases looked up 55 were reported')
        assert got['rows'][0]['lower'] >= 60 and got['rows'][1]['estimate'] > 45
        again = good(run('estimate', data, *POGIT, '--validation=v,m', '--threads=1', '--json'))
        equal(again.json(), got)
        top = good(run('estimate', data, *POGIT, '--validation', 'v,m', '--engine=ml', '--json'))
        equal(top.json()['sampling']['engine'], 'ml')
        assert abs(top.json()['total']['estimate'] / got['total']['estimate'] - 1) < 0.1
        text = good(run('estimate', data, *POGIT, '--validation', 'v,m')).text
        holds(text, 'Estimate; verdict: ok', 'reporting, zone=outer: -', '80 cases looked up')


@test
def a_regression_without_validation_is_a_scenario_or_refused():
    with Folder() as folder:
        data = folder.write('t.csv', LOOKED_UP)
        got = good(run('estimate', data, '--model=pogit', '--rate-covariate=x', *BETA,
                       '--json')).json()
        equal((got['kind'], got['verdict']), ('scenario', 'caution'))
        equal(got['reporting']['prior']['a'], 8)
        answer = run('estimate', data, *POGIT, '--rate-covariate=zone', *BETA)
        equal(answer.status, 3)
        holds(answer.err, 'neither counts nor validation nor prior', 'zone=outer')
        equal(run('estimate', data, *POGIT).status, 2)


@test
def covariates_are_read_from_their_file():
    with Folder() as folder:
        data = folder.write('t.csv', 'place,year,cases\nAda,2018,9\nBea,2018,4\nCid,2018,7\n')
        more = folder.write('x.csv', 'place,x,v,m\nada,1,8,10\nBEA,2,7,10\n')
        arguments = ['--model=pogit', '--rate-covariate=x', '--validation=v,m',
                     '--covariates', more]
        answer = good(run('estimate', data, *arguments, '--json'))
        holds(answer.err, 'for 1 of 3 rows', 'Cid')
        equal(answer.json()['rows'][2]['verdict'], 'inestimable')
        holds(' '.join(answer.json()['rows'][2]['reasons']), 'no record of the covariates')
        bad = folder.write('y.csv', 'place,x,v,m\nAda,1,8,10\nBea,,7,10\nCid,3,7,9\n')
        answer = run('estimate', data, *arguments[:-1], bad)
        equal(answer.status, 1)
        holds(answer.err, 'y.csv:3: x: expected a value')
        answer = run('estimate', '-', *arguments[:-2], stdin=b'place,year,cases,x,v,m\nA,2018,1,1,1,2\n')
        equal(answer.status, 2)
        holds(answer.err, '--covariates FILE')


@test
def evidence_names_itself_in_the_result():
    got = good(run('estimate', MISSOULA, '--evidence=uk-2013', '--json')).json()
    equal((got['kind'], got['reporting']['id'], got['reporting']['origin']),
          ('scenario', 'uk-2013', 'evidence'))
    holds(' '.join(got['rows'][0]['reasons']), 'persons', 'cases', 'United Kingdom')
    holds(' '.join(got['assumptions']), 'rate of the United Kingdom holds here')


@test
def the_text_of_an_estimate_carries_the_note_of_its_evidence():
    text = ' '.join(good(run('estimate', MISSOULA, '--evidence=uk-2013')).text.split())
    holds(text, 'Note on uk-2013: 2,744 persons known', 'shares of 6 to 23 %')


@test
def evidence_without_an_interval_needs_a_size():
    refused(run('estimate', MISSOULA, '--evidence', 'sacramento-2015-2020'), 2, '--evidence-size')
    got = good(run('estimate', MISSOULA, '--evidence', 'sacramento-2015-2020', '--evidence-size',
                   '20', '--json')).json()
    equal(got['kind'], 'scenario')
    assert abs(got['reporting']['prior']['a'] - 0.082 * 20) < 1e-9


@test
def evidence_lists_ids_and_one_of_them():
    listed = good(run('evidence', '--json')).json()
    ids = [entry['id'] for entry in listed]
    holds(' '.join(ids), 'uk-2013', 'sacramento-2015-2020', 'us-three-communities')
    assert all(entry['citation'] and entry['unit'] and entry['place'] for entry in listed)
    one = good(run('evidence', 'uk-2013', '--json')).json()
    equal([entry['id'] for entry in one], ['uk-2013'])
    assert abs(one[0]['lower'] - 2744 / 13000) < 1e-12
    holds(good(run('evidence')).text, 'uk-2013', 'Home Office')
    equal(good(run('evidence', '--csv')).rows()[0]['id'], ids[0])


@test
def evidence_as_csv_is_a_list_of_evidence():
    with Folder() as folder:
        again = folder.write('again.csv', good(run('evidence', '--csv')).out)
        equal(run('evidence', '--csv', '--evidence-file', again).out, run('evidence', '--csv').out)


@test
def evidence_is_found_beside_the_build():
    if not os.path.exists(os.path.join(os.path.dirname(COMMAND), '../../../data/evidence.csv')):
        raise Skip('the command is not in the build folder of the source')
    good(run('evidence', 'uk-2013', TRAFFSTAT_DATA=None))


@test
def a_missing_prior_is_explained_and_the_choices_named():
    refused(run('estimate', MISSOULA), 2, 'no default', '--evidence', '--reporting', '. ')


# ---- charts -------------------------------------------------------------------------------------

MAGIC = {'png': b'\x89PNG\r\n\x1a\n', 'svg': b'<', 'pdf': b'%PDF-'}


@test
def chart_writes_the_three_formats():
    with Folder() as folder:
        for ending, magic in MAGIC.items():
            name = 'm.' + ending
            answer = good(run('chart', MISSOULA, '--evidence', 'uk-2013', '-o', folder(name)))
            holds(answer.text, name, 'scenario')
            equal(answer.text.count('\n'), 1)
            equal(answer.err, '')
            assert folder.read(name).startswith(magic), name
        equal(folder.listing(), ['m.pdf', 'm.png', 'm.svg'])


@test
def chart_json_describes_the_picture():
    with Folder() as folder:
        got = good(run('chart', MISSOULA, *BETA, '--json', '-o', folder('m.svg'))).json()
        equal((got['file'], got['format'], got['width'], got['height']),
              (folder('m.svg'), 'svg', 1600, 900))
        equal(got['estimate']['rows'][1]['estimate'], 19)
        holds(got['alt'], '7', '8', '10–46')
        holds(' '.join(got['notes']), 'exact p = 1')
        assert got['title'] and 'cenario' in got['title'] + got['subtitle']


@test
def chart_without_a_prior_draws_the_counts_and_says_so():
    with Folder() as folder:
        got = good(run('chart', MISSOULA, '--json', '-o', folder('m.svg'))).json()
        equal(got['estimate'], None)
        holds(' '.join(got['notes']), 'not estimated')


@test
def the_same_chart_has_the_same_bytes_in_another_time_zone_and_locale():
    with Folder() as folder:
        for ending in MAGIC:
            first, second = folder('a.' + ending), folder('b.' + ending)
            good(run('chart', MISSOULA, *BETA, '-o', first, TZ='UTC', LC_ALL='C'))
            time.sleep(0.01)
            good(run('chart', MISSOULA, *BETA, '-o', second, TZ='Asia/Kathmandu',
                     LC_ALL='de_DE.UTF-8', LANG='ar_EG.UTF-8', SOURCE_DATE_EPOCH='1'))
            equal(folder.read('a.' + ending) == folder.read('b.' + ending), True, ending)


@test
def chart_takes_sizes_themes_and_texts():
    with Folder() as folder:
        got = good(run('chart', MISSOULA, '--size', 'card', '--theme=dark', '--title', 'My title',
                       '--source', 'My source', '--language', 'en', '--json', '-o',
                       folder('m.svg'))).json()
        equal((got['width'], got['height'], got['title']), (1200, 630, 'My title'))
        holds(folder.read('m.svg').decode(), 'My title', 'My source')


@test
def chart_asks_for_one_series():
    table = 'place,year,cases\n' + ''.join('P%d,%d,%d\n' % (p, y, p + y % 7)
                                           for p in range(9) for y in (2015, 2016))
    with Folder() as folder:
        data = folder.write('many.csv', table)
        before = folder.listing()
        refused(run('chart', data, '-o', folder('m.png')), 2, '9 fit', 'P0', 'P3', '--where')
        equal(folder.listing(), before)
        answer = good(run('chart', data, '--where', 'jurisdiction=p4', '-o', folder('m.png')))
        holds(answer.text, 'P4')


@test
def chart_names_the_key_that_tells_its_series_apart():
    head = 'place,year,measure,category,source,cases\n'
    for key, other in (('jurisdiction', 'Q,2015,m,c,s,3\n'), ('measure', 'P,2015,n,c,s,3\n'),
                       ('category', 'P,2015,m,d,s,3\n'), ('source', 'P,2015,m,c,t,3\n')):
        with Folder() as folder:
            data = folder.write('two.csv', head + 'P,2015,m,c,s,2\n' + other)
            refused(run('chart', data, '-o', folder('m.png')), 2, '2 fit', '--where %s=' % key)


@test
def an_existing_picture_is_replaced_or_kept_whole():
    with Folder() as folder:
        folder.write('m.svg', 'old')
        refused(run('chart', MISSOULA, '--evidence', 'uk-2014', '-o', folder('m.svg')), 2, 'uk-2013')
        equal(folder.read('m.svg'), b'old')
        good(run('chart', MISSOULA, '-o', folder('m.svg')))
        assert folder.read('m.svg') != b'old'
        equal(folder.listing(), ['m.svg'])


# ---- selecting ----------------------------------------------------------------------------------

TWO = ('agency,year,cases,measure,category\n'
       'Ada,2016,3,victims,adult\nAda,2017,4,victims,adult\n'
       'Ada,2016,1,victims,minor\nBoise,2016,5,arrests,adult\nBoise,2018,6,arrests,adult\n')


@test
def where_years_and_measure_select():
    with Folder() as folder:
        data = folder.write('two.csv', TWO)

        def got(*options):
            return [(row['jurisdiction'], row['year'], row['category'])
                    for row in good(run('read', data, '--csv', *options)).rows()]
        equal(got('--where', 'jurisdiction=boise'), [('Boise', '2016', 'adult'),
                                                     ('Boise', '2018', 'adult')])
        equal(got('--where', 'category=minor'), [('Ada', '2016', 'minor')])
        equal(got('--measure', 'victims', '--years', '2017..'), [('Ada', '2017', 'adult')])
        equal(got('--years', '..2016', '--where', 'jurisdiction=Ada', '--where',
                  'jurisdiction=Boise', '--where', 'category=adult'),
              [('Ada', '2016', 'adult'), ('Boise', '2016', 'adult')])
        equal(len(got('--measure', 'all')), 5)


@test
def what_selects_nothing_names_the_nearest():
    with Folder() as folder:
        data = folder.write('two.csv', TWO)
        refused(run('estimate', data, *BETA, '--where', 'jurisdiction=Boisse'), 1, '"Boise"')
        refused(run('estimate', data, *BETA, '--measure', 'victim'), 1, '"victims"')
        refused(run('estimate', data, *BETA, '--years', '1999..2001'), 1, '2016 to 2018')
        refused(run('estimate', data, *BETA, '--where', 'jurisdiction=Boise', '--measure',
                    'victims'), 1, 'together')


@test
def unlike_series_get_no_total():
    with Folder() as folder:
        data = folder.write('two.csv', TWO)
        answer = good(run('estimate', data, *BETA, '--json'))
        equal(answer.json()['total'], None)
        holds(answer.err, 'no total')


# ---- reading ------------------------------------------------------------------------------------

SPREAD = ('Table 3,,,\n,Offences,,Arrests\nState,2016,2017,2017\nAda*,"1,204",<5,7\n'
          'Boise,*,0,3\n---,,,\n* joined in 2015,,,\n')


@test
def a_table_for_print_is_turned_long():
    with Folder() as folder:
        data = folder.write('spread.csv', SPREAD)
        account = good(run('read', data, '--json')).json()
        equal(account['layout'], 'wide')
        equal(account['rows'], {'seen': 2, 'used': 2, 'dropped': 0})
        equal({one['code']: one['count'] for one in account['problems']},
              {'preamble_line': 1, 'footnote_mark': 1, 'footer_line': 2})
        rows = good(run('read', data, '--csv')).rows()
        equal([(row['jurisdiction'], row['measure'], row['year'], row['cases_lower'],
                row['cases_upper']) for row in rows],
              [('Ada', 'offences', '2016', '1204', '1204'), ('Ada', 'offences', '2017', '0', '4'),
               ('Ada', 'arrests', '2017', '7', '7'), ('Boise', 'offences', '2016', '', ''),
               ('Boise', 'offences', '2017', '0', '0'), ('Boise', 'arrests', '2017', '3', '3')])


@test
def measures_are_chosen_by_name_and_by_header():
    with Folder() as folder:
        data = folder.write('two.csv', 'place,year,Offences,Cases_Reported\nAda,2017,3,5\n')

        def measures(*options):
            return [row['measure'] for row in good(run('read', data, '--csv', *options)).rows()]
        equal(measures(), ['offences', 'cases reported'])
        equal(measures('--measure', 'all'), ['offences', 'cases reported'])
        equal(measures('--measure', 'CASES_REPORTED'), ['cases reported'])
        equal(measures('--measure', 'offences'), ['offences'])
        refused(run('read', data, '--measure', 'offenses'), 1, '"offences"')


@test
def policies_reach_the_values():
    with Folder() as folder:
        data = folder.write('marks.csv', 'place,year,cases\nAda,2015-16,<5\nAda,FY2017,*\n'
                            'Boise,2016,s\n')

        def cells(*options):
            return [(row['year'], row['cases_lower'], row['cases_upper'], row['flags'])
                    for row in good(run('read', data, '--csv', *options)).rows()]
        equal(cells(), [('2016', '0', '4', ''), ('2017', '', '', ''),
                        ('2016', '', '', 'suppressed')])
        equal(cells('--suppressed', '1..9'), [('2016', '1', '4', ''), ('2017', '1', '9', ''),
                                              ('2016', '1', '9', '')])
        equal(cells('--fiscal=start'), [('2015', '0', '4', ''), ('2016', '', '', ''),
                                        ('2016', '', '', 'suppressed')])
        equal(cells('--absent', 'zero'), [('2016', '0', '4', ''), ('2017', '', '', ''),
                                          ('2016', '', '', 'suppressed'), ('2017', '0', '0', '')])


NASTY = ('key,jurisdiction,year,measure,category,cases_lower,cases_upper,population,coverage,flags,'
         'source\n'
         '30063,"Missoula, ""MT""",2015,"cases; all",adult,0,4,115000,0.75,provisional,"a\nb"\n'
         '30063,"Missoula, ""MT""",2016,"cases; all",adult,2,,115000.5,,break;partial_year,"a\nb"\n'
         '30063,"Missoula, ""MT""",2017,"cases; all",adult,,,,,,"a\nb"\n'
         ',São Tomé,1999,cases,,9007199254740993,9007199254740993,,1,summed;partial,\n')


@test
def the_tidy_form_reads_back_to_the_same_panel():
    with Folder() as folder:
        first = folder.write('first.csv', NASTY)
        good(run('read', first, '--strict', '--out', folder('second.csv')))
        good(run('read', folder('second.csv'), '--strict', '--out', folder('third.csv')))
        equal(folder.read('second.csv'), folder.read('third.csv'))
        want = list(csv.DictReader(io.StringIO(NASTY)))
        got = list(csv.DictReader(io.StringIO(folder.read('second.csv').decode())))
        for row in want + got:
            row['flags'] = sorted(row['flags'].split(';'))
        equal(got, want)


@test
def intervals_and_missing_counts_stay_what_they_are():
    table = 'place,year,cases\nA,2015,<5\nA,2016,1-9\nA,2017,2+\nA,2018,NA\nA,2019,0\nA,2020,3\n'
    with Folder() as folder:
        data = folder.write('a.csv', table)
        rows = good(run('read', data, '--csv')).rows()
        equal([(row['cases_lower'], row['cases_upper']) for row in rows],
              [('0', '4'), ('1', '9'), ('2', ''), ('', ''), ('0', '0'), ('3', '3')])
        got = good(run('estimate', data, '--rate-prior', 'gamma(1,0.1)', *BETA, '--json')).json()
        equal([row['observed'] for row in got['rows']], [[0, 4], [1, 9], [2, None], None, 0, 3])
        equal(got['rows'][3]['verdict'], 'inestimable')
        equal(got['rows'][3]['estimate'], None)
        equal(got['verdict'], 'caution')


@test
def standard_input_is_a_file():
    with open(MISSOULA, 'rb') as file:
        data = file.read()
    a, b = run('estimate', '-', *BETA, '--json', stdin=data), run('estimate', MISSOULA, *BETA,
                                                                  '--json')
    equal(good(a).text, good(b).text)


@test
def columns_can_be_named():
    table = 'a;b;c\nX;2015;1.234\nX;2016;7\n'
    rows = good(run('read', '-', '--csv', '--map', 'jurisdiction=a', '--map', 'year=b', '--map',
                    'cases=#3', '--set', 'measure=victims', '--decimal', ',', '--delimiter',
                    'semicolon', stdin=table.encode())).rows()
    equal([(row['measure'], row['cases_lower']) for row in rows],
          [('victims', '1234'), ('victims', '7')])


@test
def duplicates_follow_the_policy():
    table = b'place,year,cases\nA,2015,2\nA,2015,3\n'
    for policy, want in (('sum', '5'), ('first', '2'), ('last', '3')):
        rows = good(run('read', '-', '--csv', '--duplicates', policy, stdin=table)).rows()
        equal([row['cases_lower'] for row in rows], [want])
    refused(run('read', '-', '--csv', '--duplicates', 'error', stdin=table), 1, '2015')


LOSSY = 'place,year,cases\nA,2015,2\nA,2016,many\nA,2017,4\nB,2015,5\nB,2016,6\n'


@test
def read_lists_problems_and_goes_on():
    with Folder() as folder:
        data = folder.write('l.csv', LOSSY)
        got = good(run('read', data, '--json')).json()
        assert got['problems'], got
        example = got['problems'][0]['examples'][0]
        equal((example['line'], example['got']), (3, 'many'))
        equal(example['column'], 'cases')
        holds(good(run('read', data)).text, 'line 3', 'many')


@test
def strict_refuses_any_problem():
    with Folder() as folder:
        data = folder.write('l.csv', LOSSY)
        answer = good(run('read', data, '--strict', '--json'), 1)
        holds(answer.err, 'many', '3')
        equal(len(answer.err.splitlines()), 1)
        refused(run('estimate', data, *BETA, '--strict'), 1, 'many')


@test
def a_selected_series_that_lost_a_record_stops_other_verbs():
    with Folder() as folder:
        data = folder.write('l.csv', LOSSY)
        lost = good(run('read', data, '--json')).json()['rows']['dropped']
        equal(lost, 1, 'the number of records lost')
        refused(run('estimate', data, *BETA), 1, '1 record', 'line 3', 'many', '--lenient')
        good(run('estimate', data, *BETA, '--where', 'jurisdiction=B'))
        answer = good(run('estimate', data, *BETA, '--lenient', '--json'))
        holds(answer.err, 'caution', 'line 3')
        for row in answer.json()['rows']:
            lost = any('could not be used' in reason for reason in row['reasons'])
            equal(lost, row['series'] == 'A', 'the caution of ' + row['series'])
        only = ['--where', 'jurisdiction=A']
        before = folder.listing()
        refused(run('chart', data, *only, '-o', folder('a.svg')), 1, '--lenient')
        equal(folder.listing(), before)
        good(run('chart', data, *only, '--lenient', '-o', folder('a.svg')))
        holds(folder.read('a.svg').decode(), '1 record')


# ---- sums, denominators, totals -----------------------------------------------------------------

AGENCIES = """ori,agency,state_name,year,offense,count
MT1,Missoula,Montana,2017,sex,1
MT2,Helena,Montana,2017,work,2
MT1,Missoula,Montana,2018,sex,3
ID1,Boise,Idaho,2017,sex,4
ID2,Montana,Idaho,2017,sex,1
"""


@test
def any_column_of_a_file_can_be_summed_up_to():
    with Folder() as folder:
        data = folder.write('a.csv', AGENCIES)
        rows = good(run('read', data, '--by', 'STATE_NAME', '--csv')).rows()
        equal([(r['jurisdiction'], r['year'], r['cases_lower'], r['flags']) for r in rows],
              [('Montana', '2017', '3', 'summed'), ('Montana', '2018', '3', 'partial'),
               ('Idaho', '2017', '5', 'summed')])
        # the sum of that name, not the place
        only = good(run('read', data, '--by', 'STATE_NAME', '--where', 'jurisdiction=montana',
                        '--csv')).rows()
        equal([r['cases_lower'] for r in only], ['3', '3'])
        refused(run('read', data, '--by', 'state_nam', '--csv'), 1, 'state_nam', 'state_name')
        good(run('estimate', data, '--by', 'state_name', *BETA))


@test
def a_total_among_categories_is_not_added():
    data = b'place,year,category,cases\nA,2017,Total,5\nA,2017,labour,3\n'
    refused(run('read', '-', '--by', 'jurisdiction', '--csv', stdin=data), 1, 'Total', 'labour')
    rows = good(run('read', '-', '--by', 'jurisdiction', '--where', 'category=Total', '--csv',
                    stdin=data)).rows()
    equal(rows[0]['cases_lower'], '5')


@test
def denominators_come_from_another_file():
    with Folder() as folder:
        data = folder.write('a.csv', AGENCIES)
        wide = folder.write('p.csv', 'state,2017,2018\nTotal,9,9\nMONTANA,"1,052,482",1060665\n'
                                     'Ohio,11659650,11676341\n')
        answer = good(run('read', data, '--by', 'state_name', '--population', wide, '--csv'))
        equal([r['population'] for r in answer.rows()], ['1052482', '1060665', ''])
        problems = {p['code']: p for p in good(run('read', data, '--by', 'state_name',
                                                   '--population', wide, '--json')).json()
                    ['problems']}
        equal(problems['population_unmatched']['examples'][0]['got'], 'Idaho')
        equal(problems['population_unused']['count'], 2)
        holds(good(run('estimate', data, '--by', 'state_name', '--population', wide, *BETA)).err,
              'caution', 'Idaho')
        refused(run('read', data, '--by', 'state_name', '--population', folder('none.csv'), '--csv'), 1,
                'none.csv')
        odd = folder.write('o.csv', 'wo;wann;wie viele\nMontana;2017;1052482\n')
        roles = ['--population-map', 'jurisdiction=wo', '--population-map', 'year=wann',
                 '--population-map']
        mapped = good(run('read', data, '--by', 'state_name', '--population', odd, *roles,
                          'population=#3', '--csv'))
        equal([r['population'] for r in mapped.rows()], ['1052482', '', ''])
        refused(run('read', data, '--by', 'state_name', '--population', odd, *roles,
                    'population=viele', '--csv'), 1, 'viele', 'wie viele')
        refused(run('read', data, *roles, 'population=viele'), 2, '--population FILE')


@test
def totals_of_places_are_left_out_and_listed():
    data = b'place,year,cases\nU.S. Total,2017,12\nMontana,2017,7\nIdaho,2017,5\n'
    got = good(run('read', '-', '--json', stdin=data)).json()
    equal((got['rows'], got['total']['lower']), ({'seen': 3, 'used': 2, 'dropped': 1}, 12))
    equal(got['problems'][0]['code'], 'total_of_places')
    equal(good(run('read', '-', '--totals', 'keep', '--json', stdin=data)).json()['total']['lower'],
          24)
    refused(run('read', '-', '--totals', 'error', '--csv', stdin=data), 1, 'U.S. Total')


@test
def counts_in_doubt_are_said_aloud():
    rows = ''.join('p%d,%d,%d\n' % (i, year, 64 * (1 + (i + year) % 5))
                   for i in range(9) for year in (2017, 2018))
    data = ('place,year,cases\n' + rows).encode()
    for verb in (['read', '--csv'], ['estimate', *BETA]):
        answer = good(run(verb[0], '-', '--where', 'jurisdiction=p3', *verb[1:], stdin=data))
        holds(answer.err, 'caution: common_divisor: p3', 'all multiples of 64')
    holds(answer.text, 'common_divisor')
    got = good(run('read', '-', '--json', stdin=data)).json()['problems'][0]
    equal((got['code'], got['count'], len(got['examples'])), ('common_divisor', 10, 10))


# ---- inestimable --------------------------------------------------------------------------------

@test
def inestimable_is_status_3_with_its_json():
    answer = good(run('estimate', '-', *BETA, '--json', stdin=b'place,year,cases\nA,2017,0\n'), 3)
    got = answer.json()
    equal((got['verdict'], got['rows'][0]['estimate'], got['rows'][0]['upper']),
          ('inestimable', None, None))
    assert got['rows'][0]['reasons']
    equal(len(answer.err.splitlines()), 1)
    holds(answer.err, 'inestimable')


@test
def no_picture_of_what_is_inestimable():
    with Folder() as folder:
        refused(run('chart', '-', *BETA, '-o', folder('m.png'),
                    stdin=b'place,year,cases\nA,2017,0\n'), 3, 'inestimable')
        equal(folder.listing(), [])


# ---- bad input: one line, the right status, nothing left behind ---------------------------------

PNG = b'\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR' + bytes(200)

# name, bytes, status for read, what the message must say
BAD_FILES = [
    ('an empty file', b'', 1, ['empty']),
    ('a picture', PNG, 1, ['PNG']),
    ('no year column', b'place,cases\nA,3\nB,4\n', 1, ['year', '--map']),
    ('two candidates for one role', b'place,year,n,count\nA,2017,3,4\n', 1,
     ['"n"', '"count"', '--map']),
]

# What the reader lists and other verbs refuse.
BAD_RECORDS = [
    ('half a case', b'place,year,cases\nA,2016,5\nA,2017,3.5\n', ['line 3', '3.5']),
    ('year 20178', b'place,year,cases\nA,2016,5\nA,20178,3\n', ['line 3', '20178']),
]


@test
def files_that_cannot_be_read():
    for name, data, status, parts in BAD_FILES:
        with Folder() as folder:
            path = folder.write('bad.csv', data)
            before = folder.listing()
            for arguments in (['read', path], ['read', path, '--json'],
                              ['read', path, '--out', folder('tidy.csv')],
                              ['estimate', path, *BETA, '--json'],
                              ['chart', path, '-o', folder('m.png')]):
                try:
                    refused(run(*arguments), status, 'bad.csv', *parts)
                except AssertionError as error:
                    raise AssertionError('%s: %s: %s' % (name, arguments[0], error))
            equal(folder.listing(), before, name)


@test
def records_that_cannot_be_used():
    for name, data, parts in BAD_RECORDS:
        with Folder() as folder:
            path = folder.write('bad.csv', data)
            before = folder.listing()
            equal(len(good(run('read', path, '--json')).json()['problems']), 1, name)
            refused(run('estimate', path, *BETA), 1, *parts)
            refused(run('chart', path, '-o', folder('m.png')), 1, *parts)
            answer = good(run('read', path, '--strict'), 1)
            equal(len(answer.err.splitlines()), 1, name)
            equal(folder.listing(), before, name)


@test
def no_record_that_can_be_used():
    refused(run('estimate', '-', *BETA, stdin=b'place,year,cases\nA,2017,3.5\n'), 1, '3.5')


@test
def a_negative_count_is_a_correction_and_listed():
    text = b'place,year,cases\nA,2016,5\nA,2017,-3\nA,2016,-1\n'
    account = good(run('read', '-', '--json', stdin=text)).json()
    equal(account['total'], {'lower': 1, 'upper': 1})
    equal(account['rows'], {'seen': 3, 'used': 3, 'dropped': 0})
    equal([(one['code'], one['count'], one['examples'][0]['done'])
           for one in account['problems'] if one['code'] == 'negative_count'],
          [('negative_count', 2, 'added as a correction')])
    rows = good(run('read', '-', '--csv', stdin=text)).rows()
    equal([(row['year'], row['cases_lower'], row['cases_upper']) for row in rows],
          [('2016', '4', '4'), ('2017', '-3', '-3')])


@test
def no_such_file():
    with Folder() as folder:
        for arguments in (['read', folder('none.csv')], ['estimate', folder('none.csv'), *BETA],
                          ['chart', folder('none.csv'), '-o', folder('m.png')],
                          ['evidence', '--evidence-file', folder('none.csv')]):
            refused(run(*arguments), 1, 'none.csv', 'no such file')
        refused(run('read', folder.path), 1, 'folder')
        equal(folder.listing(), [])


@test
def no_list_of_evidence():
    with Folder() as folder:
        refused(run('evidence', TRAFFSTAT_DATA=folder.path), 1, 'evidence.csv')


@test
def fonts_that_cannot_be_used():
    with Folder() as folder:
        text = folder.write('no.ttf', 'this is no font')
        before = folder.listing()
        for font in (folder('none.ttf'), text):
            refused(run('chart', MISSOULA, '--font', font, '-o', folder('m.png')), 1,
                    os.path.basename(font))
        equal(folder.listing(), before)


@test
def a_character_that_no_font_has():
    with Folder() as folder:
        refused(run('chart', '-', '-o', folder('m.png'),
                    stdin='place,year,cases\nA\ue123B,2017,3\n'.encode()), 1, 'U+E123')
        equal(folder.listing(), [])


@test
def an_output_folder_that_is_not_there():
    with Folder() as folder:
        for ending in MAGIC:
            refused(run('chart', MISSOULA, '-o', folder('no/m.' + ending)), 1, 'no/m.' + ending,
                    'folder')
        refused(run('read', MISSOULA, '--csv', '--out', folder('no/tidy.csv')), 1, 'folder')
        equal(folder.listing(), [])


@test
def an_output_that_is_a_folder():
    with Folder() as folder:
        os.mkdir(folder('m.png'))
        refused(run('chart', MISSOULA, '-o', folder('m.png')), 1, 'm.png')
        equal(folder.listing(), ['m.png'])


@test
def a_full_device():
    if not os.path.exists('/dev/full'):
        raise Skip('no /dev/full')
    refused(run('chart', MISSOULA, '-o', '/dev/full'), 1, '/dev/full', 'space')
    refused(run('read', MISSOULA, '--csv', '--out', '/dev/full'), 1, '/dev/full', 'space')
    with open('/dev/full', 'wb') as full:
        for arguments in (['read', MISSOULA], ['estimate', MISSOULA, *BETA, '--json'],
                          ['evidence'], ['--help'], ['--version'], ['chart', '--help']):
            refused(run(*arguments, stdout=full), 1, 'standard output', 'space')


@test
def a_limit_on_the_size_of_files():
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    with Folder() as folder:
        folder.write('m.png', 'old')
        for ending in MAGIC:
            refused(run('chart', MISSOULA, '-o', folder('m.' + ending), prepare=limit), 1,
                    'm.' + ending, 'large')
        equal(folder.read('m.png'), b'old')
        long = 'place,year,cases\n' + ''.join('A,%d,1\n' % y for y in range(1900, 2020))
        refused(run('read', '-', '--csv', '--out', folder('t.csv'), stdin=long.encode(),
                    prepare=limit), 1, 't.csv', 'large')
        equal(folder.listing(), ['m.png'])


@test
def a_full_disk():
    with Folder() as folder:
        script = ('mount -t tmpfs -o size=16k tmpfs "$1" || exit 77; shift; "$@"; status=$?; '
                  'ls -A "$0"; exit $status')
        done = subprocess.run(['unshare', '-m', 'sh', '-c', script, folder.path, folder.path,
                               COMMAND, 'chart', MISSOULA, '-o', folder('m.png')],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        if done.returncode == 77 or b'unshare' in done.stderr:
            raise Skip('a small disk cannot be mounted here')
        refused(Answer(done), 1, 'm.png', 'space')


@test
def a_folder_that_may_not_be_written():
    def nobody():
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    if os.getuid() == 0:
        try:
            equal(run('--version', prepare=nobody).status, 0)
        except (AssertionError, OSError):
            raise Skip('another user cannot run the command here')
    with Folder() as folder:
        data = folder.write('m.csv', 'place,year,cases\nA,2016,7\nA,2017,8\n')
        os.chmod(folder.path, 0o555)
        before = folder.listing()
        refused(run('chart', data, '-o', folder('m.png'), prepare=nobody), 1, 'm.png',
                'permission denied')
        refused(run('read', data, '--csv', '--out', folder('t.csv'), prepare=nobody), 1, 't.csv',
                'ermission denied')
        equal(folder.listing(), before)


# ---- overlap ------------------------------------------------------------------------------------

@test
def two_years_are_no_trend():
    answer = run('trend', MISSOULA, '--json')
    equal(answer.status, 0)
    got = answer.json()
    equal(got['change']['p'], 1)
    equal(got['trend'], None)
    equal(got['verdict'], 'caution')
    equal([row['rate'] for row in got['rows']], [None, None])
    holds(' '.join(got['assumptions']), 'exposure 1')
    holds(got['sentence'], '7', '2017', '8', '2018', 'no evidence of a change (exact p = 1)')
    holds(run('trend', MISSOULA).text, 'no evidence of a change')


@test
def two_years_can_be_named_for_the_change():
    with Folder() as folder:
        path = folder.write('t.csv', 'place,year,cases\nA,2014,20\nA,2015,9\nA,2016,12\nA,2017,<5\n')
        got = run('trend', path, '--change', '2014..2016', '--json').json()
        equal((got['change']['first_year'], got['change']['second_year']), (2014, 2016))
        equal(got['change_reason'], None)
        assert abs(got['change']['ratio'] - 0.6) < 1e-12, got['change']
        for years, word in (('2014..2017', '2017'), ('2010..2015', '2010')):
            got = run('trend', path, '--change', years, '--json').json()
            equal(got['change'], None)
            holds(got['change_reason'], word)


@test
def nothing_to_five_has_no_upper_end():
    with Folder() as folder:
        path = folder.write('z.csv', 'jurisdiction,year,cases\nA,2017,0\nA,2018,5\n')
        answer = run('trend', path, '--json')
        equal(answer.status, 0)
        equal((answer.json()['change']['ratio'], answer.json()['change']['upper']), (None, None))


@test
def a_trend_of_nothing_is_status_3():
    with Folder() as folder:
        path = folder.write('n.csv', 'jurisdiction,year,cases\nA,2017,\nA,2018,\n')
        answer = run('trend', path, '--json')
        equal(answer.status, 3)
        equal(answer.json()['verdict'], 'inestimable')


# The FBI's tables of 2014 to 2017; 257 and 312 offences, populations of the Census.
@test
def states_have_rates_and_tests():
    got = run('trend', os.path.join(ROOT, 'data/us-states.csv'), '--where', 'jurisdiction=Texas',
              '--json').json()
    equal([row['observed'] for row in got['rows']], [191, 285, 257, 312])
    equal(got['tests']['mann_kendall']['S'], 4)
    equal(got['change']['first_count'], 257)
    equal(abs(got['rows'][3]['rate'] - 312 / 28295273 * 1e5) < 1e-9, True)


# Which states of 2017 can be told from the others; California's 0 is a sum with a part missing.
@test
def places_of_a_year_are_compared_and_not_ranked():
    answer = good(run('trend', os.path.join(DATA, 'us-states.csv'), '--places', '--json'))
    got = answer.json()
    places, rows = got['places'], {row['series']: row for row in got['rows']}
    equal((places['year'], places['asked'], places['compared']), (2017, False, 47))
    texas = rows['Texas']
    assert abs(texas['expected'] - places['cases'] * 28295273 / places['population']) < 1e-9
    assert texas['rate_lower'] < texas['bayes_rate'] < texas['rate_upper'], texas
    equal(texas['funnel'], 'above 99.8 %')
    assert texas['p_adjusted'] < 1e-9 and texas['rank_lower'] > 1, texas
    found = {side: [one['place'] for one in places['discovery'][side]]
             for side in ('above', 'below', 'incomplete')}
    assert 'Texas' in found['above'] and 'California' in found['incomplete'], found
    assert not {name for name in found['below'] if rows[name]['observed'] == 0}, found
    equal(places['told_apart'], len(found['above']) + len(found['below']))
    holds(got['sentence'], 'Texas (312', 'The other 19 cannot be told from the whole')
    equal('California' in got['sentence'], False)
    assert got['tests']['dispersion']['phi'] > 10 and got['tests']['moran'] is None
    earlier = run('trend', os.path.join(DATA, 'us-states.csv'), '--places', '2016', '--csv').rows()
    equal({row['year'] for row in earlier}, {'2016'})
    equal([row['rank_upper'] != '' for row in earlier], [True] * 36)
    holds(run('trend', '--places', '2017', os.path.join(DATA, 'us-states.csv')).text,
          'Texas: 312 counted; 1.10 per 100,000', 'assumed: ')


NEAR = ('place,year,cases,population\nAsh,2020,9,10000\nBirch,2020,7,9000\nCedar,2020,8,11000\n'
        'Dell,2020,1,10000\nElm,2020,2,12000\nFir,2020,<5,9000\nGum,2020,3,\n')


@test
def neighbours_count_whatever_their_order():
    with Folder() as folder:
        counts = folder.write('c.csv', NEAR)
        links = ['Ash,Birch', 'Birch,Cedar', 'Cedar,Dell', 'Dell,Elm', 'Elm,Fir', 'Elm,Atlantis']
        there = folder.write('a.csv', 'from,to\n' + '\n'.join(links) + '\n')
        back = folder.write('b.csv', 'x;y\n' + '\n'.join(
            ';'.join(reversed(link.split(','))) for link in reversed(links)) + '\n')
        first = good(run('trend', counts, '--places', '--neighbours', there, '--json'))
        second = good(run('trend', counts, '--places', '--neighbours', back, '--json'))
        equal(first.json(), second.json())
        holds(first.err, 'link_unmatched: 1, first on line 7: "Atlantis"', 'no_neighbours: 1, "Gum"')
        got = first.json()
        equal(got['places']['neighbours'], {'links': 4, 'islands': 0, 'reason': None})
        assert -1 < got['tests']['moran']['i'] < 1 and got['tests']['moran_rates']['p'] < 1
        holds(run('trend', counts, '--places', '--neighbours', there).text, "Moran's I")
        rows = {row['series']: row for row in got['rows']}
        assert rows['Ash']['local_rate'] is not None
        equal(rows['Fir']['observed'], [0, 4])
        equal((rows['Fir']['rate'], rows['Fir']['rate_lower'], rows['Fir']['bayes_rate']),
              (None, 0, None))
        equal([(one['place'], one['reason']) for one in got['places']['not_compared']],
              [('Fir', 'only bounds of the count are known'), ('Gum', 'no population is known')])


@test
def places_that_cannot_be_compared_say_why():
    with Folder() as folder:
        counts = folder.write('c.csv', NEAR)
        zero = folder.write('z.csv', 'place,year,cases,population\nA,2020,3,0\nB,2020,4,0\n')
        answer = good(run('trend', zero, '--places', '--json'))
        equal([row['rate'] for row in answer.json()['rows']], [None, None])
        holds(answer.json()['sentence'], 'exposure is 1 a place')
        missing = folder.write('m.csv', 'place,year,cases,population\nA,2020,,5\nB,2020,,5\n')
        good(run('trend', missing, '--places', '--json'), 3)
        negative = folder.write('n.csv', 'place,year,cases,population\nA,2020,-3,50\n'
                                         'B,2020,4,50\nC,2020,5,60\n')
        got = good(run('trend', negative, '--places', '--json')).json()
        holds(got['places']['not_compared'][0]['reason'], 'below zero')
        other = folder.write('o.csv', 'from,to\nAshe,Birk\n')
        refused(run('trend', counts, '--places', '--neighbours', other), 1, 'o.csv does not match',
                'line 2: from', '"Ashe"', 'nearest', '"Ash"')
        headless = folder.write('h.csv', 'Ash,Birch\nBirch,Cedar\n')
        refused(run('trend', counts, '--places', '--neighbours', headless), 1, 'h.csv:1', 'header')
        refused(run('trend', counts, '--places', '1995'), 1, '1995', '2020')
        wild = folder.write('w.csv', 'place,year,cases,population\n"A\x1b[31m",2020,90,1000\n'
                                     'B,2020,9,1000\n')
        answer = good(run('trend', wild, '--places'))
        equal('\x1b' in answer.text, False)
        equal(answer.text.count('A\ufffd[31m'), 2)
        refused(run('trend', counts, '--places', '--neighbours', folder('none.csv')), 1, 'none.csv')


LATE = 'event_year,2015,2016,2017,2018\n2015,50,20,5,1\n2016,,60,22,7\n2017,,,55,25\n2018,,,,48\n'


@test
def late_reports_are_foreseen_and_never_the_unreported():
    with Folder() as folder:
        wide = folder.write('w.csv', LATE)
        cells = [(2015, 2015, 50), (2015, 2016, 70), (2015, 2017, 75), (2015, 2018, 76),
                 (2016, 2016, 60), (2016, 2017, 82), (2016, 2018, 89), (2017, 2017, 55),
                 (2017, 2018, 80), (2018, 2018, 48)]
        long = folder.write('l.csv', 'event_year,report_year,cases\n' +
                            ''.join('%d,%d,%d\n' % cell for cell in cells))
        first = good(run('trend', wide, '--delay', 'event_year', '--json')).json()
        second = good(run('trend', long, '--delay', 'event_year', '--map', 'year=report_year',
                          '--cumulative', '--json')).json()
        equal(first, second)
        rows = {row['period']: row for row in first['rows']}
        equal((rows['2015']['observed'], rows['2015']['upper'], rows['2018']['observed']),
              (76, 76, 48))
        assert 48 < rows['2018']['lower'] < rows['2018']['estimate'] < rows['2018']['upper']
        holds(first['sentence'], '48 cases of 2018', 'nobody ever reports are not among them')
        holds(run('trend', wide, '--delay', 'event_year').text, '2018: 48 reported so far')
        hole = folder.write('h.csv', LATE.replace(',60,', ',,'))
        refused(run('trend', hole, '--delay', 'event_year'), 1, '2016 reported in 2016')
        refused(run('trend', MISSOULA, '--delay', 'jurisdiction'), 1, '"Missoula" is no year')
@test
def a_population_of_zero_and_an_open_count_are_told_in_words():
    data = b'place,year,cases,population\nA,2017,3,0\nA,2018,9+,0\n'
    answer = good(run('trend', '-', stdin=data))
    holds(answer.err, 'bad_population', 'no number above 0')
    holds(answer.text, '9 or more counted, 4.1 or more to be expected')
    assert 'nan' not in answer.text, answer.text
    hidden = b'place,year,cases\nA,2015,<5\nA,2016,<5\nA,2017,<5\nA,2018,6\nA,2019,9\n'
    assert '(15 in all)' not in good(run('trend', '-', stdin=hidden)).text


# The FBI's human trafficking table of 2013 to 2020: agencies with an offence, and offences, by year
# (Crime Data Explorer, HT_2013-2020.csv). Which agency had how many is made up.
FBI = {2013: (9, 20), 2014: (103, 468), 2015: (134, 832), 2016: (225, 1280), 2017: (271, 1298),
       2018: (323, 1457), 2019: (463, 2084), 2020: (503, 2160)}


def national():
    lines = ['agency,state,year,cases']
    for year, (agencies, offences) in FBI.items():
        for i in range(agencies):
            more = (offences - agencies) // agencies
            first = offences - agencies - more * agencies if i == 0 else 0
            lines.append('Agency %d,State %d,%d,%d' % (i, i % 7, year, 1 + more + first))
    return '\n'.join(lines) + '\n'


@test
def a_national_file_tells_who_reported():
    with Folder() as folder:
        path = folder.write('n.csv', national())
        roles = ['--map', 'jurisdiction=agency']
        tops = []
        for by in ([], ['--by', 'state'], ['--by', 'measure']):
            got = good(run('trend', path, *roles, *by, '--json')).json()
            said = got['coverage_change']
            equal(got['of'], 'sum over 503 places')
            equal([(year['places'], year['lower']) for year in said['by_year']],
                  [FBI[y] for y in FBI])
            equal((said['places_first'], said['places_last'], said['began'], said['stopped']),
                  (9, 503, 494, 0))
            equal((got['change']['first_count'], got['change']['second_count']), (2084, 2160))
            equal(said['all']['change']['p'], got['change']['p'])
            equal((said['per_place']['change']['first_exposure'],
                   said['per_place']['change']['second_exposure']), (463, 503))
            # nine of nine report throughout, but nine are too few
            equal((said['places_every_year'], said['constant_set']['places'],
                   said['constant_set']['first_year']), (9, 103, 2014))
            equal(said['both_years']['places'], 463)
            assert 25 < got['trend']['apc'] < 35, got['trend']
            holds(got['sentence'], '2084', '2160', 'from 463 places', 'rose from 9 to 503',
                  'in the 103 that report in every year of 2014')
            equal(got['verdict'], 'caution')
            holds(' '.join(got['reasons']), '9 in 2013 to 503 in 2020', 'no place has a count of 0')
            tops.append({key: got[key] for key in ('change', 'trend', 'tests', 'coverage_change',
                                                   'joinpoints', 'sentence')})
        equal(tops[0], tops[1])
        equal(tops[0], tops[2])
        state = good(run('trend', path, *roles, '--by', 'state', '--json')).json()['by_series'][1]
        equal((state['series'], state['coverage_change']['places_last']), ('State 1', 72))
        holds(good(run('trend', path, *roles)).text, 'sum over 503 places: 2084 cases in 2019')


@test
def what_was_doubted_is_a_caution_of_a_trend():
    lost = b'place,year,cases\nA,2015,12\nA,2016,x9x\nA,2017,14\nA,2018,15\n'
    refused(run('trend', '-', stdin=lost), 1, 'x9x')
    got = good(run('trend', '-', '--lenient', '--json', stdin=lost)).json()
    equal(got['verdict'], 'caution')
    holds(' '.join(got['reasons']), '1 record of the series could not be used')
    twice = b'place,year,cases,note\nA,2017,12,x\nA,2017,12,x\nA,2018,9,y\n'
    holds(' '.join(good(run('trend', '-', '--json', stdin=twice)).json()['reasons']),
          'identical_rows', 'without it the counts would sum to 21, not 33')
    rows = ''.join('p%d,%d,%d\n' % (i, year, 64 * (1 + (i + year) % 5))
                   for i in range(9) for year in (2016, 2017, 2018))
    got = good(run('trend', '-', '--json', stdin=('place,year,cases\n' + rows).encode())).json()
    holds(' '.join(got['reasons']), 'common_divisor: 27 of the 27 counts are multiples of 64')
    holds(got['sentence'], 'share a divisor')


@test
def measures_are_not_summed_at_the_top_of_a_trend():
    data = b'place,year,measure,cases\nA,2017,arrests,7\nA,2018,arrests,8\nB,2017,calls,3\n'
    got = good(run('trend', '-', '--json', stdin=data)).json()
    for name in ('of', 'change', 'trend', 'tests', 'sentence', 'coverage_change'):
        equal(got[name], None)
    holds(got['of_reason'], '2 measures')
    equal(len(got['by_series']), 2)


# Seber (1982), p. 107: n1 = 948, n2 = 421, m = 167
SEBER = 'A,B,count\n1,0,781\n0,1,254\n1,1,167\n'
THREE = ('A,B,C,count\n1,0,0,50\n0,1,0,40\n0,0,1,60\n1,1,0,12\n1,0,1,14\n0,1,1,11\n1,1,1,6\n')


@test
def pairs_of_lists():
    with Folder() as folder:
        path = folder.write('seber.csv', SEBER)
        answer = run('overlap', path, '--method', 'pairs', '--json')
        equal(answer.status, 0)
        got = answer.json()
        equal(got['method']['id'], 'pairs')
        equal(got['lists'], ['A', 'B'])
        equal((got['unit'], got['window']), (None, None))
        row = got['rows'][0]
        equal((row['model'], row['stratum'], row['observed']), ('A:B', None, 1202))
        equal('series' in row or 'year' in row, False)
        equal(abs(row['estimate'] - 2382.79761904762) < 1e-8, True, row['estimate'])
        equal(abs(row['lincoln_petersen'] - 2389.86826347305) < 1e-8, True)
        equal(abs(row['se'] - 129.056259299102) < 1e-9, True)
        rows = run('overlap', path, '--method', 'pairs', '--csv').rows()
        equal((rows[0]['model'], rows[0]['m']), ('A:B', '167'))
        text = run('overlap', path, '--method', 'pairs', '--window', '1969')
        holds(text.text, 'A:B', '2383', 'in 1969', '1202 persons were on at least one list')


@test
def an_overlap_from_standard_input():
    answer = run('overlap', '-', '--method', 'chao', '--json', stdin=THREE.encode())
    equal(answer.status, 0)
    equal(answer.json()['kind'], 'bound')
    equal(answer.json()['rows'][0]['upper'], None)


@test
def closed_models_are_rows():
    with Folder() as folder:
        rows = run('overlap', folder.write('l.csv', THREE), '--method', 'closed', '--csv').rows()
        equal([row['model'] for row in rows][:3], ['M0', 'Mt', 'Mh Chao (LB)'])
        equal(rows[0]['df'], '5')


@test
def strata_and_their_total():
    with Folder() as folder:
        path = folder.write('s.csv', 'place,A,B,count\nx,1,0,30\nx,0,1,40\nx,1,1,20\n'
                                     'y,1,0,31\ny,0,1,42\ny,1,1,25\n')
        got = run('overlap', path, '--method', 'chao', '--json').json()
        equal([row['stratum'] for row in got['rows']], ['x', 'y'])
        equal(got['total']['observed'], 188)
        one = run('overlap', path, '--method', 'chao', '--json', '--stratum', 'none').json()
        equal([row['stratum'] for row in one['rows']], [None])
        equal(one['total'], None)


@test
def lists_without_overlap_are_status_3():
    with Folder() as folder:
        path = folder.write('l.csv', 'A,B,count\n1,0,30\n0,1,40\n')
        for method in ('pairs', 'chao', 'coverage', 'closed'):
            answer = run('overlap', path, '--method', method, '--json')
            equal(answer.status, 3, method)
            equal(answer.json()['verdict'], 'inestimable')
            equal({row['estimate'] for row in answer.json()['rows']}, {None})
            holds(answer.err, 'inestimable')


@test
def bad_lists_are_status_1_with_a_word():
    cases = [
        ('A,B,count\n1,0,30\n0,1,40\n2,1,5\n', ['line 4', '0 or 1']),
        ('A,B,count\n1,0,30\n0,1,40\n1,1,-5\n', ['line 4', '-5']),
        ('A,B,count\n1,0,30\n0,1,40\n1,1,2.5\n', ['line 4', '2.5']),
        ('A,B,count\n1,0,30\n0,1,40\n0,0,9\n', ['line 4', 'at least one list']),
        ('A,B,count\n1,0,30\n1,1,4\n0,1,1000000000000000\n', ['1000000000000000']),
        ('A,count\n1,30\n', ['one list']),
        ('A,B,count\n1,1,30\n', ['exactly the same']),
        ('A,B,count\n1,0,30\n', ['nobody is on the list "B"']),
        (','.join('l%d' % i for i in range(40)) + '\n', ['40 lists']),
    ]
    with Folder() as folder:
        for text, parts in cases:
            refused(run('overlap', folder.write('l.csv', text), '--method', 'pairs'), 1, *parts)
        path = folder.write('l.csv', 'A,B,count\n1,0,30\n0,1,40\n1,1,7\n0,0,9\n')
        answer = run('overlap', path, '--method', 'pairs', '--lenient')
        equal(answer.status, 0)
        holds(answer.err, 'caution', '1 record')


@test
def read_says_that_a_file_is_an_overlap():
    with Folder() as folder:
        answer = run('read', folder.write('l.csv', THREE), '--json')
        equal(answer.status, 0)
        equal(answer.json()['layout'], 'overlap')
        equal(answer.json()['columns'], {'lists': 'A,B,C', 'count': 'count'})
        holds(answer.err, 'traffstat overlap')


# ---- wrong usage --------------------------------------------------------------------------------

WRONG = [
    ([], ['verb', 'read', '--help']),
    (['chrat', MISSOULA], ['chart']),
    (['frobnicate'], ['frobnicate', 'read', 'estimate', 'chart', 'evidence']),
    (['report', MISSOULA], ['not built yet']),
    (['help', 'chrat'], ['chart']),
    (['--jsno'], ['verb comes first']),
    (['read'], ['FILE']),
    (['read', ''], ['empty']),
    (['read', '-', '-'], ['read alone']),
    (['read', MISSOULA, '--jsno'], ['--jsno', '--json']),
    (['read', MISSOULA, '--json=yes'], ['no value']),
    (['read', MISSOULA, '-x'], ['-x']),
    (['read', MISSOULA, '--zzzzzzzzzzzzzz'], ['--help']),
    (['read', MISSOULA, '--reporting', '0.2..0.6'], ['read', '--reporting']),
    (['read', MISSOULA, '--json', '--csv'], ['exclude']),
    (['read', MISSOULA, '--strict', '--lenient'], ['exclude']),
    (['read', MISSOULA, '--where'], ['--where', 'value']),
    (['read', MISSOULA, '--where', 'place'], ['NAME=VALUE']),
    (['read', MISSOULA, '--where', 'place=x'], ['place', 'jurisdiction']),
    (['read', MISSOULA, '--map', 'color=x'], ['color', 'jurisdiction']),
    (['read', MISSOULA, '--set', 'year=abc'], ['abc', 'year']),
    (['read', MISSOULA, '--years', '2017-2018'], ['2017-2018', '2010..2018']),
    (['read', MISSOULA, '--years', '2018..2017'], ['ends before']),
    (['read', MISSOULA, '--years', '20178'], ['20178']),
    (['read', MISSOULA, '--years', '..'], ['..']),
    (['read', MISSOULA, '--duplicates', 'add'], ['add', 'sum']),
    (['read', MISSOULA, '--decimal', ';'], ['.']),
    (['read', MISSOULA, '--delimiter', 'x'], ['comma']),
    (['read', MISSOULA, '--limit', 'field=0'], ['field']),
    (['read', MISSOULA, '--limit', 'size=9'], ['size', 'field']),
    (['read', MISSOULA, '--totals', 'add'], ['--totals', 'drop', 'keep', 'error']),
    (['read', MISSOULA, '--suppressed=9..1'], ['--suppressed', '1..4']),
    (['read', MISSOULA, '--suppressed=5'], ['--suppressed', '1..4']),
    (['read', MISSOULA, '--absent', 'none'], ['--absent', 'missing', 'zero']),
    (['trend', MISSOULA, '--change', '2018'], ['2015..2018']),
    (['trend', MISSOULA, '--change', '..2018'], ['2015..2018']),
    (['trend', MISSOULA, '--change', '2018..2017'], ['later']),
    (['trend', MISSOULA, '--places=17'], ['1800 to 2199']),
    (['trend', MISSOULA, '--places', '--change', '2017..2018'], ['--places', '--change']),
    (['trend', MISSOULA, '--cumulative'], ['--cumulative goes with --delay']),
    (['trend', MISSOULA, '--delay', 'year', '--places'], ['--delay', '--places']),
    (['trend', MISSOULA, '--neighbours', 'x.csv'], ['--neighbours goes with --places']),
    (['read', MISSOULA, '--change', '2017..2018'], ['no option --change']),
    (['read', MISSOULA, '--fiscal', '2017'], ['--fiscal', 'end', 'start']),
    (['estimate', MISSOULA, '--bootstrap', '10'], ['estimate', '--bootstrap']),
    (['estimate', MISSOULA, *BETA, '--model', 'latent'], ['latent', 'thinning', 'panel']),
    (['estimate', MISSOULA, '--model', 'panel'], ['--reporting']),
    (['estimate', MISSOULA, '--model', 'panel', '--engine', 'slow', *BETA], ['"slow"', 'nuts']),
    (['estimate', MISSOULA, '--engine', 'nuts', *BETA], ['--model panel']),
    (['estimate', MISSOULA, '--negative-binomial', *BETA], ['--model panel']),
    (['estimate', MISSOULA, '--counts', 'poisson', *BETA], ['--model panel']),
    (['estimate', MISSOULA, '--counts', 'gamma', *PANEL], ['"gamma"', 'negative-binomial']),
    (['estimate', MISSOULA, '--model', 'panel', '--independent', *BETA], ['--model thinning']),
    (['estimate', MISSOULA, '--audit', '37,100', *BETA], ['--audit', '--model panel']),
    (['estimate', MISSOULA, '--neighbours', 'n.csv', *BETA], ['--neighbours', '--model panel']),
    (['estimate', MISSOULA, '--change', '2017..2018', *BETA], ['--change', '--model panel']),
    (['estimate', MISSOULA, *PANEL, '--audit', '37'], ['V,M']),
    (['estimate', MISSOULA, *PANEL, '--audit', '101,100'], ['V,M']),
    (['estimate', MISSOULA, *PANEL, '--audit', '1,2,Missoula,2017,Butte'], ['V,M']),
    (['estimate', MISSOULA, *PANEL, '--list-total', '30,40..50'], ['LOW..HIGH']),
    (['estimate', MISSOULA, *PANEL, '--validation', 'v'], ['V,M']),
    (['estimate', MISSOULA, *PANEL, '--drift-scale', '-1'], ['0 to 10']),
    (['estimate', MISSOULA, *PANEL, '--drift', '5'], ['--bounds']),
    (['estimate', MISSOULA, *PANEL, '--bounds', '0.1..0.5', '--bounds-size', '9'],
     ['--model bounds']),
    (['estimate', MISSOULA, '--model', 'panel', '--reporting', '0..0.5'], ['between 0 and 1']),
    (['estimate', MISSOULA, '--model', 'panel', '--reporting', '0.5..1'], ['between 0 and 1']),
    (['estimate', MISSOULA, '--model', 'panel', '--reporting', 'known(1)'], ['between 0 and 1']),
    (['estimate', MISSOULA, '--model', 'panel', '--reporting', 'known(0.4)'], ['narrow beta']),
    (['estimate', '-', *PANEL, '--rate-covariate', 'income'], ['standard input']),
    (['estimate', MISSOULA, '--model', 'panel', '--draws', '50000', *BETA], ['20000']),
    (['estimate', MISSOULA, '--model', 'pogit'], ['--validation', '--reporting']),
    (['estimate', MISSOULA, *BETA, '--rate-covariate', 'x'], ['panel or pogit']),
    (['estimate', MISSOULA, '--model', 'pogit', '--validation', 'v'], ['V,M']),
    (['estimate', MISSOULA, '--model', 'pogit', '--engine', 'fast', *BETA], ['nuts or ml']),
    (['estimate', MISSOULA, '--model', 'panel', '--engine', 'ml', *BETA], ['--model pogit']),
    (['chart', MISSOULA, '-o', 'x.png', '--model', 'pogit', *BETA], ['not built yet']),
    (['estimate', MISSOULA, '--model', 'bounds'], ['--bounds 0.1..0.5']),
    (['estimate', MISSOULA, '--model', 'bounds', '--bounds', '0.5..0.1'], ['0.5..0.1']),
    (['estimate', MISSOULA, '--model', 'bounds', '--bounds', '0.1'], ['0.1']),
    (['estimate', MISSOULA, '--model', 'bounds', '--bounds', '0.1..0.5', *BETA], ['no law']),
    (['estimate', MISSOULA, *BETA, '--bounds', '0.1..0.5'], ['--model bounds']),
    (['estimate', MISSOULA, '--model=bounds', '--bounds=0.1..0.5', '--drift=x'], ['percent']),
    (['estimate', MISSOULA, '--model=bounds', '--bounds=0.1..0.5', '--bounds-size=0'], ['0.001']),
    (['chart', MISSOULA, '-o', 'm.png', '--model', 'bounds'], ['not built yet']),
    (['estimate', MISSOULA, *BETA, '--level', '95'], ['0.95']),
    (['estimate', MISSOULA, *BETA, '--level', 'nan'], ['nan']),
    (['estimate', MISSOULA, *BETA, '--level', '0x1p-1'], ['0x1p-1']),
    (['estimate', MISSOULA, *BETA, '--seed', '-1'], ['-1']),
    (['estimate', MISSOULA, *BETA, '--seed', '18446744073709551616'], ['18446744073709551615']),
    (['estimate', MISSOULA, *BETA, '--threads', '257'], ['256']),
    (['estimate', MISSOULA, '--reporting', 'beta(8'], ['beta(8']),
    (['estimate', MISSOULA, '--reporting', 'beta(0,1)'], ['0']),
    (['estimate', MISSOULA, '--reporting', '0.6..0.2'], ['0.6']),
    (['estimate', MISSOULA, '--reporting', '20..60'], ['20']),
    (['estimate', MISSOULA, '--reporting', '0.4'], ['0.4']),
    (['estimate', MISSOULA, '--reporting='], ['empty']),
    (['estimate', MISSOULA, '--reporting', 'known(1)'], ['1']),
    (['estimate', MISSOULA, '--reporting', 'survey(5,4)'], ['4', '5']),
    (['estimate', MISSOULA, '--reporting', 'known(0.4)', '--shift', '0.5'], ['known']),
    (['estimate', MISSOULA, *BETA, '--transport', '2'], ['--transport', '2']),
    (['estimate', MISSOULA, *BETA, '--shift', '-1'], ['--shift', '-1']),
    (['estimate', MISSOULA, *BETA, '--coverage', '0'], ['--coverage', '0']),
    (['estimate', MISSOULA, *BETA, '--draws', '5'], ['--draws', '5']),
    (['estimate', MISSOULA, *BETA, '--exposure', '100000'], ['--exposure', 'gamma']),
    (['estimate', MISSOULA, '--model=bounds', '--bounds=0.1..0.5', '--independent'],
     ['--independent']),
    (['estimate', MISSOULA, '--evidence', 'uk-2012'], ['uk-2012', 'uk-2013']),
    (['estimate', MISSOULA, *BETA, '--evidence', 'uk-2013'], ['exclude']),
    (['estimate', MISSOULA, *BETA, '--evidence-size', '20'], ['--evidence ID']),
    (['estimate', MISSOULA, '--evidence', 'uk-2013', '--evidence-size', '0'], ['0']),
    (['estimate', MISSOULA, *BETA, '--rate-prior', 'flat'], ['flat', 'inverse']),
    (['estimate', MISSOULA, *BETA, '--rate-prior', 'gamma(1)'], ['gamma(1)']),
    (['estimate', MISSOULA, *BETA, '--rate-prior', 'gamma(0,1)'], ['gamma(0,1)']),
    (['estimate', MISSOULA, *BETA, '--title', 'x'], ['--title']),
    (['evidence', 'uk-2012'], ['uk-2012', 'uk-2013']),
    (['evidence', 'uk-2013', 'ireland-2016'], ['second one']),
    (['overlap'], ['file of lists']),
    (['overlap', 'a.csv', 'b.csv'], ['one file of lists']),
    (['overlap', 'a.csv', '--method', 'chaos'], ['chaos', 'chao']),
    (['overlap', 'a.csv', '--model', 'A:B'], ['loglinear']),
    (['overlap', 'a.csv', '--order', '0'], ['--order', '1 to 12']),
    (['overlap', 'a.csv', '--bootstrap', '1e9'], ['--bootstrap']),
    (['overlap', 'a.csv', '--p-threshold', '2'], ['--p-threshold']),
    (['overlap', 'a.csv', '--linkage-error', '0.9'], ['0.5']),
    (['overlap', 'a.csv', '--criterion', 'dic'], ['dic', 'aic']),
    (['overlap', 'a.csv', '--occasions', '1'], ['--occasions']),
    (['overlap', 'a.csv', '--evidence', 'uk-2013'], ['overlap', '--evidence']),
    (['chart', MISSOULA], ['-o']),
    (['chart', MISSOULA, '-o'], ['-o']),
    (['chart', MISSOULA, '-o', ''], ['empty']),
    (['read', MISSOULA, '--out', '-'], ['--csv']),
    (['chart', MISSOULA, '-o', '-'], ['name of a file']),
    (['chart', MISSOULA, '-o', 'm.gif'], ['m.gif', '.png']),
    (['chart', MISSOULA, '-o', '.png'], ['.png']),
    (['chart', MISSOULA, '-o', 'm.png', '--csv'], ['--csv']),
    (['chart', MISSOULA, '-o', 'm.png', '--size', 'big'], ['big', 'card']),
    (['chart', MISSOULA, '-o', 'm.png', '--theme', 'pink'], ['pink', 'dark']),
    (['chart', MISSOULA, '-o', 'm.png', '--evidence', 'uk-2012'], ['uk-2013']),
]


@test
def wrong_usage_is_status_2_and_one_line():
    with Folder() as folder:
        for arguments, parts in WRONG:
            try:
                refused(run(*arguments, cwd=folder.path), 2, *parts)
                equal(folder.listing(), [])
            except AssertionError as error:
                raise AssertionError('%s: %s' % (' '.join(arguments), error))


# ---- manners ------------------------------------------------------------------------------------

@test
def help_is_for_a_newcomer():
    for arguments in (['--help'], ['-h'], ['help']):
        text = good(run(*arguments)).text
        holds(text, 'traffstat read cases.csv', '--evidence ID', 'Exit status')
        assert max(len(line) for line in text.splitlines()) <= 100
    for verb in ('read', 'estimate', 'chart', 'evidence'):
        text = good(run(verb, '--help')).text
        equal(good(run('help', verb)).text, text)
        holds(text, 'traffstat ' + verb, 'Options', '--json')
        assert max(len(line) for line in text.splitlines()) <= 100
    holds(good(run('--version')).text, 'traffstat 0.')


@test
def options_may_stand_anywhere_and_end_with_two_dashes():
    a = good(run('estimate', *BETA, '--json', MISSOULA)).text
    b = good(run('estimate', '--json', '--reporting=beta(8,12)', '--', MISSOULA)).text
    equal(a, b)
    with Folder() as folder:
        folder.write('-m.csv', 'place,year,cases\nA,2017,7\n')
        good(run('read', '--', '-m.csv', cwd=folder.path))


@test
def names_from_files_cannot_move_the_cursor():
    data = 'place,year,cases\n"A\x1b[2J\u202eB",2016,7\n"A\x1b[2J\u202eB",2017,x\n'.encode()
    for arguments in (['estimate', '-', *BETA, '--lenient'], ['read', '-'],
                      ['estimate', '-', *BETA]):
        answer = run(*arguments, stdin=data)
        for text in (answer.text, answer.err):
            assert '\x1b' not in text, (arguments, text)
        assert '\u202e' not in answer.text, arguments
    got = good(run('estimate', '-', *BETA, '--lenient', '--json', stdin=data))
    assert '\x1b' not in got.text
    holds(got.json()['rows'][0]['series'], 'A\x1b[2J')


@test
def threads_and_seed_do_not_change_an_exact_result():
    texts = {good(run('estimate', MISSOULA, *BETA, '--csv', '--threads', n)).text
             for n in ('0', '1', '2', '7')}
    equal(len(texts), 1)
    equal(good(run('estimate', MISSOULA, *BETA, '--json', '--seed', '18446744073709551615'))
          .json()['seed'], 18446744073709551615)


@test
def interrupting_stops_cleanly():
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([COMMAND, 'read', '-'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=environment())
        process.stdin.write(b'place,year,cases\nA,2017,7\n')
        process.stdin.flush()
        time.sleep(0.5)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        equal((process.returncode, out), (130, b''))
        equal(err, b'traffstat: stopped\n')


@test
def a_reader_that_goes_away_is_no_crash():
    process = subprocess.Popen([COMMAND, 'evidence'], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment())
    process.stdout.close()
    process.wait(timeout=60)
    process.stderr.close()
    assert process.returncode in (0, 1, -signal.SIGPIPE), process.returncode


def main():
    global COMMAND
    if len(sys.argv) < 2:
        sys.exit('usage: test_cli.py PATH/TO/traffstat [WORD]')
    COMMAND = os.path.abspath(sys.argv[1])
    chosen = [t for t in TESTS if len(sys.argv) < 3 or sys.argv[2] in t.__name__]
    count = {'passed': 0, 'failed': 0, 'skipped': 0}
    for number, one in enumerate(chosen, 1):
        name = one.__name__.replace('_', ' ')
        try:
            one()
            count['passed'] += 1
            print('ok %d - %s' % (number, name))
        except Skip as why:
            count['skipped'] += 1
            print('ok %d - %s # SKIP %s' % (number, name, why))
        except Exception as why:
            count['failed'] += 1
            print('not ok %d - %s: %s' % (number, name, why))
    print('cli: %(passed)d passed, %(failed)d failed, %(skipped)d skipped' % count)
    sys.exit(1 if count['failed'] > 0 else 0)


if __name__ == '__main__':
    main()
