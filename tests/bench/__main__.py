"""
Measure the pages and the ladder: `make bench`.

`BENCH_CASES` is how many deadlines run (1,000,000); a tenth of them fall due in the hour that is climbed.
Name `pages` or `ladder` to measure only that. The city is kept beside the test database and loaded anew only
when its size, the schema or the loader changed. Exits 1 when a goal of the ladder is missed.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings.test")
django.setup()

from tests.bench import ladder, pages

wanted = set(sys.argv[1:]) or {"pages", "ladder"}
missed = 0
if "pages" in wanted:
    pages.main()
    print(flush=True)
if "ladder" in wanted:
    missed = ladder.main()
sys.exit(1 if missed else 0)
