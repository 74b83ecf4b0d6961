/* A module in C that says what it sees of books kept with book.h; see echo.h. */
#include "guest.h"

#include "echo.h"

static bp_echo self;

static const char *guest_describe(void) { return ECHO_DESCRIPTOR("echo_c"); }

static const char *guest_create(const bp_param *params, uint32_t count) {
    (void)params;
    echo_begin(&self);
    return count == 0 ? NULL : "it has no parameters";
}

static void *guest_state(uint32_t *bytes, uint32_t *version) {
    *bytes = *version = 0;
    return NULL;
}

static void send(void *to, bp_command command) {
    (void)to;
    guest_send(command);
}

static void guest_hear(const bp_message *message) {
    if (message->kind == BP_STOP) GUEST_FAULT("the run is over");
    echo_hear(&self, message, send, NULL);
}
