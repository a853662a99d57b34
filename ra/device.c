#include "ra/device.h"

#include <stdlib.h>
#include <string.h>

#define ANDROID_MODERN 14 /* the first that reads AES in a PKCS#12 */

/*
 * What each is known to read of the two encodings of ca/pkcs12.h. Every file has the certificate's own key, the whole chain and a
 * friendly name in UTF-16, which all of these show; the password is ASCII, the one alphabet that all of them agree on.
 *
 *   ios            vendors of managed devices still give 3DES to all versions, and it is read by all: older
 *   android        14 and later read AES; 13 and earlier say 'wrong password' to it, so who is not sure gets the older one
 *   windows        10, 11 and Server 2019 read AES with a SHA-256 MAC; Server 2016 does not: the hint at the format says so
 *   macos          some versions say 'wrong password' to AES, others read it; all read the older one, and whoever meets the error
 *                  has collected already and could only apply again: older
 *   thunderbird, firefox   NSS reads both
 *   linux, curl    OpenSSL 3 (without its legacy provider), GnuTLS and NSS read both
 *
 * RC2 is in neither: OpenSSL 3 wants its legacy provider to read that. tests/e2e/test_device.py reads each device's file.
 */
static const struct ra_device devices[] = {
    { "ios", "older", "ios", NULL },
    { "android", "modern", "android", NULL },
    { "android-older", "older", "android", NULL },
    { "windows", "modern", "windows", NULL },
    { "macos", "older", "macos", NULL },
    { "thunderbird", "modern", "thunderbird", "smime" },
    { "firefox", "modern", "firefox", "client" },
    { "linux", "modern", "linux", NULL },
    { "curl", "modern", "curl", NULL },
    { NULL, NULL, NULL, NULL },
};

const struct ra_device *
ra_devices(void)
{
    return devices;
}

const struct ra_device *
ra_device(const char *name)
{
    for (const struct ra_device *device = devices; device->name; device++)
        if (strcmp(device->name, name) == 0)
            return device;
    return NULL;
}

gboolean
ra_device_fits(const struct ra_device *device, const char *type)
{
    return !device->type || strcmp(device->type, type) == 0;
}

/* Chrome says "Android 10" on every newer one: a version below 14 tells nothing, and older files can be read by all. */
static const char *
android(const char *user_agent)
{
    const char *version = strstr(user_agent, "Android ");
    return version && atoi(version + strlen("Android ")) >= ANDROID_MODERN ? "android" : "android-older";
}

const struct ra_device *
ra_device_of(const char *user_agent)
{
    /* The order matters: an Android browser also says Linux, one on an iPad may say Macintosh with Mobile. */
    static const struct { const char *word, *also, *device; } systems[] = {
        { "iPhone", "", "ios" },      { "iPad", "", "ios" },        { "Macintosh", "Mobile/", "ios" }, { "Android", "", NULL },
        { "Windows", "", "windows" }, { "Macintosh", "", "macos" }, { "Linux", "", "linux" },          { "X11", "", "linux" },
        { "curl", "", "linux" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(systems); i++)
        if (strstr(user_agent, systems[i].word) && strstr(user_agent, systems[i].also))
            return ra_device(systems[i].device ? systems[i].device : android(user_agent));
    return ra_device("windows");
}
