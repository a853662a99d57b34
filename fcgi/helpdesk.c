#include "fcgi/handlers.h"
#include "fcgi/page.h"

/* The pages of officers are not there yet; who is one is told so, everybody else was refused by the table of routes. */
void
helpdesk(Exchange *x)
{
    page_error(x, 404, "missing", "/certificates");
}
