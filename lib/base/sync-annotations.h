/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Notes for helgrind and DRD, which don't know the memory orders of C11 atomics. Compiled in with
 * --enable-annotations; otherwise they generate no code. Layer 0.
 */
#ifndef RMMAP_SYNC_ANNOTATIONS_H
#define RMMAP_SYNC_ANNOTATIONS_H

#ifdef RMMAP_ANNOTATIONS
#include <valgrind/drd.h>
#include <valgrind/helgrind.h>
/* Only notes that both tools understand: the DRD header redefines the ANNOTATE_ names for both. */
#define NOTE_RELEASE(object) ANNOTATE_HAPPENS_BEFORE(object)
#define NOTE_ACQUIRE(object) ANNOTATE_HAPPENS_AFTER(object)
#define NOTE_ATOMICS(objects, size)                                                                \
        do {                                                                                       \
                VALGRIND_HG_DISABLE_CHECKING((objects), (size));                                   \
                VALGRIND_DO_CLIENT_REQUEST_STMT(VG_USERREQ__DRD_START_SUPPRESSION, (objects),      \
                                                (size), 0, 0, 0);                                  \
        } while (0)
#define NOTE_ATOMIC(object) NOTE_ATOMICS(object, sizeof(*(object)))
/* The tools treat an msync as a read of all that it syncs, while other threads may write there. */
#define MSYNC_IS_SEEN_AS_READ true
#else
#define NOTE_RELEASE(object) ((void)(object))
#define NOTE_ACQUIRE(object) ((void)(object))
#define NOTE_ATOMICS(objects, size) ((void)(objects), (void)(size))
#define NOTE_ATOMIC(object) ((void)(object))
#define MSYNC_IS_SEEN_AS_READ false
#endif

#endif
