/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The shared library, loaded and unloaded while the program runs. It leaves nothing behind, unless
 * it has installed a handler: then it stays loaded, and the handler passes on signals that aren't
 * its own.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "instrumented.h"
#include "support.h"

#define ROUNDS 20
#define PAGE ((size_t)RMMAP_ALIGNMENT)

/* Not linked with the library: these pointers come from it when it is loaded. */
static struct library {
        void *handle;
        __typeof__(rmmap_create) *create;
        __typeof__(rmmap_release) *release;
        __typeof__(rmmap_allocate) *allocate;
        __typeof__(rmmap_write_range) *write_range;
        __typeof__(rmmap_sync_range) *sync_range;
        __typeof__(rmmap_raw_data) *raw_data;
        __typeof__(rmmap_guard_call) *guard_call;
} library;

static char library_path[4096];

static void find_library(void)
{
        const char *build = getenv("top_builddir");

        snprintf(library_path, sizeof(library_path), "%s/lib/.libs/librangedmmap.so.0",
                 build != NULL ? build : ".");
        if (access(library_path, R_OK) != 0)
                test_skip_all("the shared library isn't in lib/.libs below top_builddir");
}

static void *symbol(const char *name)
{
        void *found = dlsym(library.handle, name);

        ck_assert_msg(found != NULL, "%s: %s", name, dlerror());
        return found;
}

static void load_from(const char *path)
{
        library.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        ck_assert_msg(library.handle != NULL, "%s", dlerror());
        library.create = (__typeof__(library.create))symbol("rmmap_create");
        library.release = (__typeof__(library.release))symbol("rmmap_release");
        library.allocate = (__typeof__(library.allocate))symbol("rmmap_allocate");
        library.write_range = (__typeof__(library.write_range))symbol("rmmap_write_range");
        library.sync_range = (__typeof__(library.sync_range))symbol("rmmap_sync_range");
        library.raw_data = (__typeof__(library.raw_data))symbol("rmmap_raw_data");
        library.guard_call = (__typeof__(library.guard_call))symbol("rmmap_guard_call");
}

static void load(void)
{
        load_from(library_path);
}

static bool is_loaded(void)
{
        void *handle = dlopen(library_path, RTLD_NOW | RTLD_NOLOAD);

        if (handle != NULL)
                dlclose(handle);
        return handle != NULL;
}

/* Some C libraries never unload anything, such as musl. */
static bool is_gone(void)
{
#ifdef __GLIBC__
        return !is_loaded();
#else
        return true;
#endif
}

static void unload(void)
{
        ck_assert_int_eq(dlclose(library.handle), 0);
}

/* One file, from its creation to its last release. */
static void use(uint32_t flags, uint32_t engine)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        unsigned char bytes[PAGE] = {1, 2, 3};
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        struct rmmap_file *file;

        options.flags = flags;
        options.engine = engine;
        ck_ok(library.create(test_path("file"), 4 * PAGE, &options, &file));
        ck_ok(library.allocate(file, PAGE, &range));
        ck_ok(library.write_range(file, range, bytes, PAGE, &receipt));
        ck_ok(library.sync_range(file, receipt));
        ck_assert_ptr_null(library.release(file));
}

/* The parameter: is a file used in between? */
START_TEST(rounds_leave_nothing)
{
        size_t descriptors = 0, mappings = 0;

        for (int round = 0; round < ROUNDS; round++) {
                ck_assert(is_gone());
                load();
                if (_i != 0)
                        use(0, RMMAP_ENGINE_PWRITE);
                unload();
                /* The first round may make the C library map something permanently. */
                if (round == 0) {
                        descriptors = test_count_descriptors();
                        mappings = test_count_mappings();
                }
        }
        ck_assert(is_gone());
        ck_assert_uint_eq(test_count_descriptors(), descriptors);
        if (!test_is_instrumented())
                ck_assert_uint_eq(test_count_mappings(), mappings);
}
END_TEST

/* A fork handler that the library registered must not run when its code is gone. */
START_TEST(fork_after_it_is_gone)
{
        pid_t child;
        int status;

        load();
        use(0, RMMAP_ENGINE_PWRITE);
        unload();
        ck_assert(is_gone());
        child = fork();
        if (child == 0)
                _exit(7);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
END_TEST

/* ---- with a handler */

static sigjmp_buf before_fault;
static volatile sig_atomic_t faults_seen;

static void on_bus(int signal_number)
{
        faults_seen += signal_number == SIGBUS;
        siglongjmp(before_fault, 1);
}

/* A fault outside the library. */
static void fault_elsewhere(void)
{
        FILE *empty = tmpfile();
        volatile unsigned char *page;

        ck_assert_ptr_nonnull(empty);
        page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fileno(empty), 0);
        ck_assert(page != MAP_FAILED);
        if (sigsetjmp(before_fault, 1) == 0)
                (void)*page;
        munmap((void *)(uintptr_t)page, PAGE);
        fclose(empty);
}

static void install_own_handler(void)
{
        struct sigaction action;

        memset(&action, 0, sizeof(action));
        action.sa_handler = on_bus;
        ck_assert_int_eq(sigaction(SIGBUS, &action, NULL), 0);
}

static int touch(void *data)
{
        *(volatile unsigned char *)data = 1;
        return 0;
}

