/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a table of calls for inject.h does in each of them: fault/inject.c, windows/inject.c. */
#ifndef TEST_RULES_H
#define TEST_RULES_H

#include "inject.h"

/* 0: pass it on; or what this call is to answer instead. */
int inject_meddle(enum injected call);

/* Of a call with errno; true: it fails. */
bool inject_fails(enum injected call);

/* Of a call that may do its work in part. */
bool inject_fails_or_shortens(enum injected call, size_t *length);

/* Records a call that makes data durable, and waits at the gate. A cancellation point. */
void inject_enter(struct inject_record record);

/* Of such a call, with its result. */
int inject_synced(int result);

/* Blocks of memory and bytes, bytes mapped: taken, or by negative numbers given back. */
void inject_take(int count, long long size);
void inject_map(long long size);

void inject_reserve(long long length);

#endif
