/*
 * Runs the files of a corpus folder through a fuzz target, without a fuzzer: what was found once stays found. TAP: one test a
 * file, and one for the empty input. A crash ends the program, which the runner counts; the comment before it names the file.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Targets that prepare something once define it, as with libFuzzer. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static int by_name(gconstpointer a, gconstpointer b) {
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *files(const char *folder) {
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) g_ptr_array_add(names, g_build_filename(folder, name, NULL));
    g_ptr_array_sort(names, by_name);
    return names;
}

static void one(guint number, const char *path) {
    g_autofree char *text = NULL;
    g_autofree uint8_t *exact = NULL;
    size_t size = 0;

    printf("# %s\n", path);
    fflush(stdout);
    if (!g_file_get_contents(path, &text, &size, NULL)) {
        printf("not ok %u - %s can be read\n", number, path);
        return;
    }
    /* A copy without the NUL that GLib adds, so that a read past the end is seen. */
    exact = g_memdup2(text, size);
    LLVMFuzzerTestOneInput(exact, size);
    printf("ok %u - %s\n", number, path);
}

int main(int argc, char **argv) {
    g_autoptr(GPtrArray) names = NULL;

    if (argc < 2) {
        fprintf(stderr, "%s: FOLDER of inputs wanted\n", argv[0]);
        return 2;
    }
    names = files(argv[1]);
    if (LLVMFuzzerInitialize != NULL) LLVMFuzzerInitialize(&argc, &argv);
    printf("1..%u\n", names->len + 1);
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("ok 1 - the empty input\n");
    for (guint i = 0; i < names->len; i++) one(i + 2, g_ptr_array_index(names, i));
    return 0;
}