/* The file is cut under the body: the fault goes to the library, never to the program's handler. */
static void catch_one(void)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;
        void *data;

        options.flags = RMMAP_CATCH_FAULTS;
        ck_ok(library.create(test_path("cut"), 4 * PAGE, &options, &file));
        ck_ok(library.raw_data(file, &data));
        ck_assert_int_eq(truncate(test_path("cut"), 0), 0);
        ck_is(library.guard_call(file, touch, data, NULL), -ESTALE);
        library.release(file);
}

/* ---- two copies of the library, as when a plug-in contains its own */

struct side {
        struct library library;
        struct rmmap_file *file;
        struct rmmap_range range;
        void *data;
        const struct side *other;
};

/* Its file is cut. */
static void make_side(struct side *side, const char *path, const char *name)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        load_from(path);
        side->library = library;
        options.flags = RMMAP_CATCH_FAULTS;
        options.engine = RMMAP_ENGINE_MAP;
        ck_ok(library.create(test_path(name), 4 * PAGE, &options, &side->file));
        ck_ok(library.allocate(side->file, PAGE, &side->range));
        ck_ok(library.raw_data(side->file, &side->data));
        ck_assert_int_eq(truncate(test_path(name), 0), 0);
}

static int write_side(const struct side *side)
{
        static const unsigned char bytes[PAGE];

        return side->library.write_range(side->file, side->range, bytes, PAGE, NULL);
}

static int bodies_at_end;

/* Faults of each side under guards of both; at the end its own fault ends the body. */
static int fault_in_both(void *arg)
{
        const struct side *side = arg;

        for (int i = 0; i < 3; i++)
                if (write_side(side->other) != -ESTALE || write_side(side) != -ESTALE)
                        return 1;
        bodies_at_end++;
        return touch(side->data);
}

START_TEST(two_copies_of_it)
{
        static char copy[4096], command[3 * sizeof(copy)];
        struct side sides[2];

        /* Each copy installs its handler once per process; the next tests replace it. */
        if (test_under_valgrind()) {
                skip_part("under valgrind all tests run in one process");
                return;
        }
        snprintf(copy, sizeof(copy), "%s", test_path("copy.so"));
        snprintf(command, sizeof(command), "cp '%s' '%s'", library_path, copy);
        ck_assert_int_eq(system(command), 0);
        install_own_handler();
        make_side(&sides[0], library_path, "one");
        make_side(&sides[1], copy, "two");
        ck_assert_ptr_ne(sides[0].library.handle, sides[1].library.handle);
        sides[0].other = &sides[1];
        sides[1].other = &sides[0];
        for (int round = 0; round < 3; round++)
                for (int i = 0; i < 2; i++) {
                        ck_is(sides[i].library.guard_call(sides[i].file, fault_in_both, &sides[i],
                                                          NULL),
                              -ESTALE);
                        fault_elsewhere();
                }
        ck_assert_int_eq(faults_seen, 6);
        ck_assert_int_eq(bodies_at_end, 6); /* no fault of a copy ended one */
        for (int i = 0; i < 2; i++)
                sides[i].library.release(sides[i].file);
}
END_TEST

static bool is_never_pinned(void)
{
        if (!HAVE_DECL_DLADDR)
                skip_part("the library was configured without dladdr, so it doesn't find itself");
        return !HAVE_DECL_DLADDR;
}

START_TEST(with_a_handler_it_stays)
{
        size_t descriptors, mappings;

        if (is_never_pinned())
                return;
        install_own_handler();
        load();
        use(RMMAP_CATCH_FAULTS, RMMAP_ENGINE_AUTO);
        unload();
        ck_assert(is_loaded());
        descriptors = test_count_descriptors();
        mappings = test_count_mappings();
        for (int round = 1; round < ROUNDS; round++) {
                load();
                catch_one();
                unload();
        }
        ck_assert_int_eq(faults_seen, 0);
        ck_assert_uint_eq(test_count_descriptors(), descriptors);
        if (!test_is_instrumented())
                ck_assert_uint_eq(test_count_mappings(), mappings);
}
END_TEST

START_TEST(with_a_handler_it_passes_on_what_is_not_its_own)
{
        if (is_never_pinned())
                return;
        install_own_handler();
        load();
        use(RMMAP_CATCH_FAULTS, RMMAP_ENGINE_AUTO);
        fault_elsewhere();
        ck_assert_int_eq(faults_seen, 1);
        unload();
        for (int i = 2; i < ROUNDS; i++) {
                fault_elsewhere();
                ck_assert_int_eq(faults_seen, i);
        }
}
END_TEST

/* With RMMAP_ENGINE_PWRITE every signal keeps its disposition. */
START_TEST(without_mapped_copies_it_installs_nothing)
{
        FLOOR_LACKS("reservation of space");
        struct sigaction now;

        install_own_handler();
        load();
        use(RMMAP_POPULATE, RMMAP_ENGINE_PWRITE);
        ck_assert_int_eq(sigaction(SIGBUS, NULL, &now), 0);
        ck_assert_ptr_eq((void *)(uintptr_t)now.sa_handler, (void *)(uintptr_t)on_bus);
        unload();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("load");
        TCase *tests = tcase_create("load");

        find_library();
        tcase_set_timeout(tests, 120);
        tcase_add_loop_test(tests, rounds_leave_nothing, 0, 2);
        tcase_add_test(tests, fork_after_it_is_gone);
        tcase_add_test(tests, without_mapped_copies_it_installs_nothing);
        tcase_add_test(tests, two_copies_of_it);
        tcase_add_test(tests, with_a_handler_it_stays);
        tcase_add_test(tests, with_a_handler_it_passes_on_what_is_not_its_own);
        suite_add_tcase(suite, tests);
        return test_run(suite);
}
