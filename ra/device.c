#include "ra/device.h"

#include <stdlib.h>
#include <string.h>

#define ANDROID_MODERN 14 /* the first that reads AES in a PKCS#12 */

static const struct ra_device devices[] = {
    { "ios", "older", "ios" },
    { "android", "modern", "android" },
    { "android-older", "older", "android" },
    { "windows", "modern", "windows" },
    { "macos", "modern", "macos" },
    { "thunderbird", "modern", "mozilla" },
    { "firefox", "modern", "mozilla" },
    { "linux", "modern", "linux" },
    { NULL, NULL, NULL },
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
