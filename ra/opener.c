#include "ra/opener.h"

#include <errno.h>
#include <glib.h>
#include <unistd.h>

#include "db/log.h"

#define PROGRAM "inkan-opener"

int
ra_opener_become(const char *whose, const char *settings_file)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self ? self : "");
    g_autofree char *program = g_build_filename(folder, PROGRAM, NULL);
    /* Symbols are found once, by the opener, not by each child anew. */
    g_setenv("LD_BIND_NOW", "1", TRUE);
    execl(program, PROGRAM, "-c", settings_file, whose, NULL);
    log_write(LOG_LEVEL_ERROR, "opener-start", "path", program, "msg", g_strerror(errno), NULL);
    return 1;
}
