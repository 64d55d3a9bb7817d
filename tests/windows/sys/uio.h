/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* rmmap.h has struct iovec. */
