/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmmap.hpp - rmmap.h for C++: types that let the compiler check ownership
 *
 *      file       one reference of a mapped file; its destructor releases it
 *      range      bytes of a file with this one owner; writing the range consumes it
 *      receipt    proof that a range was written: from the call that wrote it, or from
 *                 mark_written, where the caller vouches for it
 *      queue      writes and syncs in its own threads, for event loops; awaitable_queue: for
 *                 coroutines of C++20
 *
 * All of them can be moved but not copied. So two threads can't own one range, only data that was
 * written can be flushed, and a range is gone after the call that writes it. A moved-from object is
 * all zeros: the library refuses it with EINVAL, and clang warns about its use at compile time
 * (-Wconsumed).
 *
 * Rules for every function, unless its comment says otherwise:
 *
 *  - A function has the name, meaning, errors and thread rules of the function of rmmap.h that it
 *    calls. Comments here give only the differences.
 *  - There are two forms. The form with a std::error_code & never throws: it clears the code, or
 *    sets it (generic_category) and returns zeros. The other form throws std::system_error, whose
 *    text gives the arguments and the state of the call ("rmmap_write_range: 100 bytes into a range
 *    of 4096: ..."). It doesn't exist where exceptions are disabled (-fno-exceptions).
 *  - A call that fails leaves its range argument as it was; if (range) tests it.
 *  - Several threads may call const functions on the same object at the same time.
 *  - A call costs what the call in C costs.
 *  - C++17 and later; no run-time type information. Since 0.1.
 */
#ifndef RMMAP_HPP
#define RMMAP_HPP

#if !defined(__cplusplus) || __cplusplus < 201703L
#error "rmmap.hpp needs C++17"
#endif

#include <rmmap.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#if __cplusplus >= 202002L
#include <span>
#endif
#if defined(__cpp_impl_coroutine)
#include <coroutine>
#endif

/*
 * Attributes for clang's -Wconsumed, also for the functions of a program. clang treats a by-value
 * range parameter as usable, and a by-reference one as unknown until if (range) or
 * RMMAP_PARAM_TYPESTATE(unconsumed) decides. "unconsumed" is a usable range, "consumed" is all
 * zeros. An attribute stands in front of what it describes.
 */
#if defined(__clang__) && __has_cpp_attribute(clang::consumable)
#define RMMAP_CONSUMABLE(state) [[clang::consumable(state)]]
#define RMMAP_CALLABLE_WHEN(...) [[clang::callable_when(__VA_ARGS__)]]
#define RMMAP_SET_TYPESTATE(state) [[clang::set_typestate(state)]]
#define RMMAP_TEST_TYPESTATE(state) [[clang::test_typestate(state)]]
#define RMMAP_PARAM_TYPESTATE(state) [[clang::param_typestate(state)]]
#define RMMAP_RETURN_TYPESTATE(state) [[clang::return_typestate(state)]]
#else
#define RMMAP_CONSUMABLE(state)
#define RMMAP_CALLABLE_WHEN(...)
#define RMMAP_SET_TYPESTATE(state)
#define RMMAP_TEST_TYPESTATE(state)
#define RMMAP_PARAM_TYPESTATE(state)
#define RMMAP_RETURN_TYPESTATE(state)
#endif
/* ALIVE: the object isn't known to be zeros. GIVEN: the argument is known not to be zeros. */
#define RMMAP_ALIVE RMMAP_CALLABLE_WHEN("unconsumed", "unknown")
#define RMMAP_GIVEN RMMAP_PARAM_TYPESTATE(unconsumed)

#if defined(__clang__)
#pragma clang diagnostic push
/* The functions of this header handle zeros on purpose. */
#pragma clang diagnostic ignored "-Wconsumed"
#endif

namespace rmmap
{

/* ---- bytes --------------------------------------------------------------------------------- */

#if __cplusplus >= 202002L
template <class T> using span = std::span<T>;
#else
/*
 * The part of C++20's std::span that this header uses. The ABI tag gives functions that return a
 * span a name of their own, so that files compiled as C++17 and as C++20 can be linked together.
 */
template <class T> class [[gnu::abi_tag("cxx17")]] span
{
        T *data_ = nullptr;
        std::size_t size_ = 0;

        template <class Sequence>
        using element = std::remove_pointer_t<decltype(std::data(std::declval<Sequence &>()))>;

      public:
        using element_type = T;
        using value_type = std::remove_cv_t<T>;
        using size_type = std::size_t;
        using iterator = T *;

        constexpr span() noexcept = default;
        constexpr span(T * data, std::size_t size) noexcept : data_(data), size_(size)
        {
        }
        /* Any type with data and size, and arrays, whose elements are T or T without const. */
        template <class Sequence,
                  class = std::enable_if_t<
                          std::is_convertible_v<element<Sequence>(*)[], T(*)[]> &&
                          std::is_convertible_v<decltype(std::size(std::declval<Sequence &>())),
                                                std::size_t>>>
        constexpr span(Sequence && sequence)
                : data_(std::data(sequence)), size_(std::size(sequence))
        {
        }

        constexpr T *data() const noexcept
        {
                return data_;
        }
        constexpr std::size_t size() const noexcept
        {
                return size_;
        }
        constexpr std::size_t size_bytes() const noexcept
        {
                return size_ * sizeof(T);
        }
        constexpr bool empty() const noexcept
        {
                return size_ == 0;
        }
        constexpr T *begin() const noexcept
        {
                return data_;
        }
        constexpr T *end() const noexcept
        {
                return data_ + size_;
        }
        constexpr T &operator[](std::size_t index) const noexcept
        {
                return data_[index];
        }
        constexpr span first(std::size_t count) const noexcept
        {
                return {data_, count};
        }
        constexpr span last(std::size_t count) const noexcept
        {
                return {data_ + (size_ - count), count};
        }
        constexpr span subspan(std::size_t offset) const noexcept
        {
                return {data_ + offset, size_ - offset};
        }
        constexpr span subspan(std::size_t offset, std::size_t count) const noexcept
        {
                return {data_ + offset, count};
        }
};
#endif

/* Bytes of the mapping, from range_data and range_view; valid until the last release. */
using bytes = span<std::byte>;
using const_bytes = span<const std::byte>;

namespace detail
{
template <class Sequence>
using element = std::remove_pointer_t<decltype(std::data(std::declval<Sequence &>()))>;
/* Elements whose bytes may be read; elements whose bytes may be written. */
template <class T> inline constexpr bool readable = std::is_trivially_copyable_v<T>;
template <class T> inline constexpr bool writable = readable<T> && !std::is_const_v<T>;
} // namespace detail

/*
 * Memory to write from and to read into, for the duration of a call. Converts from an array,
 * vector, string, string_view, span or similar of trivially copyable elements, or from a pointer
 * and a length in bytes. An array of char is used completely, with the 0 at its end.
 */
class const_buffer
{
        const void *data_ = nullptr;
        std::size_t size_ = 0;

      public:
        constexpr const_buffer() noexcept = default;
        constexpr const_buffer(const void *data, std::size_t size) noexcept
                : data_(data), size_(size)
        {
        }
        template <class Sequence,
                  class = std::enable_if_t<detail::readable<detail::element<const Sequence>>>>
        constexpr const_buffer(const Sequence &sequence) noexcept
                : data_(std::data(sequence)),
                  size_(std::size(sequence) * sizeof(*std::data(sequence)))
        {
        }

        constexpr const void *data() const noexcept
        {
                return data_;
        }
        constexpr std::size_t size() const noexcept
        {
                return size_;
        }
};

class mutable_buffer
{
        void *data_ = nullptr;
        std::size_t size_ = 0;

      public:
        constexpr mutable_buffer() noexcept = default;
        constexpr mutable_buffer(void *data, std::size_t size) noexcept : data_(data), size_(size)
        {
        }
        template <class Sequence,
                  class = std::enable_if_t<detail::writable<detail::element<Sequence>>>>
        constexpr mutable_buffer(Sequence &&sequence) noexcept
                : data_(std::data(sequence)),
                  size_(std::size(sequence) * sizeof(*std::data(sequence)))
        {
        }

        constexpr void *data() const noexcept
        {
                return data_;
        }
        constexpr std::size_t size() const noexcept
        {
                return size_;
        }
};

/*
 * The name of a file: const char *, or a type with c_str(): std::string, and elsewhere than on
 * Windows std::filesystem::path.
 */
class path_name
{
        const char *text_;

      public:
        constexpr path_name(const char *text) noexcept : text_(text)
        {
        }
        template <class String,
                  class = std::enable_if_t<std::is_same_v<
                          decltype(std::declval<const String &>().c_str()), const char *>>>
        path_name(const String &string) noexcept : text_(string.c_str())
        {
        }

        constexpr const char *c_str() const noexcept
        {
                return text_;
        }
};

/* ---- errors -------------------------------------------------------------------------------- */

namespace detail
{
struct uninitialized {
};

/* true on success. Success leaves the category as it is, which avoids a call. */
inline bool tell(int result, std::error_code &error) noexcept
{
        if (result < 0) {
                error.assign(-result, std::generic_category());
                return false;
        }
        error.assign(0, error.category());
        return true;
}

#if defined(__cpp_exceptions)
/* The numbers in an exception's text: a length, or an object whose length is read only then. */
struct left {
        ::rmmap_file *const &file; /* a reference: loaded only when needed */
};
inline std::uint64_t number(std::uint64_t value) noexcept
{
        return value;
}
inline std::uint64_t number(const ::rmmap_range &range) noexcept
{
        return ::rmmap_range_length(range);
}
inline std::uint64_t number(const ::rmmap_receipt &receipt) noexcept
{
        return ::rmmap_receipt_length(receipt);
}
inline std::uint64_t number(::rmmap_file *file) noexcept
{
        return ::rmmap_size(file);
}
inline std::uint64_t number(left all) noexcept
{
        return ::rmmap_remaining(all.file);
}
inline std::uint64_t number(span<const ::iovec> pieces) noexcept
{
        std::uint64_t sum = 0;

        for (const ::iovec &piece : pieces)
                sum += piece.iov_len;
        return sum;
}

inline constexpr char into_range[] = "# bytes into a range of #";
inline constexpr char at_range[] = "# bytes at # of a range of #";
inline constexpr char at_file[] = "# bytes at # of a file of #";

/* "CALL: WORDS: the errno's text", where each # becomes one of the numbers. */
[[noreturn, gnu::cold, gnu::noinline]] inline void
fail_telling(int result, const char *call, const char *words,
             std::initializer_list<std::uint64_t> numbers)
{
        const std::uint64_t *next = numbers.begin();
        std::string text = call;

        text += ": ";
        for (; *words != 0; words++) {
                if (*words == '#' && next != numbers.end())
                        text += std::to_string(*next++);
                else
                        text += *words;
        }
        throw std::system_error(-result, std::generic_category(), text);
}

[[noreturn, gnu::cold, gnu::noinline]] inline void fail(int result, const char *call)
{
        throw std::system_error(-result, std::generic_category(), call);
}
template <class... Numbers>
[[noreturn, gnu::cold, gnu::noinline]] void fail(int result, const char *call, const char *words,
                                                 Numbers... numbers)
{
        if (words == nullptr)
                fail(result, call);
        fail_telling(result, call, words, {number(numbers)...});
}

template <class... Numbers>
inline int check(int result, const char *call, const Numbers &...numbers)
{
        if (result < 0)
                fail(result, call, numbers...);
        return result;
}
#endif

/* A size beyond int becomes a count that the library refuses. */
inline int as_count(std::size_t size) noexcept
{
        return size > static_cast<std::size_t>(INT_MAX) ? -1 : static_cast<int>(size);
}

/* Adapts body for rmmap_guard_call, which calls C functions. */
template <class Body> struct guarded {
        using result = std::invoke_result_t<Body &>;
        static_assert(std::is_nothrow_invocable_v<Body &>,
                      "the body of guard_call must be noexcept: nothing may be thrown through it");
        static_assert(std::is_same_v<result, int> || std::is_void_v<result>,
                      "the body of guard_call must return int or void");

        Body *body;

        static int call(void *self) noexcept
        {
                Body &body = *static_cast<guarded *>(self)->body;

                if constexpr (std::is_void_v<result>)
                        return body(), 0;
                else
                        return body();
        }
        static result as_result(int value) noexcept
        {
                return static_cast<result>(value);
        }
};

template <class Words> bool is_zeros(const Words &words) noexcept
{
        return (words.opaque[0] | words.opaque[1] | words.opaque[2] | words.opaque[3]) == 0;
}
} // namespace detail

/* ---- ranges and receipts ------------------------------------------------------------------- */

class file;
class queue;
class receipt;
struct split_parts;

inline constexpr std::uint64_t alignment = RMMAP_ALIGNMENT;

inline std::uint64_t align_up(std::uint64_t offset) noexcept
{
        return ::rmmap_align_up(offset);
}

inline std::uint64_t align_down(std::uint64_t offset) noexcept
{
        return ::rmmap_align_down(offset);
}

/* Bytes [start, end) of a file, from an allocator, a split, a claim or a decode. 32 bytes. */
class RMMAP_CONSUMABLE(unconsumed) range
{
        ::rmmap_range value_;

        friend class file;
        friend class queue;
        friend class receipt;
        RMMAP_RETURN_TYPESTATE(unknown)
        explicit range(detail::uninitialized) noexcept
        {
        }
        void clear() noexcept
        {
                value_ = ::rmmap_range{};
        }
        split_parts parts(int split, const ::rmmap_range &low, const ::rmmap_range &high) noexcept;

      public:
        using encoded = std::array<std::byte, RMMAP_RANGE_ENCODED_SIZE>;

        /* All zeros: no range. */
        constexpr range() noexcept : value_{}
        {
        }
        /* From a range of C. The caller must no longer use the C value. */
        RMMAP_RETURN_TYPESTATE(unknown)
        explicit constexpr range(const ::rmmap_range &value) noexcept : value_(value)
        {
        }
        range(range &&from) noexcept : value_(from.value_)
        {
                from.clear();
        }
        range &operator=(range &&from) noexcept
        {
                const ::rmmap_range value = from.value_;

                from.clear();
                value_ = value;
                return *this;
        }
        range(const range &) = delete;
        range &operator=(const range &) = delete;
        ~range() = default;

        /* false only for zeros; the seal isn't checked. */
        RMMAP_TEST_TYPESTATE(unconsumed)
        explicit operator bool() const noexcept
        {
                return !detail::is_zeros(value_);
        }

        /*
         * As std::move, but the move happens at once: for a new owner, such as a thread. clang
         * warns about a second one. Don't use it in a call that may fail and be repeated, because a
         * failed call would lose the range.
         */
        RMMAP_ALIVE
        RMMAP_SET_TYPESTATE(consumed)
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] range take() noexcept
        {
                return static_cast<range &&>(*this);
        }

        RMMAP_ALIVE
        std::uint64_t start() const noexcept
        {
                return ::rmmap_range_start(value_);
        }
        RMMAP_ALIVE
        std::uint64_t end() const noexcept
        {
                return ::rmmap_range_end(value_);
        }
        RMMAP_ALIVE
        std::uint64_t length() const noexcept
        {
                return ::rmmap_range_length(value_);
        }
        RMMAP_ALIVE
        bool is_empty() const noexcept
        {
                return ::rmmap_range_is_empty(value_);
        }
        friend bool operator==(const range &a, const range &b) noexcept
        {
                return ::rmmap_range_equal(a.value_, b.value_);
        }
        friend bool operator!=(const range &a, const range &b) noexcept
        {
                return !(a == b);
        }

        /* Consumes the range and returns its parts: std::move(range).split_up(position). */
        RMMAP_ALIVE
        [[nodiscard]] split_parts split_up(std::uint64_t position,
                                           std::error_code &error) &&noexcept;
        RMMAP_ALIVE
        [[nodiscard]] split_parts split_down(std::uint64_t position,
                                             std::error_code &error) &&noexcept;

        /*
         * Encodes the range. Decoding gives a second range of the same bytes: use only one of the
         * two.
         */
        RMMAP_ALIVE
        void encode(mutable_buffer buffer, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_range_encode(value_, buffer.data(), buffer.size()), error);
        }
        RMMAP_ALIVE
        encoded encode(std::error_code &error) const noexcept
        {
                encoded buffer;

                if (!detail::tell(::rmmap_range_encode(value_, buffer.data(), buffer.size()),
                                  error))
                        buffer.fill(std::byte{});
                return buffer;
        }

#if defined(__cpp_exceptions)
        RMMAP_ALIVE
        [[nodiscard]] split_parts split_up(std::uint64_t position) &&;
        RMMAP_ALIVE
        [[nodiscard]] split_parts split_down(std::uint64_t position) &&;
        RMMAP_ALIVE
        void encode(mutable_buffer buffer) const
        {
                detail::check(::rmmap_range_encode(value_, buffer.data(), buffer.size()),
                              "rmmap_range_encode", "a buffer of # bytes for #", buffer.size(),
                              std::size_t{RMMAP_RANGE_ENCODED_SIZE});
        }
        RMMAP_ALIVE
        encoded encode() const
        {
                encoded buffer;

                encode(mutable_buffer(buffer));
                return buffer;
        }
#endif

        /* For calls in C. */
        const ::rmmap_range &native() const noexcept
        {
                return value_;
        }
};

