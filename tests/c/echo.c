/* A native plugin in C that says what it sees of books kept with book.h, as the module echo_c does; see echo.h. */
#include <stdlib.h>

#define BP_ROOM(bytes) malloc(bytes)
#include "backplane.h"

#include "../guests/echo_c/echo.h"

typedef struct {
    bp_echo echo;
    bp_command *commands;
    uint64_t count, room;
} State;

static const char DESCRIPTOR[] = ECHO_DESCRIPTOR("echo");

static void send(void *to, bp_command command) {
    State *own = to;
    if (own->count == own->room) {
        own->room = own->room ? own->room * 2 : 64;
        own->commands = realloc(own->commands, own->room * sizeof *own->commands);
        if (own->commands == NULL) abort();
    }
    own->commands[own->count++] = command;
}

static uint32_t describe(bp_reply *reply) {
    reply->bytes = (bp_bytes){DESCRIPTOR, sizeof DESCRIPTOR - 1};
    return BP_OK;
}
static uint32_t create(const bp_param *params, uint64_t count, void **state, bp_reply *reply) {
    (void)params, (void)count, (void)reply;
    State *made = calloc(1, sizeof *made);
    if (made == NULL) return BP_REFUSED;
    echo_begin(&made->echo);
    *state = made;
    return BP_OK;
}
static uint32_t hear(void *state, const bp_message *message, const bp_lent_books *books, bp_reply *reply) {
    State *own = state;
    (void)books;
    own->count = 0;
    echo_hear(&own->echo, message, send, own);
    reply->commands = own->commands, reply->command_count = own->count;
    return BP_OK;
}
static uint32_t save(void *state, bp_reply *reply) {
    (void)state, (void)reply;
    return BP_OK;
}
static uint32_t load(void *state, uint32_t version, const uint8_t *data, uint64_t len, bp_reply *reply) {
    (void)state, (void)version, (void)data, (void)len, (void)reply;
    return BP_REFUSED;
}

BP_NATIVE_PLUGIN(describe, create, hear, save, load, free)
