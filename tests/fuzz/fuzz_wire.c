/* wire_header and wire_body: what comes from a socket. What is let through must come out the same again. */
#include <string.h>

#include "ca/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(WireMessage) message = { 0 };
    enum wire_kind kind;
    size_t body;

    if (size < WIRE_HEADER || !wire_header(data, &kind, &body, NULL) || body > size - WIRE_HEADER)
        return 0;
    if (!wire_body(kind, data + WIRE_HEADER, body, &message, NULL))
        return 0;
    g_assert_true(wire_check(&message, NULL));
    g_assert_cmpuint(wire_size(&message), ==, WIRE_HEADER + body);
    g_autofree unsigned char *again = g_malloc(WIRE_HEADER + body);
    wire_fill(&message, again);
    g_assert_cmpmem(again, WIRE_HEADER + body, data, WIRE_HEADER + body);
    return 0;
}
