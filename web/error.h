/*
 * The failures of web/, named for what the caller does next.
 */
#ifndef WEB_ERROR_H
#define WEB_ERROR_H

#include <glib.h>

#define WEB_ERROR (web_error_quark())
GQuark web_error_quark(void);
enum web_error {
    WEB_ERROR_INPUT,  /* a file of the share folder is missing or wrong (web_new): the message names it; don't start */
    WEB_ERROR_BROKEN, /* a document that no template understands: a bug; answer with web_last_resort */
};

#endif
