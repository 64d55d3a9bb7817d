/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For one that is only declared. */
#define AF_UNIX 1

struct sockaddr_un {
        int sun_family;
        char sun_path[108];
};
