#!/usr/bin/python3
"""CPU time of cold charts beside a raw pangocairo program of the same marks, and of figures in
process; then reading beside bare libcsv; then the engines. The first argument is the build folder,
the second how often each chart is run (30). Runs take turns, so that a busy machine slows all of them alike;
medians are shown. Exit status 1 when something is over its limit."""
import os
import statistics
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1])
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 30
SVG_MS, IN_PROCESS_MS = 25.0, 12.0
# Of bare libcsv's time in the same run; MB at 10 million records.
ONE_THREAD, TWO_THREADS, MEMORY_MB = 1.4, 1.0, 64.0
# Of the plain C fit in the same run, which takes 15.2 us where nothing else runs: 3 us and 1.2 us.
FITS = {'overlap_fit_portable': 0.197, 'overlap_fit_widest': 0.079}
# Of the engines, one core: the searches of issues 4 and 6.
LIMITS = {'joinpoint_2_poisson_112': 50.0, 'overlap_stepwise_bca': 30.0, 'overlap_all_models': 35.0, 'overlap_reselection': 2.0,
          'joinpoint_1_poisson_112': 50.0, 'joinpoint_1_loglinear_112': 50.0, 'states_50_years_60': 20.0}
# Of the hierarchical panel, seconds of wall time on two cores: issue 5.
PANEL = {'panel_15x8_nuts': 4.0, 'panel_50x8_nuts': 20.0, 'panel_states_nuts': 20.0, 'panel_15x8_fast': 0.5,
         'panel_states_fast': 0.5, 'panel_50x8_fast': 0.5}
# Of a plain gradient of the likelihood alone, in the same run.
GRADIENT = 0.25
over = []


def chart(extension):
    return [BUILD + '/bin/traffstat', 'chart', os.path.abspath('data/missoula.csv'),
            '--evidence', 'uk-2013', '-o', 'chart.' + extension]


def cpu(command, folder):
    """User and system milliseconds of one run."""
    with open(os.devnull, 'r+b') as null:
        child = subprocess.Popen(command, cwd=folder, stdin=null, stdout=null, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit('%s: exit status %d' % (' '.join(command), child.returncode))
    return 1e3 * (usage.ru_utime + usage.ru_stime)


def cold(commands):
    times = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(RUNS + 1):
            for name, command in commands.items():
                spent = cpu(command, folder)
                if turn > 0:    # the first one warms the disk's cache
                    times[name].append(spent)
    return {name: statistics.median(values) for name, values in times.items()}


def verdict(name, value, limit):
    if value > limit:
        over.append(name)
    return 'ok' if value <= limit else 'OVER'


def show(name, value, limit, what):
    print('%-34s %8.2f ms   %5.2f of %s (%.1f ms)   %s'
          % (name, value, value / limit, what, limit, verdict(name, value, limit)))


def programs(commands):
    """What programs of tests/bench say in "name value unit" lines, by name."""
    said = {}
    for command in commands:
        with tempfile.TemporaryDirectory() as folder:
            lines = subprocess.run([BUILD + '/tests/bench/' + command[0]] + command[1:],
                                   cwd=folder, stdout=subprocess.PIPE, check=True,
                                   stdin=subprocess.DEVNULL, text=True).stdout.splitlines()
        said.update({line.split()[0]: line for line in lines if len(line.split()) == 3})
    return said


def number(said, name):
    return float(said[name].split()[1])


def show_reading():
    said = programs([['bench_read', '0']])
    for size in ('1M', '10M'):
        print('%-34s %8.3f s' % ('bare libcsv, ' + size, number(said, 'read_bare_' + size)))
        for name, limit in (('read_1_thread', ONE_THREAD), ('read_2_threads', TWO_THREADS)):
            wall = '_wall' if name.endswith('s') else ''
            ratio = number(said, '%s_to_bare_%s' % (name, size))
            print('%-34s %8.3f s    %5.2f of bare libcsv (limit %.1f)   %s'
                  % (name + '_' + size, number(said, name + wall + '_' + size), ratio, limit,
                     verdict(name, ratio, limit)))
    memory = number(said, 'read_memory_10M')
    print('%-34s %8.1f MB   (limit %.0f MB)   %s'
          % ('read_memory_10M', memory, MEMORY_MB, verdict('memory', memory, MEMORY_MB)))


def show_engines():
    said = programs([['bench_overlap'], ['bench_rate']])
    for line in said.values():
        name, value, unit = line.split()
        if name in FITS:
            ratio = float(value) / number(said, 'overlap_fit_plain_C')
            print('%-34s %8s %-2s %5.3f of the plain one (limit %g)   %s'
                  % (name, value, unit, ratio, FITS[name], verdict(name, ratio, FITS[name])))
            continue
        limit = LIMITS.get(name)
        print('%-34s %8s %-2s %s' % (name, value, unit, '' if limit is None else '(limit %g)   %s'
                                     % (limit, verdict(name, float(value), limit))))


def show_panels():
    said = programs([['bench_reporting', os.path.abspath('data')]])
    ratio = number(said, 'panel_gradient') / number(said, 'panel_gradient_plain_C')
    for line in said.values():
        name, value, unit = line.split()
        tail = ''
        if name in PANEL:
            tail = '(limit %g)   %s' % (PANEL[name], verdict(name, float(value), PANEL[name]))
        elif name.endswith('_rhat'):
            tail = '(limit 1.01)   %s' % verdict(name, float(value), 1.01)
        elif name.endswith('_bulk'):
            tail = '(at least 400)   %s' % verdict(name, -float(value), -400.0)
        elif name == 'panel_gradient':
            tail = '%5.3f of the plain one (limit %g)   %s' % (ratio, GRADIENT,
                                                               verdict(name, ratio, GRADIENT))
        print('%-34s %8s %-7s %s' % (name, value, unit, tail))


raw = [BUILD + '/tests/bench/raw_pangocairo', 'raw.png']
got = cold({'raw': raw, 'png': chart('png'), 'svg': chart('svg'), 'pdf': chart('pdf')})
print('CPU, median of %d cold runs' % RUNS)
print('%-34s %8.2f ms' % ('raw pangocairo program, PNG', got['raw']))
show('traffstat chart, PNG', got['png'], got['raw'], 'the raw program')
show('traffstat chart, SVG', got['svg'], SVG_MS, 'the limit')
print('%-34s %8.2f ms' % ('traffstat chart, PDF', got['pdf']))
print('\nCPU in process')
lines = programs([['bench_figure'], ['raw_pangocairo', 'raw.png', '50']])
show('1600x900 PNG', number(lines, 'figure_png'), IN_PROCESS_MS, 'the limit')
for line in lines.values():
    if not line.endswith('ratio'):
        print('%-34s %8s %s' % tuple(line.split()))

print('\nReading generated files of 1 and 10 million records')
show_reading()
print('\nLists that overlap, joinpoints, regressions, CPU on one core')
show_engines()
print('\nPanels, wall time on two cores')
show_panels()
sys.exit(1 if over else 0)
