#!/usr/bin/env python3
"""Code shown in the README and docs/ is a file of examples/, word for word."""
import glob
import re
import sys

failed = seen = 0
for page in ["README.md"] + sorted(glob.glob("docs/*.md")):
    text = open(page, encoding="utf-8").read()
    for name, shown in re.findall(r"<!-- (examples/\S+) -->\n```\w+\n(.*?)```", text, flags=re.S):
        seen += 1
        if open(name, encoding="utf-8").read().strip("\n") != shown.strip("\n"):
            failed += 1
            print("%s shows another text than %s" % (page, name))
if seen == 0:
    failed += 1
    print("no code with its source named was found")
print("readme: %d passed, %d failed" % (seen - failed if seen else 0, failed))
sys.exit(1 if failed else 0)