/* The result of a split. With split::low or split::high that part is the whole, the other zeros. */
enum class split : int {
        both = RMMAP_SPLIT_BOTH,
        low = RMMAP_SPLIT_LOW,
        high = RMMAP_SPLIT_HIGH,
};

struct split_parts {
        range low;
        range high;
        rmmap::split which;
};

inline split_parts range::parts(int split, const ::rmmap_range &low,
                                const ::rmmap_range &high) noexcept
{
        clear();
        return {range(low), range(high), static_cast<rmmap::split>(split)};
}

inline split_parts range::split_up(std::uint64_t position, std::error_code &error) &&noexcept
{
        ::rmmap_range low, high;
        const int result = ::rmmap_range_split_up(value_, position, &low, &high);

        if (!detail::tell(result, error))
                return {};
        return parts(result, low, high);
}

inline split_parts range::split_down(std::uint64_t position, std::error_code &error) &&noexcept
{
        ::rmmap_range low, high;
        const int result = ::rmmap_range_split_down(value_, position, &low, &high);

        if (!detail::tell(result, error))
                return {};
        return parts(result, low, high);
}

#if defined(__cpp_exceptions)
inline split_parts range::split_up(std::uint64_t position) &&
{
        ::rmmap_range low, high;
        const int result = ::rmmap_range_split_up(value_, position, &low, &high);

        detail::check(result, "rmmap_range_split_up", "at # of a range of #", position, value_);
        return parts(result, low, high);
}

inline split_parts range::split_down(std::uint64_t position) &&
{
        ::rmmap_range low, high;
        const int result = ::rmmap_range_split_down(value_, position, &low, &high);

        detail::check(result, "rmmap_range_split_down", "at # of a range of #", position, value_);
        return parts(result, low, high);
}
#endif

/* Proof that a range was written; flush and sync take receipts. 32 bytes. */
class RMMAP_CONSUMABLE(unconsumed) receipt
{
        ::rmmap_receipt value_;

        friend class file;
        friend class queue;
        RMMAP_RETURN_TYPESTATE(unknown)
        explicit receipt(detail::uninitialized) noexcept
        {
        }
        void clear() noexcept
        {
                value_ = ::rmmap_receipt{};
        }

      public:
        using encoded = std::array<std::byte, RMMAP_RECEIPT_ENCODED_SIZE>;

        /* All zeros: no receipt. */
        constexpr receipt() noexcept : value_{}
        {
        }
        RMMAP_RETURN_TYPESTATE(unknown)
        explicit constexpr receipt(const ::rmmap_receipt &value) noexcept : value_(value)
        {
        }
        receipt(receipt &&from) noexcept : value_(from.value_)
        {
                from.clear();
        }
        receipt &operator=(receipt &&from) noexcept
        {
                const ::rmmap_receipt value = from.value_;

                from.clear();
                value_ = value;
                return *this;
        }
        receipt(const receipt &) = delete;
        receipt &operator=(const receipt &) = delete;
        ~receipt() = default;

        RMMAP_TEST_TYPESTATE(unconsumed)
        explicit operator bool() const noexcept
        {
                return !detail::is_zeros(value_);
        }
        /* As range::take. */
        RMMAP_ALIVE
        RMMAP_SET_TYPESTATE(consumed)
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] receipt take() noexcept
        {
                return static_cast<receipt &&>(*this);
        }

        RMMAP_ALIVE
        std::uint64_t start() const noexcept
        {
                return ::rmmap_receipt_start(value_);
        }
        RMMAP_ALIVE
        std::uint64_t end() const noexcept
        {
                return ::rmmap_receipt_end(value_);
        }
        RMMAP_ALIVE
        std::uint64_t length() const noexcept
        {
                return ::rmmap_receipt_length(value_);
        }
        RMMAP_ALIVE
        bool is_empty() const noexcept
        {
                return ::rmmap_receipt_is_empty(value_);
        }
        friend bool operator==(const receipt &a, const receipt &b) noexcept
        {
                return ::rmmap_receipt_equal(a.value_, b.value_);
        }
        friend bool operator!=(const receipt &a, const receipt &b) noexcept
        {
                return !(a == b);
        }

        /*
         * Consumes the receipt and returns the range, for another write:
         * std::move(receipt).range().
         */
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] rmmap::range range() &&noexcept
        {
                const rmmap::receipt written(static_cast<receipt &&>(*this));

                return rmmap::range(::rmmap_receipt_range(written.value_));
        }

        RMMAP_ALIVE
        void encode(mutable_buffer buffer, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_receipt_encode(value_, buffer.data(), buffer.size()), error);
        }
        RMMAP_ALIVE
        encoded encode(std::error_code &error) const noexcept
        {
                encoded buffer;

                if (!detail::tell(::rmmap_receipt_encode(value_, buffer.data(), buffer.size()),
                                  error))
                        buffer.fill(std::byte{});
                return buffer;
        }

