/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* dlopen by what Windows has, without its header, whose names clash with programs' own. */
#ifndef TEST_WINDOWS_DLFCN_H
#define TEST_WINDOWS_DLFCN_H

__declspec(dllimport) void *__stdcall LoadLibraryA(const char *path);
__declspec(dllimport) void *__stdcall GetProcAddress(void *object, const char *symbol);

#define RTLD_NOW 0
#define RTLD_LOCAL 0
#define dlopen(path, flags) LoadLibraryA(path)
#define dlsym(object, symbol) GetProcAddress(object, symbol)
#define dlerror() "LoadLibrary fails"

#endif
