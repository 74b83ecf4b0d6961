/* A plugin in C, written with the SDK's header. Takes in messages; on the first it buys one unit of instrument 0 at the best
 * ask, where one is lent, and logs a line. */
#include <stdlib.h>
#include <string.h>

#include "backplane.h"

typedef struct { int64_t quantity; uint64_t heard; bp_command command; bp_log_record log; } State;

static const char DESCRIPTOR[] =
    "{\"name\":\"plain_c\",\"version\":\"1.0.0\",\"subscriptions\":[{\"schema\":\"mbp\",\"symbols\":[]}],\"params\":[{\"id\":"
    "\"quantity\",\"kind\":\"integer\",\"default\":1,\"min\":1,\"max\":100,\"help\":\"what to buy\"}],\"metrics\":[]}";
static const char LINE[] = "bought from C";

static uint32_t describe(bp_reply *reply) {
    reply->bytes = (bp_bytes){DESCRIPTOR, sizeof DESCRIPTOR - 1};
    return 0;
}
static uint32_t create(const bp_param *params, uint64_t count, void **state, bp_reply *reply) {
    State *made = count == 1 ? calloc(1, sizeof *made) : NULL;
    if (made == NULL) {
        reply->bytes = (bp_bytes){"one parameter is needed", 23};
        return 1;
    }
    made->quantity = params[0].as.integer;
    *state = made;
    return 0;
}
static uint32_t hear(void *state, const bp_message *message, const bp_lent_books *books, bp_reply *reply) {
    State *own = state;
    if (message->kind < 1 || message->kind > 6 || own->heard++ != 0) return 0;
    const bp_lent_book *book = bp_lent(books, 0);
    own->command = bp_limit(1, 0, BP_BUY, book && book->ask_count ? book->asks[0].price : BP_NO_PRICE, own->quantity);
    own->log = (bp_log_record){.level = 3, .text = {LINE, sizeof LINE - 1}};
    reply->commands = &own->command, reply->command_count = 1;
    reply->logs = &own->log, reply->log_count = 1;
    return 0;
}
static uint32_t save(void *state, bp_reply *reply) {
    reply->bytes = (bp_bytes){&((State *)state)->heard, sizeof(uint64_t)};
    reply->state_version = 1;
    return 0;
}
static uint32_t load(void *state, uint32_t version, const uint8_t *data, uint64_t len, bp_reply *reply) {
    if (version != 1 || len != sizeof(uint64_t)) {
        reply->bytes = (bp_bytes){"eight bytes of version 1 are needed", 35};
        return 1;
    }
    memcpy(&((State *)state)->heard, data, sizeof(uint64_t));
    return 0;
}

BP_NATIVE_PLUGIN(describe, create, hear, save, load, free)
