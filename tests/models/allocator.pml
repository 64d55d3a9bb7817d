/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The concurrent allocator: bump_add, bump_exchange and bump_restore of lib/allocator-bump.[ch].
 * Threads allocate pieces of any size, some of them exactly, while one tries to restore a saved
 * position, and perhaps another one lets the file grow. Holds A.1, A.2, B.1.
 *
 * Checked: no unit is handed out twice; none past the end; where the file doesn't grow, allocate
 * ends after two atomic operations whatever the others do; where it grows, no unit is skipped; a
 * compare-and-swap fails only when somebody else got on; the counter stays below (threads + 1)
 * times the limit, and never wraps.
 *
 * All accesses are relaxed. A load that sees an older value is one that was made earlier, but not
 * before the thread's own last access; since each call begins with its only load, and any other
 * thread may run between that and the rest, this order of steps has all of those.
 *
 * twins: PLAIN_COUNTER ADDS_UNSEEN ADDS_WHAT_IS_ASKED NO_SECOND_LOOK LOOPS_FOR_ADD
 * twins: EXACT_STORES EXACT_TAKES_SHORT RESTORE_STORES ADDS_WHERE_IT_GROWS
 */
#define THREADS 3
#define CALLS 2
#define LIMIT 4 /* units, the short last one included */
#define WHOLE 3
#define GROWN 6 /* units, all of them whole */
#define RESTORED 2
#define CAPACITY 20 /* what the counter can count: above (THREADS + 1) * LIMIT */

byte limit = LIMIT, whole = WHOLE; /* of total */
bool grows;
byte next, first;
byte changes; /* of next: successes */
bool owned[GROWN];

inline add_to_next(amount)
{
	assert(next + amount < CAPACITY);
	next = next + amount;
	assert(next <= (grows -> limit : (THREADS + 1) * LIMIT));
	changes++
}

/* bump_place: the end is clipped to the total. */
inline take()
{
	assert(from < limit);
	unit = from;
	do
	:: unit < from + count && unit < limit ->
		assert(!owned[unit]);
		owned[unit] = true;
		unit++
	:: else -> break
	od
}

inline add(size)
{
	atomic {
		seen = next;
		steps = 1;
		count = 0;
		if
#ifndef ADDS_UNSEEN
		:: seen >= LIMIT
#endif
		:: else ->
#ifdef ADDS_WHAT_IS_ASKED
			count = size
#else
			count = (size < LIMIT - seen -> size : LIMIT - seen)
#endif
		fi
	}
#ifdef PLAIN_COUNTER
	from = next;
#endif
#ifdef LOOPS_FOR_ADD
	do
	:: count > 0 && next != seen -> atomic { seen = next; steps++ }
	:: count == 0 || next == seen -> break
	od;
#endif
	atomic {
		if
		:: count > 0 ->
#ifdef PLAIN_COUNTER
			next = from + count;
#else
			from = next;
			add_to_next(count);
#endif
			steps++;
			if
#ifndef NO_SECOND_LOOK
			:: from >= LIMIT
#endif
			:: else -> take()
			fi
		:: else
		fi;
		assert(steps <= 2)
	}
}

/* bump_fit */
inline fit(size, exact)
{
	if
	:: end = (exact -> whole : limit)
	:: limit > LIMIT -> end = (exact -> WHOLE : LIMIT) /* total was loaded before it grew */
	fi;
#ifdef EXACT_TAKES_SHORT
	end = limit;
#endif
	count = (seen >= end || (exact && size > end - seen) -> 0 :
		 (size < end - seen -> size : end - seen))
}

/* seen is what the C code calls from. */
inline exchange(size, exact)
{
	atomic { seen = next; noted = changes; from = GROWN + 1; count = size }
	do
	:: from == seen || count == 0 -> break
	:: else ->
#ifdef EXACT_STORES
		if
		:: next == seen -> from = seen
		:: else
		fi;
#endif
		atomic {
			fit(size, exact);
			if
			:: count == 0
#ifdef EXACT_STORES
			:: count > 0 && from == seen -> next = seen + count; changes++; take()
			:: count > 0 && from != seen ->
#else
			:: count > 0 && next == seen ->
				from = seen;
				add_to_next(count);
				assert(from + count <= (exact -> whole : limit));
				take()
			:: count > 0 && next != seen ->
#endif
				/* Somebody else got on. */
				assert(changes != noted);
				seen = next;
				noted = changes;
				count = size
			fi
		}
	od
}

/* bump_allocate */
inline allocate(size)
{
#ifdef ADDS_WHERE_IT_GROWS
	add(size)
#else
	if
	:: grows -> exchange(size, false)
	:: !grows -> add(size)
	fi
#endif
}

proctype thread()
{
	byte calls = 0, seen, from, count, end, unit, steps, noted;

	do
	:: calls < CALLS ->
		calls++;
		if
		:: allocate(1)
		:: allocate(2)
		:: allocate(LIMIT + 1)
		:: exchange(1, true)
		:: exchange(2, true)
		fi;
		atomic { seen = 0; from = 0; count = 0; end = 0; unit = 0; steps = 0; noted = 0 }
	:: else -> break
	od
}

/* What a restore keeps for itself was handed out by an earlier run. */
proctype restorer()
{
	byte expected, unit;

	expected = first;
#ifdef RESTORE_STORES
	if
	:: next == expected -> atomic { next = RESTORED; changes++ }
	:: else -> goto busy
	fi;
#else
	d_step {
		if
		:: next == expected ->
			next = RESTORED;
			changes++;
			expected = GROWN + 1
		:: else
		fi
	}
	if
	:: expected != GROWN + 1 -> goto busy
	:: else
	fi;
#endif
	first = RESTORED;
	d_step {
		do
		:: unit < RESTORED ->
			assert(!owned[unit]);
			owned[unit] = true;
			unit++
		:: else -> break
		od
	}
busy:	skip
}

/* bump_grow: one store of total. */
proctype grower()
{
	d_step { limit = GROWN; whole = GROWN }
}

init
{
	byte t;

	atomic {
		if
		:: grows = true; run grower() /* in place of a thread: there are too many states */
		:: skip
		fi;
		do
		:: t < THREADS - grows -> run thread(); t++
		:: else -> break
		od;
		run restorer()
	}
}
