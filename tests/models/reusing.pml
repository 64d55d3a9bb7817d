/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The reusing allocator: lib/allocator-reusing.c over lib/free-map.c. Two words of two blocks, a
 * summary with a bit for each word, and blocks that were never handed out behind them. Threads
 * allocate one block or two, give back, and take blocks at a place. Holds A.2, B.1, B.7.
 *
 * Checked: no block has two owners; a give_back of what isn't out changes nothing, and of what is
 * out succeeds; `free` never exceeds the bits in the map; -ENOSPC means that nothing was free; when
 * all calls are over, `free` is the number of bits, and each word with a bit has it in the summary.
 * A search that failed is made again only while `free` says that there is something.
 *
 * Each access of a word is one step, as all of them are sequentially consistent; relaxed ones are
 * hints, or compared again by an exchange.
 *
 * twins: FREE_AFTER_TAKE FREE_BEFORE_PUT NO_SECOND_LOOK TAKES_BLINDLY NEXT_IN_TWO_STEPS
 * twins: SKIPPED_ARE_LOST LATE_NEXT
 */
#ifndef THREADS
#define THREADS 2
#endif
#define CALLS 3
#define BLOCKS 5 /* of which the last one is behind both words */
#define NONE 9

byte word[3];       /* bits of blocks 2 * w and 2 * w + 1 */
byte summary;       /* a bit for each word */
byte next, free;
byte owner[BLOCKS]; /* 0: nobody */
byte over;

#define bit_of(b) (1 << ((b) & 1))
#define word_of(b) ((b) >> 1)
#define is_free(b) ((word[word_of(b)] >> ((b) & 1)) & 1)
#define BITS                                                                                       \
	(is_free(0) + is_free(1) + is_free(2) + is_free(3) + is_free(4))

inline own(b)
{
	assert(owner[b] == 0);
	owner[b] = me
}

/* note_some: the bit of a block is set already. */
inline note_some(w)
{
	if
	:: !((summary >> w) & 1) -> summary = summary | (1 << w)
	:: else
	fi
}

/* note_none: a search came to an empty word. */
inline note_none(w)
{
	if
	:: word[w] == 0 ->
		summary = summary & ~(1 << w);
#ifndef NO_SECOND_LOOK
		if
		:: word[w] != 0 -> note_some(w)
		:: else
		fi
#endif
	:: else
	fi
}

/* put: the block is the caller's, and out. */
inline put(b)
{
#ifdef FREE_BEFORE_PUT
	free++;
#endif
	d_step {
		assert(!is_free(b));
		word[word_of(b)] = word[word_of(b)] | bit_of(b)
	}
	note_some(word_of(b));
#ifndef FREE_BEFORE_PUT
	d_step { free++; assert(free <= BITS) }
#endif
}

/* reserve and free_map_take, of one block; got is the block, or NONE. */
inline take(b)
{
	got = NONE;
#ifndef FREE_AFTER_TAKE
	d_step {
		if
		:: free > 0 -> free--; got = b
		:: else
		fi
	}
#else
	got = (free > 0 -> b : NONE);
#endif
	if
	:: got != NONE ->
		d_step {
			if
#ifdef TAKES_BLINDLY
			:: true ->
#else
			:: is_free(b) ->
#endif
				word[word_of(b)] = word[word_of(b)] & ~bit_of(b);
				own(b)
			:: else -> got = NONE
			fi
		}
		if
#ifdef FREE_AFTER_TAKE
		:: got != NONE -> d_step { assert(free > 0); free-- }
		:: else
#else
		:: got == NONE -> d_step { free++; assert(free <= BITS) }
		:: else
#endif
		fi
	:: else
	fi
}

/* reuse: from the first block on; by the summary, or word by word. */
inline reuse(by_summary)
{
	got = NONE;
	at = 0;
	do
	:: at >= 3 || got != NONE -> break
	:: else ->
		if
		:: by_summary && !((summary >> at) & 1)
		:: else ->
			seen = word[at];
			if
			:: seen == 0 -> if :: by_summary -> note_none(at) :: else fi
			:: seen & 1 -> take(2 * at)
			:: seen == 2 -> take(2 * at + 1)
			fi
		fi;
		at++
	od
}

/* extend: the exchange of next. */
inline extend()
{
	got = NONE;
	from = next;
	do
	:: from >= BLOCKS -> break
	:: else ->
#ifdef NEXT_IN_TWO_STEPS
		if
		:: next == from
		:: else
		fi;
		d_step { next = from + 1; own(from); got = from }
#else
		d_step {
			if
			:: next == from -> next = from + 1; own(from); got = from
			:: else -> from = next
			fi
		}
#endif
		if
		:: got != NONE -> break
		:: else
		fi
	od
}

/* At the second of the two looks: is it true that nothing is left? */
inline look_is_true()
{
	assert(!(seen == 0 && from == BLOCKS) || (free == 0 && next == BLOCKS))
}

/* allocate_from_map. */
inline allocate()
{
	tries = 0;
	do
	:: true ->
#ifndef LATE_NEXT
		from = next;
		d_step { seen = free; look_is_true() }
#else
		seen = free;
		d_step { from = next; look_is_true() }
#endif
		if
		:: seen > 0 ->
			reuse(tries == 0);
			tries = 1;
			if
			:: got != NONE -> break
			:: else
			fi
		:: seen == 0 && from == BLOCKS -> got = NONE; break
		:: else
		fi;
		if
		:: from < BLOCKS ->
			extend();
			if
			:: got != NONE -> break
			:: else
			fi
		:: else
		fi
	od
}

/* take_at, for one block; what next skips becomes free. */
inline take_at(b)
{
	got = NONE;
	from = next;
	do
	:: b < from -> take(b); break
	:: else ->
		d_step {
			if
			:: next == from -> next = b + 1; own(b); got = b
			:: else -> from = next
			fi
		}
		if
		:: got != NONE ->
			do
			:: from < b ->
#ifndef SKIPPED_ARE_LOST
				put(from);
#endif
				from++
			:: else -> break
			od;
			got = b;
			break
		:: else
		fi
	od
}

inline keep()
{
	d_step {
		if
		:: got != NONE && mine == NONE -> mine = got
		:: got != NONE -> other = got
		:: else
		fi
	}
}

inline give_back(b)
{
	owner[b] = 0;
	put(b)
}

proctype thread(byte me)
{
	byte calls = 0, at, from, seen, got, tries, mine = NONE, other = NONE;

	do
	:: calls == CALLS -> break
	:: calls < CALLS && other == NONE -> allocate(); keep(); calls++
	:: calls < CALLS && other == NONE && me == 1 -> take_at(3); keep(); calls++
	:: calls < CALLS && mine != NONE -> give_back(mine); mine = other; other = NONE; calls++
	od;
	if
	:: mine != NONE -> give_back(mine)
	:: else
	fi;
	if
	:: other != NONE -> give_back(other)
	:: else
	fi;
	over++
}

/* All is given back: everything before next is free, and a search by the summary finds it. */
init
{
	byte t = 1;

	atomic {
		do
		:: t <= THREADS -> run thread(t); t++
		:: else -> break
		od
	}
	over == THREADS;
	assert(free == next);
	assert(BITS == next);
	assert(word[0] == 0 || (summary & 1));
	assert(word[1] == 0 || (summary & 2));
	assert(word[2] == 0 || (summary & 4))
}
