/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/checked.h"
#include "base/compiler.h"
#include "memcpy-nt.h"
#include "os/os.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(SANITIZED)
#include <immintrin.h>

/* A line of the cache at a time: the processor then writes it whole, without reading it first. */
#define LINE ((size_t)64)

/* to is aligned to a line, length a multiple of it. */
typedef void stream_lines(unsigned char *to, const unsigned char *from, size_t length);

static void stream_sse2(unsigned char *to, const unsigned char *from, size_t length)
{
        for (size_t at = 0; at < length; at += LINE) {
                const __m128i *source = (const __m128i *)(const void *)(from + at);
                __m128i *target = (__m128i *)(void *)(to + at);
                __m128i a = _mm_loadu_si128(source), b = _mm_loadu_si128(source + 1);
                __m128i c = _mm_loadu_si128(source + 2), d = _mm_loadu_si128(source + 3);

                _mm_stream_si128(target, a);
                _mm_stream_si128(target + 1, b);
                _mm_stream_si128(target + 2, c);
                _mm_stream_si128(target + 3, d);
        }
}

__attribute__((__target__("avx2"))) static void
stream_avx2(unsigned char *to, const unsigned char *from, size_t length)
{
        for (size_t at = 0; at < length; at += LINE) {
                const __m256i *source = (const __m256i *)(const void *)(from + at);
                __m256i *target = (__m256i *)(void *)(to + at);
                __m256i a = _mm256_loadu_si256(source), b = _mm256_loadu_si256(source + 1);

                _mm256_stream_si256(target, a);
                _mm256_stream_si256(target + 1, b);
        }
}

__attribute__((__target__("avx512f"))) static void
stream_avx512(unsigned char *to, const unsigned char *from, size_t length)
{
        for (size_t at = 0; at < length; at += LINE)
                _mm512_stream_si512((__m512i *)(void *)(to + at),
                                    _mm512_loadu_si512((const void *)(from + at)));
}

/* Best first. Each question is a load and a test: libgcc asked the processor at load time. */
static bool has_avx512(void)
{
        return __builtin_cpu_supports("avx512f");
}

static bool has_avx2(void)
{
        return __builtin_cpu_supports("avx2");
}

static bool has_sse2(void)
{
        return true; /* as every x86-64 has */
}

static const struct {
        bool (*suits)(void);
        stream_lines *lines;
} streams[] = {{has_avx512, stream_avx512}, {has_avx2, stream_avx2}, {has_sse2, stream_sse2}};

static stream_lines *best_stream(void)
{
        size_t best = 0;

        while (!streams[best].suits())
                best++;
        return streams[best].lines;
}

static void copy_by(stream_lines *stream, void *to, const void *from, size_t length)
{
        unsigned char *target = to;
        const unsigned char *source = from;
        size_t head = (size_t)(-(uintptr_t)target % LINE), lines;

        if (length < 2 * LINE) {
                memcpy(to, from, length);
                return;
        }
        memcpy(target, source, head);
        lines = (length - head) / LINE * LINE;
        stream(target + head, source + head, lines);
        memcpy(target + head + lines, source + head + lines, length - head - lines);
        _mm_sfence(); /* or a later store could be seen before these */
}

void memcpy_nt(void *to, const void *from, size_t length)
{
        copy_by(best_stream(), to, from, length);
}

int memcpy_nt_variant(unsigned int variant, void *to, const void *from, size_t length)
{
        if (variant >= sizeof(streams) / sizeof(streams[0]))
                return -ENOENT;
        if (!streams[variant].suits())
                return -EOPNOTSUPP;
        copy_by(streams[variant].lines, to, from, length);
        return 0;
}

/* Where it can't be told. */
#define COMMON_CACHE (UINT64_C(32) << 20)

bool memcpy_nt_suits(uint64_t file_size)
{
        uint64_t cache = cache_size();

        return __builtin_cpu_is("amd") || file_size > (cache != 0 ? cache : COMMON_CACHE);
}

#else

void memcpy_nt(void *to, const void *from, size_t length)
{
        memcpy(to, from, length);
}

int memcpy_nt_variant(unsigned int variant, void *to, const void *from, size_t length)
{
        (void)variant;
        (void)to;
        (void)from;
        (void)length;
        return -ENOENT;
}

bool memcpy_nt_suits(uint64_t file_size)
{
        (void)file_size;
        return false;
}

#endif
