/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* program.c - the process, its descriptors, and what has no other place */
#define _CRT_RAND_S /* rand_s */
#include "windows/inside.h"

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>

static UINT code_page;

static void restore_code_page(void)
{
        SetConsoleOutputCP(code_page);
}

/* The console shows UTF-8 until the program ends. */
static void use_utf8(void)
{
        code_page = GetConsoleOutputCP();
        if (code_page && SetConsoleOutputCP(CP_UTF8))
                (void)atexit(restore_code_page);
}

static char *utf8_of(const WCHAR *wide)
{
        int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
        char *text = length > 0 ? malloc((size_t)length) : NULL;

        if (text)
                WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, length, NULL, NULL);
        return text;
}

/* The C runtime's own arguments lack what isn't in the code page. They stay allocated. */
static bool arguments(int *argc, char ***argv)
{
        WCHAR **wide = CommandLineToArgvW(GetCommandLineW(), argc);
        char **texts = wide ? calloc((size_t)*argc + 1, sizeof(*texts)) : NULL;
        bool good = texts;

        for (int i = 0; good && i < *argc; i++) {
                texts[i] = utf8_of(wide[i]);
                good = texts[i];
        }
        LocalFree(wide);
        *argv = texts;
        return good;
}

/* A HANDLE never has the number of a descriptor, so closed descriptors harm no file. */
bool program_begin(int *argc, char ***argv, bool prints)
{
        (void)prints;
        /* Lines end as on other systems. Fails on a closed one, which does no harm. */
        (void)_setmode(_fileno(stdout), _O_BINARY);
        (void)_setmode(_fileno(stderr), _O_BINARY);
        use_utf8();
        return arguments(argc, argv);
}

void nap(unsigned milliseconds)
{
        Sleep(milliseconds);
}

unsigned processors(void)
{
        DWORD count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);

        return count ? (unsigned)count : 1;
}

uint64_t random_number(void)
{
        unsigned high = 0, low = 0;

        (void)rand_s(&high);
        (void)rand_s(&low);
        return (uint64_t)high << 32 | low;
}

int64_t socket_peek(uintptr_t socket, void *buffer, size_t length)
{
        u_long there = 0;

        /* libcurl's sockets don't block; this one is asked before, in case that changes. */
        if (ioctlsocket((SOCKET)socket, FIONREAD, &there) || !there)
                return -1;
        return recv((SOCKET)socket, buffer, (int)length, MSG_PEEK);
}
