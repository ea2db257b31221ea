"""The public headers, as a simple parser sees them: cpp with empty standard headers, pycparser."""
import glob
import os
import re
import tempfile

import pycparser
from pycparser import c_ast

import tap

PUBLIC = ['traffstat.h'] + sorted(path[len('include/'):]
                                  for path in glob.glob('include/traffstat/*.h'))
# What the standard headers would bring; a parser of bindings knows these names itself.
STANDARD = '\n'.join('typedef %s %s;' % pair for pair in [
    ('signed char', 'int8_t'), ('unsigned char', 'uint8_t'), ('short', 'int16_t'),
    ('unsigned short', 'uint16_t'), ('int', 'int32_t'), ('unsigned int', 'uint32_t'),
    ('long', 'int64_t'), ('unsigned long', 'uint64_t'), ('unsigned long', 'size_t'),
    ('struct cairo', 'cairo_t')]) + '\n'


def preprocessed(names, plain):
    """The text of some headers with all macros expanded; `plain`: without GNU attributes."""
    with tempfile.TemporaryDirectory() as folder:
        for stub in ('stddef.h', 'stdint.h', 'cairo.h'):
            with open(os.path.join(folder, stub), 'w', encoding='utf-8'):
                pass
        source = os.path.join(folder, 'all.c')
        with open(source, 'w', encoding='utf-8') as file:
            file.writelines('#include <%s>\n' % name for name in names)
        return tap.output(tap.setting('CC', 'cc'), '-E', '-P', '-std=c99', '-nostdinc',
                          '-I', folder, '-I', 'include',
                          *(['-DTRAFFSTAT_PLAIN'] if plain else []), source)


def parsed(names):
    return pycparser.CParser().parse(STANDARD + preprocessed(names, True))


def functions(names):
    """Declared functions by name, as syntax trees."""
    return {node.name: node for node in parsed(names).ext
            if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl)}


def exported(names):
    """The names that are declared with default visibility, which is what TRAFFSTAT_API says."""
    found = set()
    for statement in preprocessed(names, False).split(';'):
        match = re.search(r'visibility\("default"\).*?\b(traffstat_\w+)\s*\(', statement, re.S)
        if match:
            found.add(match[1])
    return found
