/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* attributes.c - attributes and times of a copy. Its permissions come from its directory. */
#include "rmmap.h"

#include "windows/inside.h"

#define PRESERVED (FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM)

static LARGE_INTEGER ticks_of(struct timespec time)
{
        /* 100 ns since 1601 */
        return (LARGE_INTEGER){.QuadPart = (LONGLONG)time.tv_sec * 10000000 + time.tv_nsec / 100 +
                                           INT64_C(116444736000000000)};
}

enum status give_attributes(struct copy *copy)
{
        const struct file_facts *before = &copy->before;
        FILE_BASIC_INFO info = {.FileAttributes = before->mode & FILE_ATTRIBUTE_READONLY};
        int file = file_of(copy->output.file);
        /* Windows sets the time of a mapped file when it writes what was stored there. */
        int error = copy->preserve ? rmmap_sync_all(copy->output.file) : 0;

        if (error)
                return output_failed(&copy->output, error);
        if (copy->preserve) {
                info.FileAttributes = before->mode & PRESERVED;
                info.CreationTime = ticks_of(before->created);
                info.LastAccessTime = ticks_of(before->accessed);
                info.LastWriteTime = info.ChangeTime = ticks_of(before->modified);
                note("%s: --preserve: owner and permissions are those of its directory",
                     copy->output.path);
        }
        if (!info.FileAttributes)
                info.FileAttributes = FILE_ATTRIBUTE_NORMAL; /* 0 leaves them as they are */
        if (SetFileInformationByHandle(handle_of(file), FileBasicInfo, &info, sizeof(info)))
                return DONE;
        return fail(OUTPUT_ERROR, "%s: its attributes can't be set: %s", copy->output.path,
                    error_text(last_error()));
}
