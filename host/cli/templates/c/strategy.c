/* template_name: buys below a moving average of the mid price and sells above it.
 *
 * Takes in the best bid and ask; gives out one resting order an instrument at most. Replace `decide` by an idea of yours.
 * The same source is a native plugin and a WebAssembly module: what is above "The carrier" knows neither. */
#ifdef __wasm__
#include "guest.h"
#else
#include "backplane.h"
#endif

#define INSTRUMENTS_MAX 64
#define COMMANDS_MAX 4
#define STATE_VERSION 1

static const char DESCRIPTOR[] =
    "{\"name\":\"template_name\",\"version\":\"0.1.0\","
    "\"subscriptions\":[{\"schema\":\"bbo-price\",\"symbols\":[]}],"
    "\"params\":["
    "{\"id\":\"length\",\"kind\":\"integer\",\"default\":100,\"min\":2,\"max\":100000,"
    "\"help\":\"changes of the best prices to average over\"},"
    "{\"id\":\"distance\",\"kind\":\"float\",\"default\":2.0,\"min\":0.0,\"max\":1000.0,"
    "\"help\":\"how far from the average to quote, in basis points\"},"
    "{\"id\":\"size\",\"kind\":\"integer\",\"default\":1,\"min\":1,\"max\":1000000,"
    "\"help\":\"quantity of an order, and the most to hold\"}],"
    "\"metrics\":[\"average\"]}";

/* What the parameters say. */
typedef struct {
    double weight, distance;
    int64_t size;
} settings;

/* What was heard of an instrument: plain data, so that it is saved as it is. */
typedef struct {
    double average;
    int64_t position;
    uint64_t open_order;
    uint8_t side, knows_average, cancels, unused[5];
} instrument;

typedef struct {
    uint64_t last_order_id;
    instrument instruments[INSTRUMENTS_MAX];
} state;

typedef struct {
    settings settings;
    state state;
    bp_command commands[COMMANDS_MAX];
    uint32_t command_count;
} strategy;

static void ask(strategy *self, bp_command command) { self->commands[self->command_count++] = command; }

static const char *set(strategy *self, const bp_param *params, uint64_t count) {
    if (count != 3) return "three parameters are needed";
    self->settings.weight = 2.0 / ((double)params[0].as.integer + 1.0);
    self->settings.distance = params[1].as.number / 10000.0;
    self->settings.size = params[2].as.integer;
    return NULL;
}

/* The best prices of an instrument changed. */
static void decide(strategy *self, instrument *own, const bp_message *message) {
    int64_t bid = message->as.bbo.bid_price, ask_price = message->as.bbo.ask_price, size = self->settings.size;
    if (bid == BP_NO_PRICE || ask_price == BP_NO_PRICE) return;
    double mid = ((double)bid + (double)ask_price) / 2.0;
    if (!own->knows_average) own->average = mid, own->knows_average = 1;
    own->average += self->settings.weight * (mid - own->average);
    ask(self, bp_metric(0, own->average / 1e9));
    if (own->open_order != 0) {
        if (!own->cancels) ask(self, bp_cancel(own->open_order));
        own->cancels = 1;
        return;
    }
    int buys = mid < own->average * (1.0 - self->settings.distance) && own->position < size;
    int sells = mid > own->average * (1.0 + self->settings.distance) && own->position > -size;
    if (!buys && !sells) return;
    own->side = buys ? BP_BUY : BP_SELL;
    own->open_order = ++self->state.last_order_id;
    bp_command order = bp_limit(own->open_order, message->instrument, own->side, buys ? bid : ask_price, size);
    order.flags = BP_POST_ONLY;
    ask(self, order);
}

/* Hears one message; what it asks for is in `commands` afterwards. */
static void hear_one(strategy *self, const bp_message *message) {
    self->command_count = 0;
    if (message->kind == BP_STOP) ask(self, bp_cancel_all(BP_ALL_INSTRUMENTS));
    if (message->instrument >= INSTRUMENTS_MAX) return;
    instrument *own = &self->state.instruments[message->instrument];
    if (message->kind == BP_BBO) {
        decide(self, own, message);
    } else if (message->kind == BP_FILL) {
        int64_t quantity = message->as.fill.quantity;
        own->position += message->side == BP_BUY ? quantity : -quantity;
        if (message->as.fill.leaves == 0 && message->as.fill.order_id == own->open_order) own->open_order = own->cancels = 0;
    } else if (message->kind == BP_ORDER_UPDATE && message->as.update.order_id == own->open_order) {
        uint8_t status = message->detail;
        int ended = status == BP_ORDER_CANCELED || status == BP_REJECTED || status == BP_EXPIRED;
        if (ended) own->open_order = 0;
        if (ended || status == BP_CANCEL_REJECTED) own->cancels = 0;
    }
}

/* The carrier. */
#ifdef __wasm__

static strategy guest;

static const char *guest_describe(void) { return DESCRIPTOR; }
static const char *guest_create(const bp_param *params, uint32_t count) { return set(&guest, params, count); }
static void guest_hear(const bp_message *message) {
    hear_one(&guest, message);
    for (uint32_t i = 0; i < guest.command_count; i++) guest_send(guest.commands[i]);
}
static void *guest_state(uint32_t *bytes, uint32_t *version) {
    *bytes = sizeof guest.state, *version = STATE_VERSION;
    return &guest.state;
}

#else

#include <stdlib.h>
#include <string.h>

static uint32_t refuse(bp_reply *reply, const char *why) {
    reply->bytes = (bp_bytes){why, strlen(why)};
    return BP_REFUSED;
}
static uint32_t describe(bp_reply *reply) {
    reply->bytes = (bp_bytes){DESCRIPTOR, sizeof DESCRIPTOR - 1};
    return BP_OK;
}
static uint32_t create(const bp_param *params, uint64_t count, void **made, bp_reply *reply) {
    strategy *self = calloc(1, sizeof *self);
    if (self == NULL) return refuse(reply, "there is no memory");
    const char *why = set(self, params, count);
    if (why != NULL) {
        free(self);
        return refuse(reply, why);
    }
    *made = self;
    return BP_OK;
}
static uint32_t hear(void *made, const bp_message *message, const bp_lent_books *books, bp_reply *reply) {
    strategy *self = made;
    (void)books;
    hear_one(self, message);
    reply->commands = self->commands, reply->command_count = self->command_count;
    return BP_OK;
}
static uint32_t save(void *made, bp_reply *reply) {
    reply->bytes = (bp_bytes){&((strategy *)made)->state, sizeof(state)};
    reply->state_version = STATE_VERSION;
    return BP_OK;
}
static uint32_t load(void *made, uint32_t version, const uint8_t *data, uint64_t len, bp_reply *reply) {
    if (version != STATE_VERSION || len != sizeof(state)) return refuse(reply, "it is a state of another version or size");
    memcpy(&((strategy *)made)->state, data, len);
    return BP_OK;
}
static void destroy(void *made) { free(made); }

BP_NATIVE_PLUGIN(describe, create, hear, save, load, destroy)

#endif