#if defined(__cpp_exceptions)
        RMMAP_ALIVE
        void encode(mutable_buffer buffer) const
        {
                detail::check(::rmmap_receipt_encode(value_, buffer.data(), buffer.size()),
                              "rmmap_receipt_encode", "a buffer of # bytes for #", buffer.size(),
                              std::size_t{RMMAP_RECEIPT_ENCODED_SIZE});
        }
        RMMAP_ALIVE
        encoded encode() const
        {
                encoded buffer;

                encode(mutable_buffer(buffer));
                return buffer;
        }
#endif

        const ::rmmap_receipt &native() const noexcept
        {
                return value_;
        }
};

/* An array of these has the layout of an array of C's structs, as sync_ranges needs. */
static_assert(sizeof(range) == sizeof(::rmmap_range) && std::is_standard_layout_v<range>);
static_assert(sizeof(receipt) == sizeof(::rmmap_receipt) && std::is_standard_layout_v<receipt>);

/* ---- allocators ---------------------------------------------------------------------------- */

inline const ::rmmap_allocator_ops &sequential_allocator() noexcept
{
        return *::rmmap_sequential_allocator();
}

inline const ::rmmap_allocator_ops &reusing_allocator() noexcept
{
        return *::rmmap_reusing_allocator();
}

/* With a ::rmmap_shared_config as its config. */
inline const ::rmmap_allocator_ops &shared_allocator() noexcept
{
        return *::rmmap_shared_allocator();
}

inline const ::rmmap_allocator_ops &concurrent_allocator() noexcept
{
        return *::rmmap_concurrent_allocator();
}

namespace detail
{
/* Does T have an operation, and may it throw? Each name below describes one operation. */
template <class, template <class> class Operation, class T> struct operation_of {
        static constexpr bool is_there = false;
        static constexpr bool throws = false;
};
template <template <class> class Operation, class T>
struct operation_of<std::void_t<Operation<T>>, Operation, T> {
        static constexpr bool is_there = true;
        static constexpr bool throws = !Operation<T>::value;
};
template <template <class> class Operation, class T>
inline constexpr bool has = operation_of<void, Operation, T>::is_there;
template <template <class> class Operation, class T>
inline constexpr bool throws = operation_of<void, Operation, T>::throws;

/* Constants. A function of that name doesn't count. */
template <class T>
using name_of = std::bool_constant<(static_cast<void>(static_cast<const char *>(T::name)), true)>;
template <class T>
using thread_safe_of = std::enable_if_t<!std::is_function_v<decltype(T::thread_safe)>,
                                        std::bool_constant<bool(T::thread_safe) || true>>;
/* A call that returns int; the value says whether it is noexcept. */
#define RMMAP_ANSWERS(call)                                                                        \
        std::enable_if_t<std::is_same_v<decltype(call), int>, std::bool_constant<noexcept(call)>>
template <class T>
using create_of = RMMAP_ANSWERS(T::create(std::declval<const ::rmmap_allocator_args &>(),
                                          std::declval<T *&>()));
template <class T>
using allocate_of = RMMAP_ANSWERS(std::declval<T &>().allocate(std::uint64_t{}, std::uint32_t{},
                                                               std::declval<std::uint64_t &>(),
                                                               std::declval<std::uint64_t &>()));
template <class T>
using remaining_of = std::bool_constant<noexcept(std::declval<const T &>().remaining())>;
template <class T>
using give_back_of = RMMAP_ANSWERS(std::declval<T &>().give_back(std::uint64_t{}, std::uint64_t{}));
template <class T>
using allocate_at_of = RMMAP_ANSWERS(std::declval<T &>().allocate_at(std::uint64_t{},
                                                                     std::uint64_t{}));
template <class T> using grow_of = RMMAP_ANSWERS(std::declval<T &>().grow(std::uint64_t{}));
template <class T>
using trim_of = RMMAP_ANSWERS(std::declval<T &>().trim(std::declval<std::uint64_t &>()));
template <class T>
using claim_of = RMMAP_ANSWERS(std::declval<const T &>().claim(std::uint64_t{}, std::uint64_t{}));
template <class T>
using save_of = RMMAP_ANSWERS(std::declval<const T &>().save(std::declval<void *>(),
                                                             std::declval<std::size_t &>()));
template <class T>
using restore_of = RMMAP_ANSWERS(std::declval<T &>().restore(std::declval<const void *>(),
                                                             std::size_t{}));
/* Operations whose out-parameters are passed by value, so that results would be lost. */
template <class T>
using allocate_of_copy = RMMAP_ANSWERS(std::declval<T &>().allocate(
        std::uint64_t{}, std::uint32_t{}, std::uint64_t{}, std::uint64_t{}));
template <class T>
using create_of_copy = RMMAP_ANSWERS(T::create(std::declval<const ::rmmap_allocator_args &>(),
                                               static_cast<T *>(nullptr)));
template <class T>
using save_of_copy = RMMAP_ANSWERS(std::declval<const T &>().save(std::declval<void *>(),
                                                                  std::size_t{}));
template <class T> using trim_of_copy = RMMAP_ANSWERS(std::declval<T &>().trim(std::uint64_t{}));
#undef RMMAP_ANSWERS

/*
 * names::save<T>: T has a member of that name, of any kind and access. The test: the name is then
 * ambiguous in a class derived from T and from another class that has it. A final class can't be a
 * base, so its private and overloaded members aren't detected.
 */
struct childless {
};
template <class T>
using parent = std::conditional_t<std::is_class_v<T> && !std::is_final_v<T>, T, childless>;
template <class T, class Other> struct child : parent<T>, Other {
};
#define RMMAP_NAMES(member)                                                                        \
        struct other_##member {                                                                    \
                int member;                                                                        \
        };                                                                                         \
        template <class T, class = void> struct unambiguous_##member : std::false_type {           \
        };                                                                                         \
        template <class T>                                                                         \
        struct unambiguous_##member<T, std::void_t<decltype(&child<T, other_##member>::member)>>   \
                : std::true_type {                                                                 \
        };                                                                                         \
        template <class T, class = void> struct sees_##member : std::false_type {                  \
        };                                                                                         \
        template <class T>                                                                         \
        struct sees_##member<T, std::void_t<decltype(&T::member)>> : std::true_type {              \
        };                                                                                         \
        template <class T>                                                                         \
        inline constexpr bool member = !unambiguous_##member<T>::value || sees_##member<T>::value;
namespace names
{
RMMAP_NAMES(name)
RMMAP_NAMES(thread_safe)
RMMAP_NAMES(create)
RMMAP_NAMES(give_back)
RMMAP_NAMES(allocate_at)
RMMAP_NAMES(claim)
RMMAP_NAMES(save)
RMMAP_NAMES(restore)
RMMAP_NAMES(grow)
RMMAP_NAMES(trim)
} // namespace names
#undef RMMAP_NAMES

/* The operations table of C for a class. No exception reaches C: a constructor's is caught. */
template <class T> struct operations {
        static_assert(has<allocate_of, T> && !has<allocate_of_copy, T>,
                      "an allocator needs int allocate(size, flags, &, &)");
        static_assert(has<remaining_of, T>, "an allocator needs uint64_t remaining() const");
        static_assert(has<name_of, T> || !names::name<T>,
                      "an allocator's name must be static constexpr const char *name");
        static_assert(has<thread_safe_of, T> || !names::thread_safe<T>,
                      "an allocator's thread_safe must be static constexpr bool thread_safe");
        static_assert((has<create_of, T> && !has<create_of_copy, T>) || !names::create<T>,
                      "an allocator's create must be "
                      "static int create(const rmmap_allocator_args &args, T *&made)");
        static_assert(has<give_back_of, T> || !names::give_back<T>,
                      "an allocator's give_back must be "
                      "int give_back(uint64_t start, uint64_t end)");
        static_assert(has<allocate_at_of, T> || !names::allocate_at<T>,
                      "an allocator's allocate_at must be "
                      "int allocate_at(uint64_t start, uint64_t end)");
        static_assert(has<claim_of, T> || !names::claim<T>,
                      "an allocator's claim must be "
                      "int claim(uint64_t start, uint64_t end) const");
        static_assert((has<save_of, T> && !has<save_of_copy, T>) || !names::save<T>,
                      "an allocator's save must be int save(void *buffer, size_t &length) const");
        static_assert(has<restore_of, T> || !names::restore<T>,
                      "an allocator's restore must be "
                      "int restore(const void *buffer, size_t length)");
        static_assert(has<grow_of, T> || !names::grow<T>,
                      "an allocator's grow must be int grow(uint64_t total)");
        static_assert((has<trim_of, T> && !has<trim_of_copy, T>) || !names::trim<T>,
                      "an allocator's trim must be int trim(uint64_t &total)");
        static_assert(has<grow_of, T> || !has<trim_of, T>,
                      "an allocator that has trim needs grow, too");
        static_assert(!throws<create_of, T>, "an allocator's create must be noexcept");
        static_assert(!throws<allocate_of, T>, "an allocator's allocate must be noexcept");
        static_assert(!throws<remaining_of, T>, "an allocator's remaining must be noexcept");
        static_assert(!throws<give_back_of, T>, "an allocator's give_back must be noexcept");
        static_assert(!throws<allocate_at_of, T>, "an allocator's allocate_at must be noexcept");
        static_assert(!throws<claim_of, T>, "an allocator's claim must be noexcept");
        static_assert(!throws<save_of, T>, "an allocator's save must be noexcept");
        static_assert(!throws<restore_of, T>, "an allocator's restore must be noexcept");
        static_assert(!throws<grow_of, T>, "an allocator's grow must be noexcept");
        static_assert(!throws<trim_of, T>, "an allocator's trim must be noexcept");

        static int create(const ::rmmap_allocator_args *args, void **state) noexcept
        {
                T *made = nullptr;
                int result = 0;

                if constexpr (has<create_of, T>) {
                        result = T::create(*args, made);
                } else {
#if defined(__cpp_exceptions)
                        try {
                                made = new T(*args);
                        } catch (const std::bad_alloc &) {
                                result = -ENOMEM;
                        } catch (const std::system_error &error) {
                                result = error.code() ? -error.code().value() : -EPROTO;
                        } catch (...) {
                                result = -EPROTO;
                        }
#else
                        made = new (std::nothrow) T(*args);
                        result = made != nullptr ? 0 : -ENOMEM;
#endif
                }
                if (result == 0)
                        *state = made;
                return result;
        }
        static void destroy(void *state) noexcept
        {
                delete static_cast<T *>(state);
        }
        static int allocate(void *state, std::uint64_t size, std::uint32_t flags,
                            std::uint64_t *start, std::uint64_t *end) noexcept
        {
                return static_cast<T *>(state)->allocate(size, flags, *start, *end);
        }
        static std::uint64_t remaining(const void *state) noexcept
        {
                return static_cast<const T *>(state)->remaining();
        }
        static int give_back(void *state, std::uint64_t start, std::uint64_t end) noexcept
        {
                return static_cast<T *>(state)->give_back(start, end);
        }
        static int allocate_at(void *state, std::uint64_t start, std::uint64_t end) noexcept
        {
                return static_cast<T *>(state)->allocate_at(start, end);
        }
        static int claim(const void *state, std::uint64_t start, std::uint64_t end) noexcept
        {
                return static_cast<const T *>(state)->claim(start, end);
        }
        static int save(const void *state, void *buffer, std::size_t *length) noexcept
        {
                return static_cast<const T *>(state)->save(buffer, *length);
        }
        static int restore(void *state, const void *buffer, std::size_t length) noexcept
        {
                return static_cast<T *>(state)->restore(buffer, length);
        }
        static int grow(void *state, std::uint64_t total) noexcept
        {
                return static_cast<T *>(state)->grow(total);
        }
        static int trim(void *state, std::uint64_t *total) noexcept
        {
                return static_cast<T *>(state)->trim(*total);
        }

        static constexpr ::rmmap_allocator_ops table() noexcept
        {
                ::rmmap_allocator_ops ops{};

                ops.size = sizeof(ops);
                if constexpr (has<name_of, T>)
                        ops.name = T::name;
                if constexpr (has<thread_safe_of, T>)
                        ops.flags = T::thread_safe ? RMMAP_ALLOCATOR_THREAD_SAFE : 0;
                ops.create = create;
                ops.destroy = destroy;
                ops.allocate = allocate;
                ops.remaining = remaining;
                if constexpr (has<give_back_of, T>)
                        ops.give_back = give_back;
                if constexpr (has<claim_of, T>)
                        ops.claim = claim;
                if constexpr (has<save_of, T>)
                        ops.save = save;
                if constexpr (has<restore_of, T>)
                        ops.restore = restore;
                if constexpr (has<allocate_at_of, T>)
                        ops.allocate_at = allocate_at;
                if constexpr (has<grow_of, T>)
                        ops.grow = grow;
                if constexpr (has<trim_of, T>)
                        ops.trim = trim;
                return ops;
        }
};
} // namespace detail

