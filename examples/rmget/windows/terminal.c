/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "windows/inside.h"

#include <io.h>

unsigned terminal_columns(int descriptor)
{
        CONSOLE_SCREEN_BUFFER_INFO info;
        intptr_t handle = _get_osfhandle(descriptor);
        int columns;

        if (handle == -1 || !GetConsoleScreenBufferInfo((HANDLE)handle, &info))
                return 0;
        columns = info.srWindow.Right - info.srWindow.Left + 1;
        return columns > 0 ? (unsigned)columns : 80;
}

/* program_begin has set it so. */
bool terminal_is_utf8(void)
{
        return GetConsoleOutputCP() == CP_UTF8;
}

bool in_background(void)
{
        return false;
}
