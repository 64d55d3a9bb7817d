/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Like refused.cc, about allocators that are classes: what they may have and have in another shape
 * would not be called, and nobody would know.
 */
#include <rmmap.hpp>

#include <cerrno>

/* What an allocator must have. */
struct least {
        least() = default;
        explicit least(const rmmap_allocator_args &)
        {
        }
        int allocate(std::uint64_t, std::uint32_t, std::uint64_t &, std::uint64_t &) noexcept
        {
                return -ENOSPC;
        }
        std::uint64_t remaining() const noexcept
        {
                return 0;
        }
};

struct allocate_by_value {
        explicit allocate_by_value(const rmmap_allocator_args &)
        {
        }
#ifdef REFUSED
        int allocate(std::uint64_t, std::uint32_t, std::uint64_t, std::uint64_t) noexcept
#else
        int allocate(std::uint64_t, std::uint32_t, std::uint64_t &, std::uint64_t &) noexcept
#endif
        {
                return -ENOSPC;
        }
        std::uint64_t remaining() const noexcept
        {
                return 0;
        }
};

// error: an allocator needs int allocate.size, flags, &, &.
rmmap::options given_no_place_for_the_range = rmmap::options().allocator<allocate_by_value>();

struct throwing : least {
        using least::least;
#ifdef REFUSED
        std::uint64_t remaining() const
#else
        std::uint64_t remaining() const noexcept
#endif
        {
                return 0;
        }
};

// error: an allocator.s remaining must be noexcept
rmmap::options that_throws = rmmap::options().allocator<throwing>();

struct named : least {
        using least::least;
#ifdef REFUSED
        static const char *name() noexcept
        {
                return "named";
        }
#else
        static constexpr const char *name = "named";
#endif
};

// error: an allocator.s name must be static constexpr const char .name
rmmap::options named_by_a_function = rmmap::options().allocator<named>();

struct each_named : least {
        using least::least;
#ifdef REFUSED
        const char *name = "each";
#else
        static constexpr char name[] = "each";
#endif
};

// error: an allocator.s name must be static constexpr const char .name
rmmap::options named_in_each_object = rmmap::options().allocator<each_named>();

struct safe : least {
        using least::least;
#ifdef REFUSED
        static constexpr bool thread_safe() noexcept
        {
                return false;
        }
#else
        static constexpr bool thread_safe = false;
#endif
};

// error: an allocator.s thread_safe must be static constexpr bool thread_safe
rmmap::options thread_safe_by_a_function = rmmap::options().allocator<safe>();

struct perhaps_safe : least {
        using least::least;
#ifdef REFUSED
        static inline bool thread_safe = true;
#else
        enum { thread_safe = 1 };
#endif
};

// error: an allocator.s thread_safe must be static constexpr bool thread_safe
rmmap::options thread_safe_at_times = rmmap::options().allocator<perhaps_safe>();

struct made : least {
        using least::least;
#ifdef REFUSED
        static int create(const rmmap_allocator_args &, made *) noexcept
        {
                return -ENOMEM;
        }
#else
        static int create(const rmmap_allocator_args &, made *&) noexcept
        {
                return -ENOMEM;
        }
#endif
};

// error: an allocator.s create must be static int create.*T .&made
rmmap::options made_and_lost = rmmap::options().allocator<made>();

struct taking_back : least {
        using least::least;
#ifdef REFUSED
        int give_back(rmmap::range) noexcept
#else
        int give_back(std::uint64_t, std::uint64_t) noexcept
#endif
        {
                return 0;
        }
};

// error: an allocator.s give_back must be int give_back.uint64_t start, uint64_t end.
rmmap::options given_a_range_back = rmmap::options().allocator<taking_back>();

struct claimed : least {
        using least::least;
#ifdef REFUSED
        bool claim(std::uint64_t, std::uint64_t) const noexcept
        {
                return true;
        }
#else
        int claim(std::uint64_t, std::uint64_t) const noexcept
        {
                return 0;
        }
#endif
};

// error: an allocator.s claim must be int claim.uint64_t start, uint64_t end. const
rmmap::options claim_that_answers_yes = rmmap::options().allocator<claimed>();

struct claim_changes : least {
        using least::least;
#ifdef REFUSED
        int claim(std::uint64_t, std::uint64_t) noexcept
#else
        int claim(std::uint64_t, std::uint64_t) const noexcept
#endif
        {
                return 0;
        }
};

// error: an allocator.s claim must be int claim.uint64_t start, uint64_t end. const
rmmap::options claim_that_is_not_const = rmmap::options().allocator<claim_changes>();

struct saved : least {
        using least::least;
#ifdef REFUSED
        int save(void *, std::size_t) const noexcept
#else
        int save(void *, std::size_t &) const noexcept
#endif
        {
                return 0;
        }
};

// error: an allocator.s save must be int save.void .buffer, size_t &length. const
rmmap::options save_that_tells_no_length = rmmap::options().allocator<saved>();

/* Several of the name, and none is the one. */
struct restored : least {
        using least::least;
#ifdef REFUSED
        int restore(rmmap::const_bytes) noexcept
#else
        int restore(const void *, std::size_t) noexcept
#endif
        {
                return 0;
        }
        int restore(const char *) noexcept
        {
                return 0;
        }
};

// error: an allocator.s restore must be int restore.const void .buffer, size_t length.
rmmap::options restored_otherwise = rmmap::options().allocator<restored>();

/* The right one, for nobody to call. */
class hidden : public least
{
#ifndef REFUSED
      public:
#endif
        int give_back(std::uint64_t, std::uint64_t) noexcept
        {
                return 0;
        }

      public:
        using least::least;
};

// error: an allocator.s give_back must be int give_back.uint64_t start, uint64_t end.
rmmap::options hidden_give_back = rmmap::options().allocator<hidden>();

/* What has no children is looked at in another way. */
struct last final : least {
        using least::least;
#ifdef REFUSED
        int restore(void *, std::size_t) noexcept
#else
        int restore(const void *, std::size_t) noexcept
#endif
        {
                return 0;
        }
};

// error: an allocator.s restore must be int restore.const void .buffer, size_t length.
rmmap::options of_a_final_class = rmmap::options().allocator<last>();

struct trimmed : least {
        using least::least;
        int grow(std::uint64_t) noexcept
        {
                return 0;
        }
#ifdef REFUSED
        int trim(std::uint64_t) noexcept
#else
        int trim(std::uint64_t &) noexcept
#endif
        {
                return 0;
        }
};

// error: an allocator.s trim must be int trim.uint64_t &total.
rmmap::options trim_that_tells_no_size = rmmap::options().allocator<trimmed>();

struct grown : least {
        using least::least;
#ifdef REFUSED
        void grow(std::uint64_t) noexcept
        {
        }
#else
        int grow(std::uint64_t) noexcept
        {
                return 0;
        }
#endif
};

// error: an allocator.s grow must be int grow.uint64_t total.
rmmap::options grow_that_answers_nothing = rmmap::options().allocator<grown>();

/* The library would never call it. */
struct only_trimmed : least {
        using least::least;
#ifndef REFUSED
        int grow(std::uint64_t) noexcept
        {
                return 0;
        }
#endif
        int trim(std::uint64_t &) noexcept
        {
                return 0;
        }
};

// error: an allocator that has trim needs grow, too
rmmap::options trim_without_grow = rmmap::options().allocator<only_trimmed>();
