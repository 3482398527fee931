# SPDX-License-Identifier: GPL-2.0-only
"""The kmem-kunit command: run, gate and measure the dynamic-memory suites."""
