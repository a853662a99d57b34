/*
 * device: what a certificate is collected for, and what that means for the file.
 */
#ifndef RA_DEVICE_H
#define RA_DEVICE_H

#include <glib.h>

struct ra_device {
    const char *name;     /* "ios", "android", "android-older", "windows", "macos", "thunderbird", "firefox", "linux" */
    const char *encoding; /* "modern" or "older": what the device is known to read */
    const char *system;   /* whose steps to show: "windows", "macos", "ios", "android", "mozilla", "linux" */
};

/* In the order in which they are offered; ends with a NULL name. */
const struct ra_device *ra_devices(void);
/* NULL: there is no such device. */
const struct ra_device *ra_device(const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* The device that a browser of this User-Agent runs on. Never NULL: "windows" where nothing tells. */
const struct ra_device *ra_device_of(const char *user_agent) G_GNUC_WARN_UNUSED_RESULT;

#endif
