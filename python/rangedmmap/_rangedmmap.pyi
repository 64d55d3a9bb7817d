# SPDX-License-Identifier: MIT OR Apache-2.0
# What cffi makes has no types of Python's. It stays inside: test_types.py sees that nothing public
# is Any.
from typing import Any

ffi: Any
lib: Any
