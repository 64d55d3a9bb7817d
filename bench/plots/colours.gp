# SPDX-License-Identifier: MIT OR Apache-2.0
# Every engine has the same colour in every drawing.
colour(name) = name eq "rmmap"      ? 0x6a1fb0 : \
               name eq "rmmap-hint" ? 0xb07fe0 : \
               name eq "mmap"       ? 0x3a8fd0 : \
               name eq "pwrite"     ? 0xe69f00 : \
               name eq "tuned"      ? 0x009e73 : \
               name eq "io_uring"   ? 0xd04f3a : \
               name eq "libpmem"    ? 0xc8b400 : 0x808080
