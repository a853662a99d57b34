/* fuzz: http_request_read, routes_find */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fcgi/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *
look_up(const char *name, gpointer data)
{
    return strcmp(name, "REQUEST_URI") == 0 ? data : NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *uri = g_strndup((const char *)data, size);
    HttpRequest request;
    Exchange x = { 0 };
    guint allowed;
    if (http_request_read(&request, look_up, uri)) {
        (void)routes_find(&x, HTTP_GET, request.path, HTTP_PORT_MAIN, &allowed);
        (void)routes_find(&x, HTTP_GET, request.path, HTTP_PORT_PUBLISH, &allowed);
        if (x.name && strpbrk(x.name, "\r\n"))
            g_error("a line end came through");
    }
    g_free((char *)x.name);
    http_request_clear(&request);
    return 0;
}
