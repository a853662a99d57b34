/*
 * files: what a browser fetches from /static/, kept in memory under names that carry a hash of their content, so that each may
 * be cached for ever. Style sheets are read, hashed and served as they are; they name no other file.
 */
#ifndef WEB_FILES_H
#define WEB_FILES_H

#include <glib.h>

typedef struct files Files;

/* Reads every file of FOLDER whose ending has a media type in the table of files.c. */
Files *files_load(const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void files_free(Files *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Files, files_free)

/* "style.css" → "style-1f2e3d4c5b6a.css", borrowed; NULL when there is no such file. */
const char *files_name(const Files *files, const char *file);
/* The bytes behind a hashed name, borrowed, and their media type; NULL when there is none. */
GBytes *files_get(const Files *files, const char *name, const char **type);

#endif