/*
 * An allocator as a class; rmmap.h describes allocators, and allocator-contract tests them. Every
 * member function is noexcept, except the constructor, and returns what the op of that name
 * returns. T must have:
 *
 *      explicit T(const rmmap_allocator_args &args);   throws std::system_error to refuse
 *      int allocate(uint64_t size, uint32_t flags, uint64_t &start, uint64_t &end);
 *      uint64_t remaining() const;
 *
 * T may have these members; a member of such a name with another signature doesn't compile:
 *
 *      static constexpr const char *name;
 *      static constexpr bool thread_safe;              RMMAP_ALLOCATOR_THREAD_SAFE
 *      static int create(const rmmap_allocator_args &args, T *&made);    instead of the
 *                                                      constructor; made by new
 *      int give_back(uint64_t start, uint64_t end);
 *      int claim(uint64_t start, uint64_t end) const;
 *      int save(void *buffer, size_t &length) const;
 *      int restore(const void *buffer, size_t length);
 *      int allocate_at(uint64_t start, uint64_t end);
 *      int grow(uint64_t total);                       while threads call the others
 *      int trim(uint64_t &total);                      needs grow, too
 */
template <class T, std::size_t = sizeof(detail::operations<T>)>
const ::rmmap_allocator_ops &allocator_ops() noexcept
{
        static constexpr ::rmmap_allocator_ops ops = detail::operations<T>::table();

        return ops;
}

/* ---- options ------------------------------------------------------------------------------- */

enum class engine : std::uint32_t {
        automatic = RMMAP_ENGINE_AUTO,
        map = RMMAP_ENGINE_MAP,
        pwrite = RMMAP_ENGINE_PWRITE,
};

enum class pattern : std::uint32_t {
        unknown = RMMAP_PATTERN_UNKNOWN,
        dense = RMMAP_PATTERN_DENSE,
        scattered = RMMAP_PATTERN_SCATTERED,
        sequential = RMMAP_PATTERN_SEQUENTIAL,
        random = RMMAP_PATTERN_RANDOM,
};

/* Options of an open file; calls can be chained: options().must_create().mode(0600). */
class options
{
        ::rmmap_options value_{};
        ::rmmap_checkpoint checkpoint_{}; /* size 0: none */

        constexpr options &add(std::uint32_t flag) noexcept
        {
                value_.flags |= flag;
                return *this;
        }

      public:
        constexpr options() noexcept
        {
                value_.size = sizeof(value_);
        }

        /* The open copies the ops; the memory of config must stay valid until then. */
        constexpr options &allocator(const ::rmmap_allocator_ops &ops,
                                     const void *config = nullptr) noexcept
        {
                value_.allocator = &ops;
                value_.allocator_config = config;
                return *this;
        }
        template <class T, std::size_t = sizeof(detail::operations<T>)>
        constexpr options &allocator(const void *config = nullptr) noexcept
        {
                return allocator(allocator_ops<T>(), config);
        }
        constexpr options &allocate_from(std::uint64_t offset) noexcept
        {
                value_.allocate_from = offset;
                return *this;
        }
        constexpr options &mode(std::uint32_t permissions) noexcept
        {
                value_.mode = permissions;
                return *this;
        }
        constexpr options &engine(rmmap::engine choice) noexcept
        {
                value_.engine = static_cast<std::uint32_t>(choice);
                return *this;
        }
        constexpr options &pattern(rmmap::pattern hint) noexcept
        {
                value_.pattern = static_cast<std::uint32_t>(hint);
                return *this;
        }

        constexpr options &max_size(std::uint64_t highest) noexcept
        {
                value_.max_size = highest;
                return *this;
        }

        constexpr options &grow_step(std::uint64_t step) noexcept
        {
                value_.grow_step = step;
                return *this;
        }

        constexpr options &dirty_limit(std::uint64_t limit) noexcept
        {
                value_.dirty_limit = limit;
                return *this;
        }

        /*
         * What is synced is recorded in the side file at path, for this identity, and a later run
         * goes on from there. The memory of both must stay valid until the open.
         */
        options &checkpoint(path_name path, const_buffer identity) noexcept
        {
                checkpoint_ = {sizeof(checkpoint_), path.c_str(), identity.data(), identity.size()};
                return *this;
        }

        /* The flags RMMAP_MUST_CREATE and so on: one by one, or with flags() all at once. */
        constexpr options &must_create() noexcept
        {
                return add(RMMAP_MUST_CREATE);
        }
        constexpr options &read_only() noexcept
        {
                return add(RMMAP_READ_ONLY);
        }
        constexpr options &no_preallocate() noexcept
        {
                return add(RMMAP_NO_PREALLOCATE);
        }
        constexpr options &populate() noexcept
        {
                return add(RMMAP_POPULATE);
        }
        constexpr options &huge_pages() noexcept
        {
                return add(RMMAP_HUGE_PAGES);
        }
        constexpr options &lock_file() noexcept
        {
                return add(RMMAP_LOCK_FILE);
        }
        constexpr options &catch_faults() noexcept
        {
                return add(RMMAP_CATCH_FAULTS);
        }
        constexpr options &no_follow() noexcept
        {
                return add(RMMAP_NO_FOLLOW);
        }
        constexpr options &write_behind() noexcept
        {
                return add(RMMAP_WRITE_BEHIND);
        }
        constexpr options &rewrite() noexcept
        {
                return add(RMMAP_REWRITE);
        }
        constexpr options &shared_claims() noexcept
        {
                return add(RMMAP_SHARED_CLAIMS);
        }
        constexpr options &keep() noexcept
        {
                return add(RMMAP_KEEP);
        }
        constexpr options &uncached() noexcept
        {
                return add(RMMAP_UNCACHED);
        }
        constexpr options &unnamed() noexcept
        {
                return add(RMMAP_UNNAMED);
        }
        constexpr options &punch_holes() noexcept
        {
                return add(RMMAP_PUNCH_HOLES);
        }
        constexpr options &flags(std::uint32_t all) noexcept
        {
                value_.flags = all;
                return *this;
        }

        /* For calls in C, as long as these options live. */
        constexpr ::rmmap_options native() const noexcept
        {
                ::rmmap_options all = value_;

                if (checkpoint_.size != 0)
                        all.checkpoint = &checkpoint_;
                return all;
        }
};

/* ---- the file ------------------------------------------------------------------------------ */

/*
 * What describe fills: facts are RMMAP_FACT_..., uncached is RMMAP_UNCACHED_OFF and so on; the
 * strings are valid as long as the handle.
 */
using info = ::rmmap_info;

/* What file::next_recorded finds: the bytes [start, end); false: nothing from there on. */
struct recorded_bytes {
        std::uint64_t start = 0, end = 0;

        explicit constexpr operator bool() const noexcept
        {
                return start < end;
        }
};

/*
 * One reference. Any threads may call functions through any reference; moving, assigning, resetting
 * and destroying one is for one thread at a time, as with std::shared_ptr. All functions that work
 * on the file are const, because they don't change which file it is.
 */
class RMMAP_CONSUMABLE(unconsumed) file
{
        ::rmmap_file *handle_ = nullptr;

        friend class queue;

      public:
        constexpr file() noexcept = default;
        /* Takes over a reference from C. */
        RMMAP_RETURN_TYPESTATE(unknown)
        explicit constexpr file(::rmmap_file *handle) noexcept : handle_(handle)
        {
        }
        constexpr file(file &&from) noexcept : handle_(from.handle_)
        {
                from.handle_ = nullptr;
        }
        file &operator=(file &&from) noexcept
        {
                ::rmmap_file *const handle = from.detach();

                reset();
                handle_ = handle;
                return *this;
        }
        file(const file &) = delete;
        file &operator=(const file &) = delete;
        /* Releases the reference. It can't report write-back errors: call sync_all first. */
        ~file()
        {
                if (handle_ != nullptr)
                        ::rmmap_release(handle_);
        }

