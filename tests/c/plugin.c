/* A plugin in C: docs/abi.md is all that it was written from. Takes in messages; on the first it buys one unit of
 * instrument 0 at the best ask, where one is lent, and logs a line. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct { const void *data; uint64_t len; } Bytes;
typedef struct { uint32_t level, reserved; Bytes text; } LogRecord;
typedef struct { uint8_t kind, flags, side, detail; uint32_t instrument; int64_t ts_event, ts_recv; uint64_t words[5]; } Message;
typedef struct {
    uint8_t kind, side, order_type, time_in_force; uint32_t instrument; uint64_t id;
    int64_t price, quantity, stop_price, trail, displayed, expire_at; uint32_t flags, reserved; uint64_t reserved_2;
} Command;
typedef struct { uint32_t kind, reserved; uint64_t bits; } ParamValue;
typedef struct { int64_t price, size; } Level;
typedef struct { const Level *bids, *asks; uint32_t bid_count, ask_count; } LentBook;
typedef struct { const uint8_t *first; uint64_t stride, count; } LentBooks;
typedef struct {
    const Command *commands; uint64_t command_count; const LogRecord *logs; uint64_t log_count;
    Bytes bytes, file; uint32_t line, state_version;
} Reply;
typedef struct { int64_t quantity; uint64_t heard; Command command; LogRecord log; } State;

static const char DESCRIPTOR[] =
    "{\"name\":\"plain_c\",\"version\":\"1.0.0\",\"subscriptions\":[{\"schema\":\"mbp\",\"symbols\":[]}],\"params\":[{\"id\":"
    "\"quantity\",\"kind\":\"integer\",\"default\":1,\"min\":1,\"max\":100,\"help\":\"what to buy\"}],\"metrics\":[]}";
static const char LINE[] = "bought from C";

static uint32_t describe(Reply *reply) {
    reply->bytes = (Bytes){DESCRIPTOR, sizeof DESCRIPTOR - 1};
    return 0;
}
static uint32_t create(const ParamValue *params, uint64_t count, void **state, Reply *reply) {
    State *made = count == 1 ? calloc(1, sizeof *made) : NULL;
    if (made == NULL) {
        reply->bytes = (Bytes){"one parameter is needed", 23};
        return 1;
    }
    made->quantity = (int64_t)params[0].bits;
    *state = made;
    return 0;
}
static uint32_t hear(void *state, const Message *message, const LentBooks *books, Reply *reply) {
    State *own = state;
    if (message->kind < 1 || message->kind > 6 || own->heard++ != 0) return 0;
    const LentBook *book = books->count ? (const LentBook *)books->first : NULL;
    own->command = (Command){.kind = 1, .side = 'B', .order_type = '2', .time_in_force = '1', .id = 1,
        .price = book && book->ask_count ? book->asks[0].price : INT64_MAX, .quantity = own->quantity};
    own->log = (LogRecord){.level = 3, .text = {LINE, sizeof LINE - 1}};
    reply->commands = &own->command, reply->command_count = 1;
    reply->logs = &own->log, reply->log_count = 1;
    return 0;
}
static uint32_t save(void *state, Reply *reply) {
    reply->bytes = (Bytes){&((State *)state)->heard, sizeof(uint64_t)};
    reply->state_version = 1;
    return 0;
}
static uint32_t load(void *state, uint32_t version, const uint8_t *data, uint64_t len, Reply *reply) {
    if (version != 1 || len != sizeof(uint64_t)) {
        reply->bytes = (Bytes){"eight bytes of version 1 are needed", 35};
        return 1;
    }
    memcpy(&((State *)state)->heard, data, sizeof(uint64_t));
    return 0;
}

static const struct {
    uint64_t size; uint32_t abi_version, reserved;
    uint32_t (*describe)(Reply *); uint32_t (*create)(const ParamValue *, uint64_t, void **, Reply *);
    uint32_t (*hear)(void *, const Message *, const LentBooks *, Reply *); uint32_t (*save)(void *, Reply *);
    uint32_t (*load)(void *, uint32_t, const uint8_t *, uint64_t, Reply *); void (*destroy)(void *);
} TABLE = {64, 1, 0, describe, create, hear, save, load, free};

__attribute__((section(".backplane"), used)) static const uint8_t HEADER[16] = "BACKPLN\0\1\0\0\0\1\0\0";
const void *backplane_plugin_v1(void) { return &TABLE; }
