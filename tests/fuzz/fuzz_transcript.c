/* fuzz: ca_transcript_read, ca_transcript_step */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ca/transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is said in a step, it checks, and is one step. */
static void
write_and_read(const CaTranscript *before, const char *old, gsize old_size, const char *said)
{
    const struct ca_transcript_step step = { said, said, said, said, said };
    g_autofree char *new = ca_transcript_step(before, &step);
    g_autoptr(GString) all = g_string_new_len(before ? old : "", before ? (gssize)old_size : 0);
    g_string_append(all, new);
    g_autoptr(GError) error = NULL;
    g_autoptr(CaTranscript) after = ca_transcript_read(all->str, all->len, &error);
    if (!after && all->len <= CA_TRANSCRIPT_LONGEST)
        g_error("what was written does not check: %s", error->message);
    if (after && after->steps != (before ? before->steps : 0) + 1)
        g_error("more or less than one step");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(CaTranscript) transcript = ca_transcript_read((const char *)data, size, &error);
    if (!transcript && !error)
        g_error("neither taken nor refused");
    write_and_read(NULL, NULL, 0, text);
    if (transcript)
        write_and_read(transcript, (const char *)data, size, "x");
    return 0;
}