        RMMAP_TEST_TYPESTATE(unconsumed)
        explicit operator bool() const noexcept
        {
                return handle_ != nullptr;
        }
        /* As range::take. */
        RMMAP_ALIVE
        RMMAP_SET_TYPESTATE(consumed)
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] file take() noexcept
        {
                return static_cast<file &&>(*this);
        }
        /* Adds a reference; the only way to get a second one. */
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] file clone() const noexcept
        {
                return file(::rmmap_clone(handle_));
        }
        /* As rmmap_release: drops the reference before the destructor does. */
        RMMAP_SET_TYPESTATE(consumed)
        void reset() noexcept
        {
                ::rmmap_file *const handle = handle_;

                handle_ = nullptr;
                if (handle != nullptr)
                        ::rmmap_release(handle);
        }
        /* As rmmap_close: syncs, drops the reference, and tells. This object is then empty. */
        RMMAP_SET_TYPESTATE(consumed)
        void close(std::error_code &error) noexcept
        {
                ::rmmap_file *const handle = handle_;

                handle_ = nullptr;
                detail::tell(::rmmap_close(handle), error);
        }
        /* Passes the reference to C code, which must release it; this object is then empty. */
        RMMAP_SET_TYPESTATE(consumed)
        [[nodiscard]] ::rmmap_file *detach() noexcept
        {
                ::rmmap_file *const handle = handle_;

                handle_ = nullptr;
                return handle;
        }
        /* For calls in C; this object keeps the reference. */
        ::rmmap_file *native() const noexcept
        {
                return handle_;
        }

        RMMAP_ALIVE
        std::uint64_t size() const noexcept
        {
                return ::rmmap_size(handle_);
        }
        /* The error that every sync gives from now on; without I/O. EINVAL of a moved-from file. */
        RMMAP_ALIVE
        std::error_code error() const noexcept
        {
                return {-::rmmap_error(handle_), std::generic_category()};
        }
        /* Bytes left to allocate; and the file's size minus that. */
        RMMAP_ALIVE
        std::uint64_t remaining() const noexcept
        {
                return ::rmmap_remaining(handle_);
        }
        RMMAP_ALIVE
        std::uint64_t allocated() const noexcept
        {
                return ::rmmap_allocated(handle_);
        }

        /* ---- with a std::error_code: ranges ---- */

        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        [[nodiscard]] range allocate(std::uint64_t size, std::error_code &error) const noexcept
        {
                range made{detail::uninitialized{}};

                if (!detail::tell(::rmmap_allocate(handle_, size, &made.value_), error))
                        made.clear();
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        [[nodiscard]] range allocate_exact(std::uint64_t size,
                                           std::error_code &error) const noexcept
        {
                range made{detail::uninitialized{}};

                if (!detail::tell(::rmmap_allocate_exact(handle_, size, &made.value_), error))
                        made.clear();
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        [[nodiscard]] range allocate_at(std::uint64_t start, std::uint64_t end,
                                        std::error_code &error) const noexcept
        {
                range made{detail::uninitialized{}};

                if (!detail::tell(::rmmap_allocate_at(handle_, start, end, &made.value_), error))
                        made.clear();
                return made;
        }
        /* With options::shared_claims, claim and decode can give a second range of bytes. */
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        [[nodiscard]] range claim_range(std::uint64_t start, std::uint64_t end,
                                        std::error_code &error) const noexcept
        {
                range made{detail::uninitialized{}};

                if (!detail::tell(::rmmap_claim_range(handle_, start, end, &made.value_), error))
                        made.clear();
                return made;
        }
        /* Consumes the range on success; its bytes keep their content and can be claimed. */
        RMMAP_ALIVE
        void unclaim_range(RMMAP_GIVEN range &&given, std::error_code &error) const noexcept
        {
                if (detail::tell(::rmmap_unclaim_range(handle_, given.value_), error))
                        given.clear();
        }
        RMMAP_ALIVE
        void give_back_range(RMMAP_GIVEN range &&given, std::error_code &error) const noexcept
        {
                if (detail::tell(::rmmap_give_back_range(handle_, given.value_), error))
                        given.clear();
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        [[nodiscard]] range range_decode(const_buffer encoded,
                                         std::error_code &error) const noexcept
        {
                range made{detail::uninitialized{}};

                if (!detail::tell(::rmmap_range_decode(handle_, encoded.data(), encoded.size(),
                                                       &made.value_),
                                  error))
                        made.clear();
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        [[nodiscard]] receipt receipt_decode(const_buffer encoded,
                                             std::error_code &error) const noexcept
        {
                receipt made{detail::uninitialized{}};

                if (!detail::tell(::rmmap_receipt_decode(handle_, encoded.data(), encoded.size(),
                                                         &made.value_),
                                  error))
                        made.clear();
                return made;
        }
        /* Returns the bytes used; with ENOBUFS, and with mutable_buffer(), the bytes needed. */
        RMMAP_ALIVE
        std::size_t allocator_save(mutable_buffer buffer, std::error_code &error) const noexcept
        {
                std::size_t length = buffer.size();
                const int result = ::rmmap_allocator_save(handle_, buffer.data(), &length);

                return detail::tell(result, error) || result == -ENOBUFS ? length : 0;
        }
        RMMAP_ALIVE
        void allocator_restore(const_buffer saved, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_allocator_restore(handle_, saved.data(), saved.size()), error);
        }

        /* ---- with a std::error_code: writing and reading ---- */

        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        receipt write_range(RMMAP_GIVEN range &&given, const_buffer data,
                            std::error_code &error) const noexcept
        {
                receipt made{detail::uninitialized{}};
                const int result = ::rmmap_write_range(handle_, given.value_, data.data(),
                                                       data.size(), &made.value_);

                exchange(detail::tell(result, error), given, made);
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        receipt write_range_durable(RMMAP_GIVEN range &&given, const_buffer data,
                                    std::error_code &error) const noexcept
        {
                receipt made{detail::uninitialized{}};
                const int result = ::rmmap_write_range_durable(handle_, given.value_, data.data(),
                                                               data.size(), &made.value_);

                exchange(detail::tell(result, error), given, made);
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        receipt writev_range(RMMAP_GIVEN range &&given, span<const ::iovec> pieces,
                             std::error_code &error) const noexcept
        {
                receipt made{detail::uninitialized{}};
                const int result =
                        ::rmmap_writev_range(handle_, given.value_, pieces.data(),
                                             detail::as_count(pieces.size()), &made.value_);

                exchange(detail::tell(result, error), given, made);
                return made;
        }
#ifndef _WIN32
        /*
         * Takes the range by reference, because the call may have to be repeated, and consumes it
         * with the last byte. In a loop: call; if (!range || error != std::errc::interrupted)
         * break;
         */
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        receipt write_range_from_fd(RMMAP_GIVEN RMMAP_RETURN_TYPESTATE(unknown) range &given,
                                    int fd, std::uint64_t &done,
                                    std::error_code &error) const noexcept
        {
                receipt made{detail::uninitialized{}};
                const int result =
                        ::rmmap_write_range_from_fd(handle_, given.value_, fd, &done, &made.value_);

                exchange(detail::tell(result, error), given, made);
                return made;
        }
#endif
        /* The range is const: several threads may write pieces of it. */
        RMMAP_ALIVE
        void write_within(RMMAP_GIVEN const range &within, std::uint64_t offset, const_buffer data,
                          std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_write_within(handle_, within.value_, offset, data.data(),
                                                  data.size()),
                             error);
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unknown)
        receipt mark_written(RMMAP_GIVEN range &&given, std::error_code &error) const noexcept
        {
                receipt made{detail::uninitialized{}};
                const int result = ::rmmap_mark_written(handle_, given.value_, &made.value_);

                exchange(detail::tell(result, error), given, made);
                return made;
        }
        /* Reads a range, or the range of a receipt; returns the length. */
        RMMAP_ALIVE
        std::size_t read_range(RMMAP_GIVEN const range &from, mutable_buffer buffer,
                               std::error_code &error) const noexcept
        {
                return read_value(from.value_, buffer, error);
        }
        RMMAP_ALIVE
        std::size_t read_range(RMMAP_GIVEN const receipt &from, mutable_buffer buffer,
                               std::error_code &error) const noexcept
        {
                return read_value(::rmmap_receipt_range(from.value_), buffer, error);
        }
        RMMAP_ALIVE
        void read_within(RMMAP_GIVEN const range &from, std::uint64_t offset, mutable_buffer buffer,
                         std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_read_within(handle_, from.value_, offset, buffer.data(),
                                                 buffer.size()),
                             error);
        }
        RMMAP_ALIVE
        void read_within(RMMAP_GIVEN const receipt &from, std::uint64_t offset,
                         mutable_buffer buffer, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_read_within(handle_, ::rmmap_receipt_range(from.value_),
                                                 offset, buffer.data(), buffer.size()),
                             error);
        }
        /* Addresses in the mapping. The compiler can't check ranges behind them. */
        RMMAP_ALIVE
        bytes range_data(RMMAP_GIVEN const range &of, std::error_code &error) const noexcept
        {
                void *data;

                if (!detail::tell(::rmmap_range_data(handle_, of.value_, &data), error))
                        return {};
                return {static_cast<std::byte *>(data), length_of(of.value_)};
        }
        RMMAP_ALIVE
        const_bytes range_view(RMMAP_GIVEN const range &of, std::error_code &error) const noexcept
        {
                return view_value(of.value_, error);
        }
        RMMAP_ALIVE
        const_bytes range_view(RMMAP_GIVEN const receipt &of, std::error_code &error) const noexcept
        {
                return view_value(::rmmap_receipt_range(of.value_), error);
        }

        /* ---- with a std::error_code: making it durable ---- */

        RMMAP_ALIVE
        void flush(std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_flush(handle_), error);
        }
        RMMAP_ALIVE
        void flush_range(RMMAP_GIVEN const receipt &written, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_flush_range(handle_, written.value_), error);
        }
        RMMAP_ALIVE
        void sync_range(RMMAP_GIVEN const receipt &written, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_sync_range(handle_, written.value_), error);
        }
        RMMAP_ALIVE
        void sync_ranges(span<const receipt> written, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_sync_ranges(handle_, values(written), written.size()), error);
        }
        RMMAP_ALIVE
        void sync_within(RMMAP_GIVEN const range &within, std::uint64_t offset,
                         std::uint64_t length, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_sync_within(handle_, within.value_, offset, length), error);
        }
        RMMAP_ALIVE
        void sync_all(std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_sync_all(handle_), error);
        }
        /*
         * The first bytes at or behind from that the checkpoint has recorded, for a loop:
         * while (const auto done = file.next_recorded(at)) at = done.end;
         */
        RMMAP_ALIVE
        recorded_bytes next_recorded(std::uint64_t from, std::error_code &error) const noexcept
        {
                recorded_bytes found;
                const int result = ::rmmap_next_recorded(handle_, from, &found.start, &found.end);

                detail::tell(result == -ENODATA ? 0 : result, error);
                return found;
        }
        RMMAP_ALIVE
        void grow(std::uint64_t size, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_grow(handle_, size), error);
        }
        /* As rmmap_trim: this must be the only reference, and no other thread may use it. */
        RMMAP_ALIVE
        void trim(std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_trim(handle_), error);
        }
        /*
         * As rmmap_publish: this must be the only reference, and no other thread may use it. Spans
         * of data and view functions end. flags: RMMAP_PUBLISH_...
         */
        RMMAP_ALIVE
        void publish(path_name path, std::uint64_t size, std::uint32_t flags,
                     std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_publish(handle_, path.c_str(), size, flags), error);
        }
        RMMAP_ALIVE
        void publish(path_name path, std::uint64_t size, std::error_code &error) const noexcept
        {
                publish(path, size, 0, error);
        }

        /* ---- with a std::error_code: raw access, faults, the handle ---- */

        RMMAP_ALIVE
        void raw_write(std::uint64_t offset, const_buffer data,
                       std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_raw_write(handle_, offset, data.data(), data.size()), error);
        }
        /* Returns the number of bytes that were read. */
        RMMAP_ALIVE
        std::size_t raw_read(std::uint64_t offset, mutable_buffer buffer,
                             std::error_code &error) const noexcept
        {
                std::size_t length = 0;

                detail::tell(
                        ::rmmap_raw_read(handle_, offset, buffer.data(), buffer.size(), &length),
                        error);
                return length;
        }
        RMMAP_ALIVE
        void raw_flush(std::uint64_t offset, std::uint64_t length,
                       std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_raw_flush(handle_, offset, length), error);
        }
        RMMAP_ALIVE
        void raw_sync(std::uint64_t offset, std::uint64_t length,
                      std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_raw_sync(handle_, offset, length), error);
        }
        RMMAP_ALIVE
        void raw_fill(unsigned char byte, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_raw_fill(handle_, byte), error);
        }
        RMMAP_ALIVE
        void raw_zero(std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_raw_zero(handle_), error);
        }
        RMMAP_ALIVE
        bytes raw_data(std::error_code &error) const noexcept
        {
                void *data;

                if (!detail::tell(::rmmap_raw_data(handle_, &data), error))
                        return {};
                return {static_cast<std::byte *>(data), length_of_file()};
        }
        RMMAP_ALIVE
        const_bytes raw_view(std::error_code &error) const noexcept
        {
                const void *data;

                if (!detail::tell(::rmmap_raw_view(handle_, &data), error))
                        return {};
                return {static_cast<const std::byte *>(data), length_of_file()};
        }
        /*
         * Calls body(), which must be noexcept and return an int or nothing, and returns its
         * result. A fault leaves body by a jump: no destructor runs, so body must not have objects
         * that need one.
         */
        template <class Body>
        RMMAP_ALIVE auto guard_call(Body &&body, std::error_code &error) const noexcept
        {
                detail::guarded<std::remove_reference_t<Body>> guarded{__builtin_addressof(body)};
                int value = 0;

                detail::tell(::rmmap_guard_call(handle_, guarded.call, &guarded, &value), error);
                return guarded.as_result(value);
        }
        RMMAP_ALIVE
        rmmap::info describe(std::error_code &error) const noexcept
        {
                rmmap::info result{};

                result.size = sizeof(result);
                detail::tell(::rmmap_describe(handle_, &result), error);
                return result;
        }
