"""The public headers: each stands alone in three languages, a simple parser takes them, and they
hold nothing that a binding cannot express."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import headers
import tap
from pycparser import c_ast

LANGUAGES = [('C99', 'CC', 'cc', ['-x', 'c', '-std=c99', '-Wstrict-prototypes']),
             ('C11', 'CC', 'cc', ['-x', 'c', '-std=c11', '-Wstrict-prototypes']),
             ('C++11', 'CXX', 'c++', ['-x', 'c++', '-std=c++11'])]
STRICT = ['-Wall', '-Wextra', '-Werror', '-pedantic-errors', '-fsyntax-only', '-Iinclude']
ALLOWED = {'<stddef.h>', '<stdint.h>'}
PLAIN_TYPES = {'int', 'void', 'double', 'char'}
SCALARS = {'int8_t', 'uint8_t', 'int32_t', 'uint32_t', 'int64_t', 'uint64_t', 'size_t'}


def read(name):
    with open(os.path.join('include', name), encoding='utf-8') as file:
        return file.read()


def alone(name, variable, standard, options):
    """Included twice in an empty file."""
    flags = ['-Iinclude']
    if name == 'traffstat/cairo.h':
        flags += tap.words(tap.output(tap.setting('PKG_CONFIG', 'pkg-config'), '--cflags', 'cairo'))
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, 'alone')
        with open(source, 'w', encoding='utf-8') as file:
            file.write('#include <%s>\n' % name * 2)
        return tap.run_ok(tap.setting(variable, standard), *options, *STRICT, *flags, source)


def foreign_includes(name):
    allowed = ALLOWED | ({'<cairo.h>'} if name == 'traffstat/cairo.h' else set())
    found = re.findall(r'^\s*#\s*include\s*(\S+)', tap.without_comments(read(name)), re.M)
    return [name + ' includes ' + what for what in found
            if what not in allowed and not what.startswith('<traffstat/')]


def macros_like_functions(name):
    return ['%s: %s(...)' % (name, macro)
            for macro in re.findall(r'^\s*#\s*define\s+(\w+)\(', read(name), re.M)]


class Refuse(c_ast.NodeVisitor):
    """Collects what CONVENTIONS keep out of public headers."""

    def __init__(self, structs):
        self.structs = structs
        self.found = []

    def refuse(self, node, what):
        self.found.append('%s: %s' % (node.coord, what))

    def by_value(self, node):
        """The struct that a type holds by value, if any."""
        if isinstance(node, (c_ast.TypeDecl, c_ast.Typename)):
            return self.by_value(node.type)
        if isinstance(node, c_ast.Struct):
            return node.name or 'a struct'
        if isinstance(node, c_ast.IdentifierType) and node.names[0] in self.structs:
            return node.names[0]
        return None

    def visit_FuncDef(self, node):
        self.refuse(node, 'a body')

    def visit_Union(self, node):
        self.refuse(node, 'a union')

    def visit_EllipsisParam(self, node):
        self.refuse(node, 'a variadic function')

    def visit_FuncDecl(self, node):
        if self.by_value(node.type):
            self.refuse(node, 'returns %s by value' % self.by_value(node.type))
        for parameter in node.args.params if node.args else []:
            if isinstance(parameter, c_ast.Decl) and self.by_value(parameter.type):
                self.refuse(node, 'takes %s by value' % self.by_value(parameter.type))
        self.generic_visit(node)

    def visit_Decl(self, node):
        if node.bitsize is not None:
            self.refuse(node, 'a bit-field')
        if 'inline' in node.funcspec or 'static' in node.storage:
            self.refuse(node, 'inline or static')
        self.generic_visit(node)

    def visit_Enumerator(self, node):
        value = node.value.expr if isinstance(node.value, c_ast.UnaryOp) else node.value
        if not isinstance(value, c_ast.Constant):
            self.refuse(node, node.name + ' is computed, or has no number')

    def visit_IdentifierType(self, node):
        for name in node.names:
            if name not in PLAIN_TYPES | SCALARS and not name.startswith('traffstat_') \
                    and name != 'cairo_t':
                self.refuse(node, 'type ' + ' '.join(node.names))


def struct_typedefs(tree):
    return {node.name for node in tree.ext if isinstance(node, c_ast.Typedef)
            and isinstance(node.type, c_ast.TypeDecl) and isinstance(node.type.type, c_ast.Struct)}


def refused():
    tree = headers.parsed(headers.PUBLIC)
    visitor = Refuse(struct_typedefs(tree))
    ours = tree.ext[headers.STANDARD.count('\n'):]
    for node in ours:
        visitor.visit(node)
        name = getattr(node, 'name', None)
        if name and not name.startswith('traffstat_'):
            visitor.refuse(node, name + ' lacks the prefix')
        if isinstance(node, c_ast.Decl) and name and not isinstance(node.type, c_ast.FuncDecl):
            visitor.refuse(node, name + ' is data')
    return visitor.found


def enumerators_without_prefix():
    class Names(c_ast.NodeVisitor):
        found = []

        def visit_Enumerator(self, node):
            if not node.name.startswith('TRAFFSTAT_'):
                self.found.append(node.name)
    names = Names()
    names.visit(headers.parsed(headers.PUBLIC))
    return names.found


def not_reached():
    """The umbrella brings every header except cairo.h."""
    text = read('traffstat.h')
    return [name for name in headers.PUBLIC[1:] if
            ('#include <%s>' % name in text) == (name == 'traffstat/cairo.h')]


for header in headers.PUBLIC:
    for language, variable, standard, options in LANGUAGES:
        tap.check('%s stands alone as %s' % (header, language),
                  alone(header, variable, standard, options))
    tap.check(header + ' includes only what it may', foreign_includes(header))
    tap.check(header + ' defines no macro that looks like a function',
              macros_like_functions(header))
tap.check('pycparser takes the headers, which hold nothing that bindings cannot express', refused())
tap.check('enumerators have the prefix', enumerators_without_prefix())
tap.check('the umbrella brings every header but cairo.h', not_reached())
tap.check('every declared function is TRAFFSTAT_API',
          sorted(set(headers.functions(headers.PUBLIC)) ^ headers.exported(headers.PUBLIC)))
tap.done()
