/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The concurrent allocator: bump_add and bump_restore of lib/bump.[ch], allocate_exact of
 * lib/allocator-concurrent.c. Threads allocate pieces of any size, some of them exactly, while one
 * tries to restore a saved position. Holds A.1, A.2, B.1.
 *
 * Checked: no unit is handed out twice; none past the end; allocate ends after two atomic
 * operations whatever the others do; a compare-and-swap of exact fails only when somebody else got
 * on; the counter stays below (threads + 1) times the limit, and never wraps.
 *
 * All accesses are relaxed. A load that sees an older value is one that was made earlier, but not
 * before the thread's own last access; since each call begins with its only load, and any other
 * thread may run between that and the rest, this order of steps has all of those.
 *
 * twins: PLAIN_COUNTER ADDS_UNSEEN ADDS_WHAT_IS_ASKED NO_SECOND_LOOK LOOPS_FOR_ADD
 * twins: EXACT_STORES EXACT_TAKES_SHORT RESTORE_STORES
 */
#define THREADS 3
#define CALLS 2
#define LIMIT 4 /* units, the short last one included */
#define WHOLE 3
#define RESTORED 2
#define CAPACITY 20 /* what the counter can count: above (THREADS + 1) * LIMIT */

byte next, first;
byte changes; /* of next: successes */
bool owned[LIMIT];

inline add_to_next(amount)
{
	assert(next + amount < CAPACITY);
	next = next + amount;
	assert(next <= (THREADS + 1) * LIMIT);
	changes++
}

/* bump_place: the end is clipped to the total. */
inline take()
{
	assert(from < LIMIT);
	unit = from;
	do
	:: unit < from + count && unit < LIMIT ->
		assert(!owned[unit]);
		owned[unit] = true;
		unit++
	:: else -> break
	od
}

inline allocate(size)
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

#ifdef EXACT_TAKES_SHORT
#define WHOLE_FOR_EXACT (LIMIT + 1)
#else
#define WHOLE_FOR_EXACT WHOLE
#endif

/* seen is what the C code calls from. */
inline allocate_exact(size)
{
	atomic { seen = next; noted = changes; count = size; from = LIMIT + 1 }
	do
	:: seen > WHOLE_FOR_EXACT || count > WHOLE_FOR_EXACT - seen || from == seen -> break
	:: else ->
#ifdef EXACT_STORES
		if
		:: next == seen -> from = seen
		:: else
		fi;
#endif
		atomic {
			if
#ifdef EXACT_STORES
			:: from == seen -> next = seen + count; changes++; take()
#else
			:: next == seen ->
				from = seen;
				add_to_next(count);
				assert(from + count <= WHOLE);
				take()
#endif
			:: else ->
				/* Somebody else got on. */
				assert(changes != noted);
				seen = next;
				noted = changes
			fi
		}
	od
}

proctype thread()
{
	byte calls = 0, seen, from, count, unit, steps, noted;

	do
	:: calls < CALLS ->
		calls++;
		if
		:: allocate(1)
		:: allocate(2)
		:: allocate(LIMIT + 1)
		:: allocate_exact(1)
		:: allocate_exact(2)
		fi;
		atomic { seen = 0; from = 0; count = 0; unit = 0; steps = 0; noted = 0 }
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
	:: next == expected -> next = RESTORED
	:: else -> goto busy
	fi;
#else
	d_step {
		if
		:: next == expected ->
			next = RESTORED;
			changes++;
			expected = LIMIT + 1
		:: else
		fi
	}
	if
	:: expected != LIMIT + 1 -> goto busy
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

init
{
	byte t;

	atomic {
		do
		:: t < THREADS -> run thread(); t++
		:: else -> break
		od;
		run restorer()
	}
}
