/* The tests of template_name: `make test`. Takes in best prices; fails where the strategy does not do what it says. */
#include "template_name.c"

#include <stdio.h>

static int failed;

static void expect(int fact, const char *what) {
    if (!fact) failed = 1, printf("FAILED: %s\n", what);
}

static strategy quick(void) {
    strategy self = {0};
    bp_param params[3] = {{.kind = BP_INTEGER, .as.integer = 2}, {.kind = BP_FLOAT, .as.number = 1.0}, {.kind = BP_INTEGER, .as.integer = 1}};
    expect(set(&self, params, 3) == NULL, "it takes its parameters");
    return self;
}

static void best(strategy *self, int64_t bid, int64_t ask_price) {
    bp_message message = {.kind = BP_BBO};
    message.as.bbo.bid_price = bid * 10000000, message.as.bbo.ask_price = ask_price * 10000000;
    hear_one(self, &message);
}

int main(void) {
    strategy self = quick();
    best(&self, 10000, 10002);
    expect(self.command_count == 1, "it begins with a metric alone");
    best(&self, 9900, 9902);
    expect(self.command_count == 2 && self.commands[1].side == BP_BUY, "it buys below the average");
    best(&self, 9800, 9802);
    expect(self.commands[1].kind == BP_CANCEL, "it cancels before it orders anew");
    bp_message fill = {.kind = BP_FILL, .side = BP_BUY};
    fill.as.fill.order_id = 1, fill.as.fill.quantity = 1;
    hear_one(&self, &fill);
    expect(self.state.instruments[0].position == 1, "it knows its position");
    best(&self, 10100, 10102);
    expect(self.commands[1].side == BP_SELL, "it sells above the average");
    puts(failed ? "failed" : "passed");
    return failed;
}
