/*
 * qr: a QR code (ISO/IEC 18004) for opening a page on a phone, as a drawing: no script and no picture file.
 */
#ifndef WEB_QR_H
#define WEB_QR_H

#include "web/document.h"

/* Adds <qr size modules/> to PARENT: the side with its quiet zone in modules, and the dark modules as the path of an SVG. Whatever
   is in it is no secret for who sees the page: put nothing in that its address bar does not show. TEXT: ASCII; one that is too
   long for a code (some 2,300 characters) adds nothing. */
void web_add_qr(WebNode *parent, const char *text);

#endif
