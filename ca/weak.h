/*
 * weak: RSA moduli that an honest generator never makes, or only one in 2^100 times. For the .c files of this folder.
 *
 * Looked for are: a factor below 752; the mark of the chips of CVE-2017-15361; two primes so near to each other that a hundred
 * rounds of Fermat's method find them (CVE-2022-26320). Keys whose list is known (Debian's of 2008, leaked ones) are refused by
 * their hashes, see `inkan ca block-key`.
 */
#ifndef CA_WEAK_H
#define CA_WEAK_H

#include "ca/der.h"

/* N: an odd modulus of 2048, 3072 or 4096 bits. NULL: none is seen; else what it is, in words. */
const char *ca_rsa_weakness(const struct der *n);

#endif
