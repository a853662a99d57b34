/*
 * device: what a certificate is collected for, and what that means for the file.
 */
#ifndef RA_DEVICE_H
#define RA_DEVICE_H

#include <glib.h>

struct ra_device {
    const char *name;     /* "ios", "android", "android-older", "windows", "macos", "thunderbird", "firefox", "linux", "curl" */
    const char *encoding; /* "modern" or "older": what the device is known to read */
    const char *system;   /* whose steps to show: "android" for both of its kinds, otherwise as NAME */
    const char *type;     /* the one type of certificate that it is offered for; NULL: for each */
};

/* In the order in which they are offered; ends with a NULL name. */
const struct ra_device *ra_devices(void);
/* NULL: there is no such device. */
const struct ra_device *ra_device(const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* Is DEVICE offered for a certificate of TYPE ("client", "smime")? */
gboolean ra_device_fits(const struct ra_device *device, const char *type);
/* The device that a browser of this User-Agent runs on. Never NULL: "windows" where nothing tells. */
const struct ra_device *ra_device_of(const char *user_agent) G_GNUC_WARN_UNUSED_RESULT;

#endif
