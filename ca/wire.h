/*
 * wire: the messages between our own processes over unix sockets, both directions: to the signer, the responder and the
 * keymaker, and back. One table in wire.c says what each kind may carry and how long; everything else ends the connection.
 *
 * A frame is 8 bytes of header (size of the body, kind, three zero bytes; big endian) and the body: number (8), length of id
 * (1), id, length of text (2), text, bytes. One question has one answer; a connection may carry several, one after another.
 */
#ifndef CA_WIRE_H
#define CA_WIRE_H

#include <glib.h>
#include <stdint.h>

#include "ca/crypto.h"
#include "ca/error.h"

#define WIRE_HEADER 8
#define WIRE_ID_LONGEST 32
#define WIRE_TOKEN 43          /* characters of a pickup's token */
#define WIRE_ISSUER_LONGEST 31 /* as issuer.name */
#define WIRE_SENTENCE_LONGEST 400

enum wire_kind {
    /* questions */
    WIRE_PING = 1,  /* */
    WIRE_SIGN,      /* number: the request's; text: the token of its pickup; bytes: PKCS#10, DER */
    WIRE_PUBLISH,   /* text: issuer; number: 1 for all of its CRLs, 0 for what is due */
    WIRE_RESPONDER, /* text: issuer; bytes: PKCS#10, DER */
    WIRE_OCSP,      /* bytes: OCSPRequest, DER */
    WIRE_TAKE,      /* number: enum ca_key_kind */
    /* answers */
    WIRE_DONE = 65,   /* to ping and publish */
    WIRE_CERTIFICATE, /* bytes: DER */
    WIRE_STATUS,      /* number: seconds that it may be cached; bytes: OCSPResponse, DER */
    WIRE_KEY,         /* secret: PKCS#8, DER */
    WIRE_FAILED,      /* number: enum ca_error; text: its message */
};

/* A message: to send it the fields are borrowed; one that was read owns them (wire_clear). */
typedef struct wire_message {
    enum wire_kind kind;
    gint64 number;  /* never negative */
    char *id;       /* of the log lines, "" for none */
    char *text;     /* printable; the token of WIRE_SIGN is wiped by wire_clear */
    GBytes *bytes;  /* NULL for none */
    Secret *secret; /* of WIRE_KEY, instead of bytes */
} WireMessage;
void wire_clear(WireMessage *message);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WireMessage, wire_clear)

/* --- bytes: pure ---------------------------------------------------------------------------------------------------------- */

/* Does the table allow MESSAGE? CA_ERROR_INPUT "wire: …" says what not. */
gboolean wire_check(const WireMessage *message, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How long its frame is, header included. */
size_t wire_size(const WireMessage *message);
/* Writes the frame to BUFFER, of wire_size bytes. MESSAGE must pass wire_check. */
void wire_fill(const WireMessage *message, unsigned char *buffer);

/* Of a header: its kind, and the size of the body that follows, within what the kind allows. */
gboolean wire_header(const unsigned char header[WIRE_HEADER], enum wire_kind *kind, size_t *size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The body of SIZE bytes. *MESSAGE is filled, the caller clears it; untouched on error. */
gboolean wire_body(enum wire_kind kind, const unsigned char *body, size_t size, WireMessage *message, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean wire_is_question(enum wire_kind kind);

/* The answer that tells ERROR (any domain: what is not CA_ERROR is BROKEN) to the other side; the caller's to clear. */
void wire_failed(const GError *error, WireMessage *message);
/* That answer as a GError again. */
void wire_take_failed(const WireMessage *message, GError **error);

/* --- sockets: blocking, until DEADLINE (g_get_monotonic_time) ------------------------------------------------------------- */

/* CA_ERROR_DOWN: the other side went away or DEADLINE passed; CA_ERROR_INPUT: it sent what the table does not allow. A signal
   does not end the wait. */
gboolean wire_write(int fd, const WireMessage *message, gint64 deadline, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE with ERROR unset: the other side closed the connection before the first byte, as it does when it has no more questions. */
gboolean wire_read(int fd, WireMessage *message, gint64 deadline, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Listens at PATH (an old socket there is replaced), close-on-exec, not blocking. -1 with ERROR (CA_ERROR_BROKEN, names PATH). */
int wire_listen(const char *path, unsigned mode, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Connects to PATH, close-on-exec. -1 with CA_ERROR_DOWN: nobody listens there, or none was free until DEADLINE. */
int wire_connect(const char *path, gint64 deadline, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The user id of the process at the other end (SO_PEERCRED). FALSE: cannot be told. */
gboolean wire_peer(int fd, unsigned *uid) G_GNUC_WARN_UNUSED_RESULT;

#endif
