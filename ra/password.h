/*
 * password: what a password of a person's own for the certificate file must be. A rule of an institution, written as words with
 * spaces between them; what is not said is as by default:
 *
 *   default               the bounds of [pickup] password_shortest and password_longest, every printable ASCII character
 *   mobile                1 to 16 characters, letters, digits and the 32 signs, no space; must be given; 8 and more are advised
 *   length=8-64           shortest and longest, 1 to 64
 *   advised=8             shown as advice, never demanded
 *   allow=upper,lower,digit,sign,space
 *   signs=!#$&            only these of the signs
 *   need=upper,digit      at least one of each of these
 *   kinds=3               at least so many of upper, lower, digit, sign
 *   own=required          the PIN does not open the file
 *
 * Not more than printable ASCII: Java cannot read other passwords, and devices differ in how they write them.
 */
#ifndef RA_PASSWORD_H
#define RA_PASSWORD_H

#include <glib.h>

#include "db/settings.h"

enum {
    RA_PASSWORD_UPPER = 1,
    RA_PASSWORD_LOWER = 2,
    RA_PASSWORD_DIGIT = 4,
    RA_PASSWORD_SIGN = 8,
    RA_PASSWORD_SPACE = 16,
    RA_PASSWORD_ALL = 31,
};
#define RA_PASSWORD_MOST 64     /* of ca/pkcs12.h */
#define RA_PASSWORD_SIGNS 32    /* of ASCII */
#define RA_PASSWORD_RULE_MOST 200
#define RA_PASSWORD_RULE_WORDS                                                                                                 \
    "default, mobile, length=8-64, advised=8, allow=upper,lower,digit,sign,space, signs=!#$&, need=upper,digit, kinds=3, own=required"

struct ra_password_rule {
    int shortest, longest, advised; /* advised 0: no advice */
    unsigned allow, need;
    int kinds;                      /* 0: as they come */
    gboolean required;
    char signs[RA_PASSWORD_SIGNS + 1]; /* in ASCII's order; "" where allow has no signs */
};

/* The five names in the order in which pages tell them, NULL-terminated: "upper", "lower", "digit", "sign", "space"; the Nth
   stands for bit N. */
extern const char *const ra_password_kinds[];

/* TEXT as above; SETTINGS NULL: the bounds are 8 and 64. FALSE with INPUT, which names the word and what is allowed: also a rule
   that no password could keep. */
gboolean ra_password_rule_parse(const char *text, const Settings *settings, struct ra_password_rule *rule, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* NULL: PASSWORD keeps RULE. Otherwise the first that it breaks: "missing", "characters", "short", "long", "upper", "lower",
   "digit", "sign", "kinds". "" is none given: the PIN. */
const char *ra_password_breaks(const struct ra_password_rule *rule, const char *password);

/* RULE as the pattern of an HTML input, for what a page's script makes of a password without ever sending it. "" is left to
   the input's required. The caller's. */
char *ra_password_pattern(const struct ra_password_rule *rule) G_GNUC_WARN_UNUSED_RESULT;

#endif
