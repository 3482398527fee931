# SPDX-License-Identifier: GPL-2.0-only
# How Sphinx makes the book, and the manual page, of what tools/kmem_kunit/book.py writes. In a kernel tree, the
# kernel's own conf.py is used instead.
project = "kmem-kunit"
html_theme = "alabaster"
html_theme_options = {"page_width": "70rem", "description": "KUnit suites for the kernel's dynamic-memory API"}
html_copy_source = False
html_show_copyright = False
exclude_patterns = ["_build"]
smartquotes = False
man_pages = [("command", "kmem-kunit", "run KUnit suites for the kernel's dynamic-memory API", "", 1)]