#ifdef _WIN32
        /* A HANDLE, which stays the handle's; NULL where there is none. */
        RMMAP_ALIVE
        void *handle() const noexcept
        {
                return ::rmmap_handle(handle_);
        }
#else
        /* Stays the handle's; -1 where there is none. */
        RMMAP_ALIVE
        int fd(std::error_code &error) const noexcept
        {
                const int result = ::rmmap_fd(handle_);

                return detail::tell(result, error) ? result : -1;
        }
#endif

#if defined(__cpp_exceptions)
        /* ---- the same by exceptions: ranges ---- */

        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] range allocate(std::uint64_t size) const
        {
                range made{detail::uninitialized{}};

                detail::check(::rmmap_allocate(handle_, size, &made.value_), "rmmap_allocate",
                              "# bytes wanted, # left", size, detail::left{handle_});
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] range allocate_exact(std::uint64_t size) const
        {
                range made{detail::uninitialized{}};

                detail::check(::rmmap_allocate_exact(handle_, size, &made.value_),
                              "rmmap_allocate_exact", "# bytes wanted, # left", size,
                              detail::left{handle_});
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] range allocate_at(std::uint64_t start, std::uint64_t end) const
        {
                range made{detail::uninitialized{}};

                detail::check(::rmmap_allocate_at(handle_, start, end, &made.value_),
                              "rmmap_allocate_at", "# to # of a file of #", start, end, handle_);
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] range claim_range(std::uint64_t start, std::uint64_t end) const
        {
                range made{detail::uninitialized{}};

                detail::check(::rmmap_claim_range(handle_, start, end, &made.value_),
                              "rmmap_claim_range", "# to # of a file of #", start, end, handle_);
                return made;
        }
        RMMAP_ALIVE
        void unclaim_range(RMMAP_GIVEN range &&given) const
        {
                detail::check(::rmmap_unclaim_range(handle_, given.value_), "rmmap_unclaim_range");
                given.clear();
        }
        RMMAP_ALIVE
        void give_back_range(RMMAP_GIVEN range &&given) const
        {
                detail::check(::rmmap_give_back_range(handle_, given.value_),
                              "rmmap_give_back_range");
                given.clear();
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] range range_decode(const_buffer encoded) const
        {
                range made{detail::uninitialized{}};

                detail::check(
                        ::rmmap_range_decode(handle_, encoded.data(), encoded.size(), &made.value_),
                        "rmmap_range_decode", "# bytes for #", encoded.size(),
                        std::size_t{RMMAP_RANGE_ENCODED_SIZE});
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        [[nodiscard]] receipt receipt_decode(const_buffer encoded) const
        {
                receipt made{detail::uninitialized{}};

                detail::check(::rmmap_receipt_decode(handle_, encoded.data(), encoded.size(),
                                                     &made.value_),
                              "rmmap_receipt_decode", "# bytes for #", encoded.size(),
                              std::size_t{RMMAP_RECEIPT_ENCODED_SIZE});
                return made;
        }
        RMMAP_ALIVE
        std::size_t allocator_save(mutable_buffer buffer) const
        {
                std::size_t length = buffer.size();

                detail::check(::rmmap_allocator_save(handle_, buffer.data(), &length),
                              "rmmap_allocator_save", "a buffer of # bytes for #", buffer.size(),
                              length);
                return length;
        }
        RMMAP_ALIVE
        void allocator_restore(const_buffer saved) const
        {
                detail::check(::rmmap_allocator_restore(handle_, saved.data(), saved.size()),
                              "rmmap_allocator_restore");
        }

        /* ---- the same by exceptions: writing and reading ---- */

        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        receipt write_range(RMMAP_GIVEN range &&given, const_buffer data) const
        {
                receipt made{detail::uninitialized{}};

                detail::check(::rmmap_write_range(handle_, given.value_, data.data(), data.size(),
                                                  &made.value_),
                              "rmmap_write_range", detail::into_range, data.size(), given.value_);
                given.clear();
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        receipt write_range_durable(RMMAP_GIVEN range &&given, const_buffer data) const
        {
                receipt made{detail::uninitialized{}};

                detail::check(::rmmap_write_range_durable(handle_, given.value_, data.data(),
                                                          data.size(), &made.value_),
                              "rmmap_write_range_durable", detail::into_range, data.size(),
                              given.value_);
                given.clear();
                return made;
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        receipt writev_range(RMMAP_GIVEN range &&given, span<const ::iovec> pieces) const
        {
                receipt made{detail::uninitialized{}};

                detail::check(::rmmap_writev_range(handle_, given.value_, pieces.data(),
                                                   detail::as_count(pieces.size()), &made.value_),
                              "rmmap_writev_range", detail::into_range, pieces, given.value_);
                given.clear();
                return made;
        }
#ifndef _WIN32
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        receipt write_range_from_fd(RMMAP_GIVEN RMMAP_RETURN_TYPESTATE(unknown) range &given,
                                    int fd, std::uint64_t &done) const
        {
                receipt made{detail::uninitialized{}};

                detail::check(
                        ::rmmap_write_range_from_fd(handle_, given.value_, fd, &done, &made.value_),
                        "rmmap_write_range_from_fd", "# of # bytes", done, given.value_);
                given.clear();
                return made;
        }
#endif
        RMMAP_ALIVE
        void write_within(RMMAP_GIVEN const range &within, std::uint64_t offset,
                          const_buffer data) const
        {
                detail::check(::rmmap_write_within(handle_, within.value_, offset, data.data(),
                                                   data.size()),
                              "rmmap_write_within", detail::at_range, data.size(), offset,
                              within.value_);
        }
        RMMAP_ALIVE
        RMMAP_RETURN_TYPESTATE(unconsumed)
        receipt mark_written(RMMAP_GIVEN range &&given) const
        {
                receipt made{detail::uninitialized{}};

                detail::check(::rmmap_mark_written(handle_, given.value_, &made.value_),
                              "rmmap_mark_written");
                given.clear();
                return made;
        }
        RMMAP_ALIVE
        std::size_t read_range(RMMAP_GIVEN const range &from, mutable_buffer buffer) const
        {
                return read_value(from.value_, buffer);
        }
        RMMAP_ALIVE
        std::size_t read_range(RMMAP_GIVEN const receipt &from, mutable_buffer buffer) const
        {
                return read_value(::rmmap_receipt_range(from.value_), buffer);
        }
        RMMAP_ALIVE
        void read_within(RMMAP_GIVEN const range &from, std::uint64_t offset,
                         mutable_buffer buffer) const
        {
                detail::check(::rmmap_read_within(handle_, from.value_, offset, buffer.data(),
                                                  buffer.size()),
                              "rmmap_read_within", detail::at_range, buffer.size(), offset,
                              from.value_);
        }
        RMMAP_ALIVE
        void read_within(RMMAP_GIVEN const receipt &from, std::uint64_t offset,
                         mutable_buffer buffer) const
        {
                detail::check(::rmmap_read_within(handle_, ::rmmap_receipt_range(from.value_),
                                                  offset, buffer.data(), buffer.size()),
                              "rmmap_read_within", detail::at_range, buffer.size(), offset,
                              from.value_);
        }
        RMMAP_ALIVE
        bytes range_data(RMMAP_GIVEN const range &of) const
        {
                void *data;

                detail::check(::rmmap_range_data(handle_, of.value_, &data), "rmmap_range_data");
                return {static_cast<std::byte *>(data), length_of(of.value_)};
        }
        RMMAP_ALIVE
        const_bytes range_view(RMMAP_GIVEN const range &of) const
        {
                return view_value(of.value_);
        }
        RMMAP_ALIVE
        const_bytes range_view(RMMAP_GIVEN const receipt &of) const
        {
                return view_value(::rmmap_receipt_range(of.value_));
        }

        /* ---- the same by exceptions: making it durable ---- */

        RMMAP_ALIVE
        void flush() const
        {
                detail::check(::rmmap_flush(handle_), "rmmap_flush");
        }
        RMMAP_ALIVE
        void flush_range(RMMAP_GIVEN const receipt &written) const
        {
                detail::check(::rmmap_flush_range(handle_, written.value_), "rmmap_flush_range");
        }
        RMMAP_ALIVE
        void sync_range(RMMAP_GIVEN const receipt &written) const
        {
                detail::check(::rmmap_sync_range(handle_, written.value_), "rmmap_sync_range");
        }
        RMMAP_ALIVE
        void sync_ranges(span<const receipt> written) const
        {
                detail::check(::rmmap_sync_ranges(handle_, values(written), written.size()),
                              "rmmap_sync_ranges");
        }
        RMMAP_ALIVE
        void sync_within(RMMAP_GIVEN const range &within, std::uint64_t offset,
                         std::uint64_t length) const
        {
                detail::check(::rmmap_sync_within(handle_, within.value_, offset, length),
                              "rmmap_sync_within", detail::at_range, length, offset, within.value_);
        }
        RMMAP_ALIVE
        void sync_all() const
        {
                detail::check(::rmmap_sync_all(handle_), "rmmap_sync_all");
        }
        RMMAP_ALIVE
        recorded_bytes next_recorded(std::uint64_t from) const
        {
                std::error_code error;
                const recorded_bytes found = next_recorded(from, error);

                detail::check(-error.value(), "rmmap_next_recorded");
                return found;
        }
        RMMAP_SET_TYPESTATE(consumed)
        void close()
        {
                ::rmmap_file *const handle = handle_;

                handle_ = nullptr;
                detail::check(::rmmap_close(handle), "rmmap_close");
        }
        RMMAP_ALIVE
        void grow(std::uint64_t size) const
        {
                detail::check(::rmmap_grow(handle_, size), "rmmap_grow");
        }
        RMMAP_ALIVE
        void trim() const
        {
                detail::check(::rmmap_trim(handle_), "rmmap_trim");
        }
        RMMAP_ALIVE
        void publish(path_name path, std::uint64_t size, std::uint32_t flags = 0) const
        {
                detail::check(::rmmap_publish(handle_, path.c_str(), size, flags), "rmmap_publish");
        }

        /* ---- the same by exceptions: raw access, faults, the handle ---- */

        RMMAP_ALIVE
        void raw_write(std::uint64_t offset, const_buffer data) const
        {
                detail::check(::rmmap_raw_write(handle_, offset, data.data(), data.size()),
                              "rmmap_raw_write", detail::at_file, data.size(), offset, handle_);
        }
        RMMAP_ALIVE
        std::size_t raw_read(std::uint64_t offset, mutable_buffer buffer) const
        {
                std::size_t length;

                detail::check(
                        ::rmmap_raw_read(handle_, offset, buffer.data(), buffer.size(), &length),
                        "rmmap_raw_read");
                return length;
        }
        RMMAP_ALIVE
        void raw_flush(std::uint64_t offset, std::uint64_t length) const
        {
                detail::check(::rmmap_raw_flush(handle_, offset, length), "rmmap_raw_flush",
                              detail::at_file, length, offset, handle_);
        }
        RMMAP_ALIVE
        void raw_sync(std::uint64_t offset, std::uint64_t length) const
        {
                detail::check(::rmmap_raw_sync(handle_, offset, length), "rmmap_raw_sync",
                              detail::at_file, length, offset, handle_);
        }
        RMMAP_ALIVE
        void raw_fill(unsigned char byte) const
        {
                detail::check(::rmmap_raw_fill(handle_, byte), "rmmap_raw_fill");
        }
        RMMAP_ALIVE
        void raw_zero() const
        {
                detail::check(::rmmap_raw_zero(handle_), "rmmap_raw_zero");
        }
        RMMAP_ALIVE
        bytes raw_data() const
        {
                void *data;

                detail::check(::rmmap_raw_data(handle_, &data), "rmmap_raw_data");
                return {static_cast<std::byte *>(data), length_of_file()};
        }
        RMMAP_ALIVE
        const_bytes raw_view() const
        {
                const void *data;

                detail::check(::rmmap_raw_view(handle_, &data), "rmmap_raw_view");
                return {static_cast<const std::byte *>(data), length_of_file()};
        }
        template <class Body> RMMAP_ALIVE auto guard_call(Body &&body) const
        {
                detail::guarded<std::remove_reference_t<Body>> guarded{__builtin_addressof(body)};
                int value;

                detail::check(::rmmap_guard_call(handle_, guarded.call, &guarded, &value),
                              "rmmap_guard_call");
                return guarded.as_result(value);
        }
        RMMAP_ALIVE
        rmmap::info describe() const
        {
                rmmap::info result{};

                result.size = sizeof(result);
                detail::check(::rmmap_describe(handle_, &result), "rmmap_describe");
                return result;
        }
#ifndef _WIN32
        RMMAP_ALIVE
        int fd() const
        {
                return detail::check(::rmmap_fd(handle_), "rmmap_fd");
        }
#endif
#endif

      private:
        /*
         * Stores the receipt and clears the range, or leaves the range as it was, without a
         * receipt.
         */
        static void exchange(bool done, range &given, receipt &made) noexcept
        {
                if (done)
                        given.clear();
                else
                        made.clear();
        }
        static std::size_t length_of(const ::rmmap_range &value) noexcept
        {
                return static_cast<std::size_t>(::rmmap_range_length(value));
        }
        std::size_t length_of_file() const noexcept
        {
                return static_cast<std::size_t>(::rmmap_size(handle_));
        }
        static const ::rmmap_receipt *values(span<const receipt> receipts) noexcept
        {
                return reinterpret_cast<const ::rmmap_receipt *>(receipts.data());
        }
        std::size_t read_value(const ::rmmap_range &value, mutable_buffer buffer,
                               std::error_code &error) const noexcept
        {
                std::size_t length = 0;

                detail::tell(
                        ::rmmap_read_range(handle_, value, buffer.data(), buffer.size(), &length),
                        error);
                return length;
        }
        const_bytes view_value(const ::rmmap_range &value, std::error_code &error) const noexcept
        {
                const void *data;

                if (!detail::tell(::rmmap_range_view(handle_, value, &data), error))
                        return {};
                return {static_cast<const std::byte *>(data), length_of(value)};
        }
#if defined(__cpp_exceptions)
        std::size_t read_value(const ::rmmap_range &value, mutable_buffer buffer) const
        {
                std::size_t length;

                detail::check(
                        ::rmmap_read_range(handle_, value, buffer.data(), buffer.size(), &length),
                        "rmmap_read_range", "a buffer of # bytes for a range of #", buffer.size(),
                        value);
                return length;
        }
        const_bytes view_value(const ::rmmap_range &value) const
        {
                const void *data;

                detail::check(::rmmap_range_view(handle_, value, &data), "rmmap_range_view");
                return {static_cast<const std::byte *>(data), length_of(value)};
        }
#endif
};

/* ---- opening ------------------------------------------------------------------------------- */

RMMAP_RETURN_TYPESTATE(unknown)
[[nodiscard]] inline file create(path_name path, std::uint64_t size, const options &chosen,
                                 std::error_code &error) noexcept
{
        const ::rmmap_options native = chosen.native();
        ::rmmap_file *made = nullptr;

        detail::tell(::rmmap_create(path.c_str(), size, &native, &made), error);
        return file(made);
}

RMMAP_RETURN_TYPESTATE(unknown)
[[nodiscard]] inline file create(path_name path, std::uint64_t size,
                                 std::error_code &error) noexcept
{
        return create(path, size, options(), error);
}

RMMAP_RETURN_TYPESTATE(unknown)
[[nodiscard]] inline file open(path_name path, const options &chosen,
                               std::error_code &error) noexcept
{
        const ::rmmap_options native = chosen.native();
        ::rmmap_file *made = nullptr;

        detail::tell(::rmmap_open(path.c_str(), &native, &made), error);
        return file(made);
}

RMMAP_RETURN_TYPESTATE(unknown)
[[nodiscard]] inline file open(path_name path, std::error_code &error) noexcept
{
        return open(path, options(), error);
}

#ifdef _WIN32
RMMAP_RETURN_TYPESTATE(unknown)
[[nodiscard]] inline file open_handle(void *handle, const options &chosen,
                                      std::error_code &error) noexcept
{
        const ::rmmap_options native = chosen.native();
        ::rmmap_file *made = nullptr;

        detail::tell(::rmmap_open_handle(handle, &native, &made), error);
        return file(made);
}

RMMAP_RETURN_TYPESTATE(unknown)
[[nodiscard]] inline file open_handle(void *handle, std::error_code &error) noexcept
{
        return open_handle(handle, options(), error);
}
#else
RMMAP_RETURN_TYPESTATE(unknown)
[[nodiscard]] inline file open_fd(int fd, const options &chosen, std::error_code &error) noexcept
{
        const ::rmmap_options native = chosen.native();
        ::rmmap_file *made = nullptr;

        detail::tell(::rmmap_open_fd(fd, &native, &made), error);
        return file(made);
}

RMMAP_RETURN_TYPESTATE(unknown)
[[nodiscard]] inline file open_fd(int fd, std::error_code &error) noexcept
{
        return open_fd(fd, options(), error);
}
#endif

#if defined(__cpp_exceptions)
RMMAP_RETURN_TYPESTATE(unconsumed)
[[nodiscard]] inline file create(path_name path, std::uint64_t size, const options &chosen = {})
{
        const ::rmmap_options native = chosen.native();
        ::rmmap_file *made;

        detail::check(::rmmap_create(path.c_str(), size, &native, &made), "rmmap_create",
                      path.c_str());
        return file(made);
}

RMMAP_RETURN_TYPESTATE(unconsumed)
[[nodiscard]] inline file open(path_name path, const options &chosen = {})
{
        const ::rmmap_options native = chosen.native();
        ::rmmap_file *made;

        detail::check(::rmmap_open(path.c_str(), &native, &made), "rmmap_open", path.c_str());
        return file(made);
}

#ifdef _WIN32
RMMAP_RETURN_TYPESTATE(unconsumed)
[[nodiscard]] inline file open_handle(void *handle, const options &chosen = {})
{
        const ::rmmap_options native = chosen.native();
        ::rmmap_file *made;

        detail::check(::rmmap_open_handle(handle, &native, &made), "rmmap_open_handle");
        return file(made);
}
#else
RMMAP_RETURN_TYPESTATE(unconsumed)
[[nodiscard]] inline file open_fd(int fd, const options &chosen = {})
{
        const ::rmmap_options native = chosen.native();
        ::rmmap_file *made;

        detail::check(::rmmap_open_fd(fd, &native, &made), "rmmap_open_fd");
        return file(made);
}
#endif
#endif

/* ---- the queue ----------------------------------------------------------------------------- */

/* cookie, and result: 0 or a negative errno. */
using completion = ::rmmap_completion;

/*
 * Writes and syncs in threads of its own. Moving, assigning, resetting and destroying a queue is
 * for one thread at a time, and no other thread may then call anything on it.
 */
class queue
{
        ::rmmap_queue *handle_ = nullptr;

      public:
        constexpr queue() noexcept = default;
        /* Takes over a queue from C. A literal 0 is a depth. */
        template <typename Handle,
                  typename = std::enable_if_t<std::is_convertible<Handle, ::rmmap_queue *>::value &&
                                              !std::is_integral<Handle>::value>>
        explicit constexpr queue(Handle handle) noexcept : handle_(handle)
        {
        }
        /* depth and threads: 0 is the default. */
        queue(std::uint32_t depth, std::uint32_t threads, std::error_code &error) noexcept
        {
                detail::tell(make(depth, threads), error);
        }
        queue(queue &&from) noexcept : handle_(from.detach())
        {
        }
        queue &operator=(queue &&from) noexcept
        {
                ::rmmap_queue *const handle = from.detach();

                reset();
                handle_ = handle;
                return *this;
        }
        queue(const queue &) = delete;
        queue &operator=(const queue &) = delete;
        /* Waits until all that was submitted is done. */
        ~queue()
        {
                reset();
        }

        explicit operator bool() const noexcept
        {
                return handle_ != nullptr;
        }
        /* As rmmap_queue_release: what the destructor does, before it. */
        void reset() noexcept
        {
                ::rmmap_queue_release(detach());
        }
        /* Passes the queue to C code, which must release it; this object is then empty. */
        [[nodiscard]] ::rmmap_queue *detach() noexcept
        {
                return std::exchange(handle_, nullptr);
        }
        /* For calls in C; this object keeps the queue. */
        ::rmmap_queue *native() const noexcept
        {
                return handle_;
        }

#ifdef _WIN32
        /* The HANDLE of an event, which stays the queue's; NULL where there is none. */
        void *handle() const noexcept
        {
                return ::rmmap_queue_handle(handle_);
        }
#else
        /* Stays the queue's; -1 where there is none. */
        int fd(std::error_code &error) const noexcept
        {
                const int result = ::rmmap_queue_fd(handle_);

                return detail::tell(result, error) ? result : -1;
        }
#endif
        void sync(const file &of, span<const receipt> written, std::uint64_t cookie,
                  std::error_code &error) const noexcept
        {
                /* No receipts are a sync of nothing, even where the span has no memory. */
                static const ::rmmap_receipt none{};
                const ::rmmap_receipt *values = written.empty() ? &none : file::values(written);

                detail::tell(
                        ::rmmap_queue_sync(handle_, of.native(), values, written.size(), cookie),
                        error);
        }
        void sync_all(const file &of, std::uint64_t cookie, std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_queue_sync(handle_, of.native(), nullptr, 0, cookie), error);
        }
        /*
         * data and made must live until the completion is reaped. Then, with the result 0, made is
         * the receipt and given must not be used any more: until then the caller can't know.
         * flags: RMMAP_QUEUE_DURABLE or 0.
         */
        void write(const file &to, RMMAP_GIVEN const range &given, const_buffer data,
                   std::uint32_t flags, receipt &made, std::uint64_t cookie,
                   std::error_code &error) const noexcept
        {
                detail::tell(::rmmap_queue_write(handle_, to.native(), given.value_, data.data(),
                                                 data.size(), flags, &made.value_, cookie),
                             error);
        }
        /* How many completions were stored. */
        std::size_t reap(span<completion> completions, std::error_code &error) const noexcept
        {
                const int result =
                        ::rmmap_queue_reap(handle_, completions.data(), completions.size());

                return detail::tell(result, error) ? static_cast<std::size_t>(result) : 0;
        }

#if defined(__cpp_exceptions)
        explicit queue(std::uint32_t depth, std::uint32_t threads = 0)
        {
                detail::check(make(depth, threads), "rmmap_queue_create");
        }
#ifndef _WIN32
        int fd() const
        {
                return detail::check(::rmmap_queue_fd(handle_), "rmmap_queue_fd");
        }
#endif
        void sync(const file &of, span<const receipt> written, std::uint64_t cookie) const
        {
                throwing("rmmap_queue_sync",
                         [&](std::error_code &error) { sync(of, written, cookie, error); });
        }
        void sync_all(const file &of, std::uint64_t cookie) const
        {
                throwing("rmmap_queue_sync",
                         [&](std::error_code &error) { sync_all(of, cookie, error); });
        }
        void write(const file &to, RMMAP_GIVEN const range &given, const_buffer data,
                   std::uint32_t flags, receipt &made, std::uint64_t cookie) const
        {
                throwing("rmmap_queue_write", [&](std::error_code &error) {
                        write(to, given, data, flags, made, cookie, error);
                });
        }
        std::size_t reap(span<completion> completions) const
        {
                std::size_t count = 0;

                throwing("rmmap_queue_reap",
                         [&](std::error_code &error) { count = reap(completions, error); });
                return count;
        }
#endif

      private:
        int make(std::uint32_t depth, std::uint32_t threads) noexcept
        {
                ::rmmap_queue_options options = RMMAP_QUEUE_OPTIONS_INIT;

                options.depth = depth;
                options.threads = threads;
                return ::rmmap_queue_create(&options, &handle_);
        }
#if defined(__cpp_exceptions)
        template <class Call> static void throwing(const char *name, Call call)
        {
                std::error_code error;

                call(error);
                if (error)
                        detail::fail(-error.value(), name);
        }
#endif
};

#if defined(__cpp_impl_coroutine)
namespace detail
{
/* What a submission's cookie points to; it lives in the frame of the coroutine that awaits. */
struct awaiting {
        std::coroutine_handle<> continuation;
        int result = 0;

        constexpr bool await_ready() const noexcept
        {
                return false;
        }
        std::uint64_t cookie(std::coroutine_handle<> of) noexcept
        {
                continuation = of;
                return reinterpret_cast<std::uintptr_t>(this);
        }
        /* Is the coroutine suspended? If so another thread may resume it: touch nothing then. */
        bool submitted(const std::error_code &error) noexcept
        {
                if (!error)
                        return true;
                result = -error.value();
                return false;
        }
        void finish(std::error_code *error, const char *call) const
        {
                if (error != nullptr)
                        tell(result, *error);
#if defined(__cpp_exceptions)
                else
                        check(result, call);
#else
                (void)call;
#endif
        }
};
} // namespace detail

/*
 * A queue for coroutines: co_await queue.sync(file, receipts) goes on when the data is durable. The
 * event loop calls dispatch when the descriptor is readable, and there coroutines are resumed. A
 * coroutine must not be destroyed while it awaits. A full queue is EAGAIN, without suspending.
 */
class awaitable_queue
{
        rmmap::queue queue_;

        class [[nodiscard]] sync_operation : public detail::awaiting
        {
                const rmmap::queue &queue_;
                const file &file_;
                span<const receipt> written_;
                bool everything_;
                std::error_code *error_; /* nullptr: throws */

              public:
                sync_operation(const rmmap::queue &by, const file &of, span<const receipt> written,
                               bool everything, std::error_code *error) noexcept
                        : queue_(by), file_(of), written_(written), everything_(everything),
                          error_(error)
                {
                }
                bool await_suspend(std::coroutine_handle<> coroutine) noexcept
                {
                        std::error_code error;

                        if (everything_)
                                queue_.sync_all(file_, cookie(coroutine), error);
                        else
                                queue_.sync(file_, written_, cookie(coroutine), error);
                        return submitted(error);
                }
                void await_resume() const
                {
                        finish(error_, "rmmap_queue_sync");
                }
        };

        class [[nodiscard]] write_operation : public detail::awaiting
        {
                const rmmap::queue &queue_;
                const file &file_;
                range &given_;
                const_buffer data_;
                std::uint32_t flags_;
                std::error_code *error_;
                receipt made_;

              public:
                write_operation(const rmmap::queue &by, const file &to, range &given,
                                const_buffer data, std::uint32_t flags,
                                std::error_code *error) noexcept
                        : queue_(by), file_(to), given_(given), data_(data), flags_(flags),
                          error_(error)
                {
                }
                bool await_suspend(std::coroutine_handle<> coroutine) noexcept
                {
                        std::error_code error;

                        queue_.write(file_, given_, data_, flags_, made_, cookie(coroutine), error);
                        return submitted(error);
                }
                receipt await_resume()
                {
                        finish(error_, "rmmap_queue_write");
                        if (result == 0)
                                given_ = range();
                        return std::move(made_);
                }
        };

      public:
        awaitable_queue() noexcept = default;
        explicit awaitable_queue(queue &&from) noexcept : queue_(std::move(from))
        {
        }
        /* For its descriptor. What is submitted to it directly can't be dispatched. */
        const rmmap::queue &base() const noexcept
        {
                return queue_;
        }

        sync_operation sync(const file &of, span<const receipt> written,
                            std::error_code &error) const noexcept
        {
                return {queue_, of, written, false, &error};
        }
        sync_operation sync_all(const file &of, std::error_code &error) const noexcept
        {
                return {queue_, of, {}, true, &error};
        }
        /* Gives the receipt and consumes the range; or leaves the range as it was. */
        write_operation write(const file &to, RMMAP_GIVEN range &&given, const_buffer data,
                              std::uint32_t flags, std::error_code &error) const noexcept
        {
                return {queue_, to, given, data, flags, &error};
        }
        /*
         * Resumes each coroutine whose work is done, and returns how many. None of them may destroy
         * this queue.
         */
        std::size_t dispatch(std::error_code &error) const
        {
                std::array<completion, 1> done;
                std::size_t all = 0;

                /* One by one: where a coroutine throws, the others can still be resumed. */
                for (; queue_.reap(done, error) == 1; all++)
                        resume(done[0]);
                return all;
        }

#if defined(__cpp_exceptions)
        sync_operation sync(const file &of, span<const receipt> written) const noexcept
        {
                return {queue_, of, written, false, nullptr};
        }
        sync_operation sync_all(const file &of) const noexcept
        {
                return {queue_, of, {}, true, nullptr};
        }
        write_operation write(const file &to, RMMAP_GIVEN range &&given, const_buffer data,
                              std::uint32_t flags = RMMAP_QUEUE_DURABLE) const noexcept
        {
                return {queue_, to, given, data, flags, nullptr};
        }
        std::size_t dispatch() const
        {
                std::error_code error;
                const std::size_t count = dispatch(error);

                if (error)
                        detail::fail(-error.value(), "rmmap_queue_reap");
                return count;
        }
#endif

      private:
        static void resume(const completion &done)
        {
                auto *waiting = reinterpret_cast<detail::awaiting *>(
                        static_cast<std::uintptr_t>(done.cookie));

                waiting->result = done.result;
                waiting->continuation.resume();
        }
};
#endif

/* The version of the library in use, as RMMAP_VERSION. */
inline std::uint32_t version() noexcept
{
        return ::rmmap_version();
}

} // namespace rmmap

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif /* RMMAP_HPP */
