/* TWAP: buys or sells a quantity in equal slices over a span of time (the time-weighted average price schedule; see
 * Almgren and Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3 (2001), whose schedule it is for a
 * trader without risk aversion).
 *
 * Takes in changes of the best prices of the first instrument; gives out orders. When a slice begins, what is due by then
 * and not traded yet rests as one limit order at the best price of its own side, and follows it. When less than
 * `patience` of the slice is left, it crosses the spread: it takes what is left as a limit order at the other side's
 * best price, immediate or cancel. One order is open at a time, so that no more than the quantity is ever traded.
 */
#include "guest.h"

static const char DESCRIPTOR[] =
    "{\"name\":\"twap\",\"version\":\"1.0.0\",\"subscriptions\":[{\"schema\":\"bbo\",\"symbols\":[]}],\"params\":["
    "{\"id\":\"buys\",\"kind\":\"boolean\",\"default\":true,\"help\":\"whether it buys\"},"
    "{\"id\":\"quantity\",\"kind\":\"integer\",\"default\":20,\"min\":1,\"max\":1000000000,\"help\":\"what to trade in all, in quantity units\"},"
    "{\"id\":\"slices\",\"kind\":\"integer\",\"default\":20,\"min\":1,\"max\":100000,\"help\":\"how many slices\"},"
    "{\"id\":\"slice_ms\",\"kind\":\"integer\",\"default\":30000,\"min\":1,\"max\":86400000,\"help\":\"how long a slice lasts, in milliseconds\"},"
    "{\"id\":\"patience\",\"kind\":\"float\",\"default\":0.2,\"min\":0.0,\"max\":1.0,\"help\":\"share of a slice in which it crosses the spread\"}"
    "],\"metrics\":[\"behind\"]}";

enum { SLICE = 1, HURRY = 2 };

/* All that the strategy knows: saved and loaded as it is. */
static struct {
    int64_t buys, quantity, slices, slice_ns, hurry_ns;
    /* Times are counted from the first quote. */
    int64_t first, slice;
    int64_t traded;
    int64_t bid, ask;
    uint64_t last_id;
    /* The open order: 0 where there is none. */
    uint64_t open_id;
    int64_t open_price;
    int64_t hurries, is_canceling;
} self;

static const char *guest_describe(void) { return DESCRIPTOR; }

static const char *guest_create(const bp_param *params, uint32_t count) {
    if (count != 5) return "five parameters are needed";
    self.buys = params[0].as.integer != 0;
    self.quantity = params[1].as.integer;
    self.slices = params[2].as.integer;
    self.slice_ns = params[3].as.integer * 1000000;
    self.hurry_ns = (int64_t)((double)self.slice_ns * (1.0 - params[4].as.number));
    self.bid = self.ask = BP_NO_PRICE;
    if (self.quantity < self.slices) return "there are more slices than there is to trade";
    return NULL;
}

static void *guest_state(uint32_t *bytes, uint32_t *version) {
    *bytes = sizeof self;
    *version = 1;
    return &self;
}

/* What is due in the present slice and not traded yet. */
static int64_t behind(void) {
    int64_t slice = self.slice < self.slices ? self.slice : self.slices;
    return self.quantity / self.slices * slice + self.quantity % self.slices * slice / self.slices - self.traded;
}

static void send(int64_t price, uint8_t time_in_force) {
    bp_command order = bp_limit(++self.last_id, 0, self.buys ? BP_BUY : BP_SELL, price, behind());
    order.time_in_force = time_in_force;
    self.open_id = self.last_id;
    self.open_price = price;
    self.is_canceling = 0;
    guest_send(order);
}

/* Sees to it that the order that should be open is. */
static void work(void) {
    if (self.bid == BP_NO_PRICE || self.ask == BP_NO_PRICE || self.bid >= self.ask) return;
    int64_t own = self.buys ? self.bid : self.ask, other = self.buys ? self.ask : self.bid;
    if (self.open_id == 0) {
        if (behind() > 0) send(self.hurries ? other : own, self.hurries ? BP_IOC : BP_GTC);
    } else if (!self.is_canceling && (self.hurries || self.open_price != own)) {
        self.is_canceling = 1;
        guest_send(bp_cancel(self.open_id));
    }
}

static void begin_slice(int64_t now) {
    self.slice++;
    self.hurries = 0;
    guest_send(bp_metric(0, (double)behind()));
    guest_send(bp_set_timer(HURRY, now + self.hurry_ns));
    if (self.slice < self.slices) guest_send(bp_set_timer(SLICE, self.first + self.slice * self.slice_ns));
    /* What rests is too little now. */
    if (self.open_id != 0 && !self.is_canceling) {
        self.is_canceling = 1;
        guest_send(bp_cancel(self.open_id));
    }
}

static void guest_hear(const bp_message *message) {
    switch (message->kind) {
    case BP_BBO:
        if (message->instrument != 0) return;
        self.bid = message->as.bbo.bid_price;
        self.ask = message->as.bbo.ask_price;
        if (self.slice == 0) {
            self.first = message->ts_recv;
            begin_slice(message->ts_recv);
        }
        break;
    case BP_TIMER:
        if (message->as.timer.timer == SLICE) begin_slice(message->ts_recv);
        else self.hurries = 1;
        break;
    case BP_FILL:
        self.traded += message->as.fill.quantity;
        if (message->as.fill.order_id == self.open_id && message->as.fill.leaves == 0) self.open_id = 0;
        break;
    case BP_ORDER_UPDATE:
        if (message->as.update.order_id != self.open_id) return;
        if (message->detail == BP_ORDER_CANCELED || message->detail == BP_REJECTED || message->detail == BP_EXPIRED) self.open_id = 0;
        break;
    default:
        return;
    }
    work();
}
