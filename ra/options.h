/*
 * options: what the programs of this room have in common on their command lines.
 */
#ifndef RA_OPTIONS_H
#define RA_OPTIONS_H

#include "db/log.h"
#include "db/settings.h"

/* The settings file: -c FILE, else INKAN_CONFIG, else /etc/inkan/inkan.conf; the caller's. Answers --help and --version and
   ends the process; ends it with 2 for anything else. */
char *ra_options_settings_file(int argc, char **argv, const char *program, const char *does) G_GNUC_WARN_UNUSED_RESULT;
#define RA_OPTIONS_DEFAULT_FILE "/etc/inkan/inkan.conf"

/* [service] log_level. */
enum log_level ra_options_log_level(const Settings *settings);

#endif
