/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Windows has none. */
