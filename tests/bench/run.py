#!/usr/bin/python3
"""CPU time of cold charts beside a raw pangocairo program of the same marks, and of figures in
process. The first argument is the build folder, the second how often each is run (30). Cold runs
take turns, so that a busy machine slows all of them alike; medians are shown."""
import os
import statistics
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1])
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 30
SVG_MS, IN_PROCESS_MS = 25.0, 12.0


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


def show(name, value, limit, what):
    print('%-34s %8.2f ms   %5.2f of %s (%.1f ms)   %s'
          % (name, value, value / limit, what, limit, 'ok' if value <= limit else 'OVER'))


def in_process():
    """What the programs of tests/bench say: "name value unit" lines."""
    said = {}
    for command in ([BUILD + '/tests/bench/bench_figure'],
                    [BUILD + '/tests/bench/raw_pangocairo', 'raw.png', '50']):
        with tempfile.TemporaryDirectory() as folder:
            lines = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True,
                                   stdin=subprocess.DEVNULL, text=True).stdout.splitlines()
        said.update({line.split()[0]: line for line in lines if len(line.split()) == 3})
    return said


raw = [BUILD + '/tests/bench/raw_pangocairo', 'raw.png']
got = cold({'raw': raw, 'png': chart('png'), 'svg': chart('svg'), 'pdf': chart('pdf')})
print('CPU, median of %d cold runs' % RUNS)
print('%-34s %8.2f ms' % ('raw pangocairo program, PNG', got['raw']))
show('traffstat chart, PNG', got['png'], got['raw'], 'the raw program')
show('traffstat chart, SVG', got['svg'], SVG_MS, 'the limit')
print('%-34s %8.2f ms' % ('traffstat chart, PDF', got['pdf']))
print('\nCPU in process')
lines = in_process()
show('1600x900 PNG', float(lines['figure_png'].split()[1]), IN_PROCESS_MS, 'the limit')
for line in lines.values():
    if not line.endswith('ratio'):
        print('%-34s %8s %s' % tuple(line.split()))
