/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For one that is only declared. */
struct sockaddr;
