# SPDX-License-Identifier: GPL-2.0-only
"""The one exception that users see."""


class UserError(Exception):
    """Wrong use, or a machine that cannot do what was asked: one line that says what to do.

    The command prints it and exits with status 2.
    """
