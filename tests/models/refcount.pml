/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The reference count: lib/base/refcount.h, and who uses it, rmmap_clone and rmmap_release of
 * lib/file.c. Threads begin with a reference each, use the object, clone, hand clones to each
 * other, and release. Holds A.3, C.4.
 *
 * Checked: nobody touches the object after its end, its end comes once and surely, and all uses
 * by all threads happen before it. For the last, knows[t] holds thread u's bit while all that u
 * did with the object happens before where t is now; published is what the releases of the
 * counter's one order of modifications carry to whom acquires.
 *
 * twins: LOADS_AND_STORES LOOKS_AGAIN RELAXED_RELEASE NO_ACQUIRE CLONE_FORGETS CLONES_AFTER
 */
#define THREADS 3
#define ALL ((1 << THREADS) - 1)
#define bit(t) (1 << (t))

byte references = THREADS;
byte ends;
byte published;
byte knows[THREADS + 1];
/* Carries references as a queue with a lock would: with all that the sender knows. */
chan handed = [1] of { byte };

/* Whoever knew all that t did doesn't any more. */
inline use(t)
{
	d_step {
		assert(ends == 0);
		other = 0;
		do
		:: other <= THREADS ->
			knows[other] = knows[other] & ~bit(t);
			other++
		:: else -> break
		od;
		other = 0;
		published = published & ~bit(t);
		knows[t] = knows[t] | bit(t)
	}
}

/* refcount_get: relaxed, so it publishes nothing and learns nothing. */
inline get(t)
{
#ifdef CLONE_FORGETS
	skip
#else
#ifdef LOADS_AND_STORES
	d_step { assert(ends == 0); seen = references }
	d_step { assert(ends == 0); references = seen + 1 }
#else
	d_step { assert(ends == 0); references++ }
#endif
#endif
}

/* refcount_put and file_free. */
inline put(t)
{
#ifdef LOADS_AND_STORES
	d_step { assert(ends == 0); seen = references }
#endif
	d_step {
		assert(ends == 0);
#ifndef LOADS_AND_STORES
		seen = references;
#endif
		references = seen - 1;
#ifndef RELAXED_RELEASE
		published = published | knows[t];
#endif
#ifndef NO_ACQUIRE
		knows[t] = knows[t] | published;
#endif
	}
#ifdef LOOKS_AGAIN
	d_step { assert(ends == 0); seen = references + 1 }
#endif
	if
	:: seen == 1 ->
		d_step {
			assert(ends == 0);
			assert((knows[t] & ALL) == ALL);
			ends++
		}
	:: else
	fi;
	seen = 0
}

proctype thread(byte t)
{
	byte held = 1, clones = 0, seen = 0, other = 0;
	byte told = 0;

	do
	:: held > 0 && clones < 1 -> clones++; get(t); held++
	:: held > 1 && nfull(handed) -> held--; d_step { handed!knows[t] }
	:: held < 3 && nempty(handed) ->
		atomic {
			if
			:: handed?told -> knows[t] = knows[t] | told; held++
			:: empty(handed)
			fi;
			told = 0
		}
	:: held > 0 -> use(t); held--; put(t)
	:: held == 0 -> break
	od
#ifdef CLONES_AFTER
	;
	if
	:: t == 0 -> get(t); put(t)
	:: else
	fi
#endif
}

init
{
	byte seen = 0, t = 0, told = 0;

	atomic {
		do
		:: t < THREADS -> run thread(t); t++
		:: else -> break
		od
	}
	/* What was handed over at the last moment is released by whoever finds it. */
	do
	:: handed?told -> knows[THREADS] = knows[THREADS] | told; put(THREADS)
	:: _nr_pr == 1 && empty(handed) -> break
	od;
	assert(ends == 1 && references == 0)
}
