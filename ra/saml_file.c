#include "ra/saml_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/selfsigned.h"
#include "ra/error.h"
#include "sp/pem.h"

#define FILE_LONGEST (256 * 1024)
#define SINCE " since "

static const char *const names[] = {
    [RA_SAML_NO_MARK] = "", [RA_SAML_IN_USE] = "in use", [RA_SAML_NEXT] = "next", [RA_SAML_BEFORE] = "before",
};

const char *
ra_saml_mark_name(enum ra_saml_mark mark)
{
    return names[mark];
}

void
ra_saml_entry_free(gpointer data)
{
    RaSamlEntry *entry = data;
    secret_free(entry->pem);
    g_clear_pointer(&entry->key_id, g_bytes_unref);
    ca_certificate_info_free(entry->info);
    g_free(entry);
}

/* --- reading -------------------------------------------------------------------------------------------------------------- */

/* LINE, from behind the "# " to its end. */
static void
read_mark(RaSamlEntry *entry, const char *line)
{
    for (guint mark = RA_SAML_IN_USE; mark < G_N_ELEMENTS(names); mark++) {
        g_autofree char *begin = g_strconcat(names[mark], SINCE, NULL);
        if (!g_str_has_prefix(line, begin))
            continue;
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(line + strlen(begin), NULL);
        entry->mark = (enum ra_saml_mark)mark;
        entry->since = time ? g_date_time_to_unix(time) : 0;
    }
}

/* What stands between the block before and this one; the last line that is a mark counts. */
static void
read_marks(RaSamlEntry *entry, const char *from, const char *to)
{
    g_autofree char *text = g_strndup(from, (gsize)(to - from));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, "# "))
            read_mark(entry, g_strchomp(*line) + 2);
}

static gboolean
know_key(RaSamlEntry *entry, GError **error)
{
    entry->key_id = ca_plain_key_id(entry->pem, error);
    return entry->key_id != NULL;
}

static gboolean
know_certificate(RaSamlEntry *entry, GError **error)
{
    entry->info = ca_certificate_read(secret_bytes(entry->pem), secret_size(entry->pem), error);
    entry->key_id = entry->info ? g_bytes_ref(entry->info->spki_sha256) : NULL;
    return entry->info != NULL;
}

static GPtrArray *
wrong(const char *file, const char *why, GError **error)
{
    g_clear_error(error);
    g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "%s: %s", file, why);
    return NULL;
}

static GPtrArray *
read_blocks(const char *file, const char *text, const char *label, gboolean (*know)(RaSamlEntry *, GError **), GError **error)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(ra_saml_entry_free);
    const char *p = text, *before = text, *block;
    gsize n = 0;
    while ((block = sp_pem_next(&p, label, &n)) != NULL) {
        g_autoptr(GError) why = NULL;
        RaSamlEntry *entry = g_new0(RaSamlEntry, 1);
        g_ptr_array_add(entries, entry);
        entry->pem = secret_from(block, n);
        read_marks(entry, before, block);
        if (!know(entry, &why))
            return wrong(file, why->message, error);
        before = p;
    }
    return entries->len ? g_steal_pointer(&entries) : wrong(file, "holds nothing in PEM that could be used", error);
}

GPtrArray *
ra_saml_file_keys(const char *file, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(Secret) text = crypto_read_secret_file(file, FILE_LONGEST, &why);
    if (!text) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_INPUT, why->message);
        return NULL;
    }
    return read_blocks(file, secret_text(text), "PRIVATE KEY", know_key, error);
}

GPtrArray *
ra_saml_file_certificates(const char *file, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;
    if (!g_file_get_contents(file, &text, NULL, &why))
        return wrong(file, why->message, error);
    return read_blocks(file, text, "CERTIFICATE", know_certificate, error);
}

/* --- writing -------------------------------------------------------------------------------------------------------------- */

static char *
mark_line(const RaSamlEntry *entry)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(entry->since);
    g_autofree char *since = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
    return entry->mark ? g_strconcat("# ", names[entry->mark], SINCE, since, "\n", NULL) : g_strdup("");
}

static gboolean
write_all(int fd, const char *text, gsize n)
{
    while (n > 0) {
        ssize_t wrote = write(fd, text, n);
        if (wrote < 0 && errno != EINTR)
            return FALSE;
        if (wrote > 0) {
            text += wrote;
            n -= (gsize)wrote;
        }
    }
    return TRUE;
}

static gboolean
write_entries(int fd, const GPtrArray *entries)
{
    for (guint i = 0; i < entries->len; i++) {
        const RaSamlEntry *entry = entries->pdata[i];
        g_autofree char *line = mark_line(entry);
        const char *pem = secret_text(entry->pem);
        gsize n = strlen(pem);
        if (!write_all(fd, line, strlen(line)) || !write_all(fd, pem, n) || (pem[n - 1] != '\n' && !write_all(fd, "\n", 1)))
            return FALSE;
    }
    return TRUE;
}

/* As the file before, but a key is for its owner and group alone, whatever is there. */
static gboolean
dress(int fd, const struct stat *before, gboolean secret)
{
    struct stat now;
    if (fstat(fd, &now) != 0)
        return FALSE;
    if ((now.st_uid != before->st_uid || now.st_gid != before->st_gid) && fchown(fd, before->st_uid, before->st_gid) != 0)
        return FALSE;
    return fchmod(fd, before->st_mode & (secret ? 0660 : 0664)) == 0;
}

static gboolean
replace(int folder, const char *name, const GPtrArray *entries)
{
    const RaSamlEntry *first = entries->pdata[0];
    struct stat before;
    g_autofree char *aside = g_strconcat(name, ".new", NULL);
    if (fstatat(folder, name, &before, AT_SYMLINK_NOFOLLOW) != 0)
        return FALSE;
    if (!S_ISREG(before.st_mode)) {
        errno = ELOOP;
        return FALSE;
    }
    unlinkat(folder, aside, 0); /* of one who was killed */
    int fd = openat(folder, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    gboolean ok = fd >= 0 && write_entries(fd, entries) && dress(fd, &before, first->info == NULL) && fsync(fd) == 0;
    ok = (fd < 0 || close(fd) == 0) && ok;
    ok = ok && renameat(folder, aside, folder, name) == 0 && fsync(folder) == 0;
    int why = errno;
    if (!ok)
        unlinkat(folder, aside, 0);
    errno = why;
    return ok;
}

gboolean
ra_saml_file_write(const char *file, const GPtrArray *entries, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(file), *name = g_path_get_basename(file);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean ok = fd >= 0 && replace(fd, name, entries);
    if (!ok)
        g_set_error(error, RA_ERROR, RA_ERROR_BROKEN, "%s: cannot be replaced: %s", file,
                    errno == ELOOP ? "it is a link; the settings must name the file itself" : g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}
