/* The plugin contract, ABI version 1, for C and C++: docs/abi.md as declarations.
 *
 * Takes in nothing; gives out the layouts of messages, commands and, for native plugins, of the function table, with
 * small functions that fill in commands. Needs no C library. Prices, money: units of 1e-9. Times: nanoseconds since the
 * Unix epoch. Sizes: the instrument's quantity unit. A WebAssembly module includes guest.h instead, which includes this.
 */
#ifndef BACKPLANE_H
#define BACKPLANE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define BP_STATIC_ASSERT(fact) static_assert(fact, #fact)
#else
#define BP_STATIC_ASSERT(fact) _Static_assert(fact, #fact)
#endif

#define BP_ABI_VERSION 1u

#define BP_NO_PRICE INT64_MAX
#define BP_NEVER INT64_MAX
#define BP_NO_INSTRUMENT UINT32_MAX
#define BP_ALL_INSTRUMENTS UINT32_MAX

/* Limits of one call; guest.h and the host hold them. */
#define BP_COMMANDS_MAX 65536u
#define BP_LOGS_MAX 4096u
#define BP_TEXT_BYTES_MAX 65536u
#define BP_STATE_BYTES_MAX 268435456u
#define BP_BATCH_MAX 1024u

/* Kinds of messages. */
enum {
    BP_TRADE = 1,
    BP_MBO = 2,
    BP_LEVEL = 3,
    BP_BBO = 4,
    BP_BAR = 5,
    BP_STATUS = 6,
    BP_DEFINITION = 7,
    BP_ORDER_UPDATE = 16,
    BP_FILL = 17,
    BP_TIMER = 32,
    BP_START = 33,
    BP_STOP = 34
};

/* Kinds of commands. */
enum {
    BP_SUBMIT = 1,
    BP_MODIFY = 2,
    BP_CANCEL = 3,
    BP_CANCEL_ALL = 4,
    BP_SET_TIMER = 5,
    BP_CANCEL_TIMER = 6,
    BP_METRIC = 7
};

/* Sides: buyers and bids, sellers and asks, none. */
enum { BP_BUY = 'B', BP_SELL = 'A', BP_NO_SIDE = 'N' };

/* Actions of BP_MBO. */
enum {
    BP_ADD = 'A',
    BP_CANCELED = 'C',
    BP_MODIFIED = 'M',
    BP_CLEAR = 'R',
    BP_TRADED = 'T',
    BP_FILLED = 'F'
};

/* Order types, times in force, flags of a command. */
enum { BP_MARKET = '1', BP_LIMIT = '2', BP_STOP_ORDER = '3', BP_STOP_LIMIT = '4', BP_TRAILING_STOP = 'P' };
enum { BP_DAY = '0', BP_GTC = '1', BP_IOC = '3', BP_FOK = '4', BP_GTD = '6' };
enum { BP_POST_ONLY = 1 };

/* Statuses of BP_ORDER_UPDATE. */
enum {
    BP_NEW = '0',
    BP_ORDER_CANCELED = '4',
    BP_REPLACED = '5',
    BP_REJECTED = '8',
    BP_CANCEL_REJECTED = '9',
    BP_EXPIRED = 'C',
    BP_REPLACE_REJECTED = 'G'
};

/* Liquidity of BP_FILL. */
enum { BP_MAKER = 'M', BP_TAKER = 'T' };

/* Bits of a message's flags. */
enum { BP_FLAG_LAST = 0x80, BP_FLAG_SNAPSHOT = 0x20, BP_FLAG_BAD_TS_RECV = 0x08, BP_FLAG_MAYBE_BAD_BOOK = 0x04 };

/* Levels of the log. BP_LAST_WORDS, in modules alone: why the module traps next, "FILE:LINE\nREASON". */
enum { BP_LAST_WORDS = 0, BP_ERROR = 1, BP_WARNING = 2, BP_INFORMATION = 3, BP_DEBUG = 4 };

/* Kinds of parameter values. */
enum { BP_INTEGER = 1, BP_FLOAT = 2, BP_BOOLEAN = 3 };

/* What a strategy hears: 64 bytes. The member of `as` is the one that `kind` names. */
typedef struct {
    uint8_t kind, flags, side, detail;
    uint32_t instrument;
    int64_t ts_event, ts_recv;
    union {
        uint64_t words[5];
        struct { int64_t price, size; uint32_t sequence; } trade;
        struct { uint64_t order_id; int64_t price, size, level_size; uint32_t sequence; uint8_t rank; } mbo;
        struct { int64_t price, size; uint32_t sequence; } level;
        struct { int64_t bid_price, bid_size, ask_price, ask_size; uint32_t sequence; } bbo;
        struct { int64_t open, high, low, close, volume; } bar;
        struct { int64_t tick, multiplier, expiration; char currency[8]; } definition;
        struct { char text[40]; } symbol;
        struct { uint64_t order_id; int64_t price, quantity, leaves; uint16_t reason; } update;
        struct { uint64_t order_id; int64_t price, quantity, leaves, fee; } fill;
        struct { uint64_t timer; } timer;
        struct { uint64_t seed; } start;
    } as;
} bp_message;

/* What a strategy asks for: 80 bytes. */
typedef struct {
    uint8_t kind, side, order_type, time_in_force;
    uint32_t instrument;
    uint64_t id;
    int64_t price, quantity, stop_price, trail, displayed, expire_at;
    uint32_t flags, reserved;
    uint64_t reserved_2;
} bp_command;

/* The value of a declared parameter: 16 bytes. */
typedef struct {
    uint32_t kind, reserved;
    union { int64_t integer; double number; uint64_t boolean, bits; } as;
} bp_param;

/* What rests at a price: 16 bytes. */
typedef struct { int64_t price, size; } bp_level;

BP_STATIC_ASSERT(sizeof(bp_message) == 64);
BP_STATIC_ASSERT(offsetof(bp_message, ts_recv) == 16);
BP_STATIC_ASSERT(offsetof(bp_message, as) == 24);
BP_STATIC_ASSERT(sizeof(bp_command) == 80);
BP_STATIC_ASSERT(offsetof(bp_command, flags) == 64);
BP_STATIC_ASSERT(sizeof(bp_param) == 16);
BP_STATIC_ASSERT(sizeof(bp_level) == 16);

static inline bp_command bp_blank(uint8_t kind) {
    bp_command command = {0};
    command.kind = kind;
    command.instrument = BP_ALL_INSTRUMENTS;
    return command;
}

/* A limit order, good till cancelled. `order_id` is higher than that of every order before. */
static inline bp_command bp_limit(uint64_t order_id, uint32_t instrument, uint8_t side, int64_t price, int64_t quantity) {
    bp_command command = bp_blank(BP_SUBMIT);
    command.side = side;
    command.order_type = BP_LIMIT;
    command.time_in_force = BP_GTC;
    command.instrument = instrument;
    command.id = order_id;
    command.price = price;
    command.quantity = quantity;
    command.stop_price = BP_NO_PRICE;
    command.expire_at = BP_NEVER;
    return command;
}

/* A market order. */
static inline bp_command bp_market(uint64_t order_id, uint32_t instrument, uint8_t side, int64_t quantity) {
    bp_command command = bp_limit(order_id, instrument, side, BP_NO_PRICE, quantity);
    command.order_type = BP_MARKET;
    command.time_in_force = BP_IOC;
    return command;
}

static inline bp_command bp_modify(uint64_t order_id, int64_t price, int64_t quantity) {
    bp_command command = bp_blank(BP_MODIFY);
    command.id = order_id;
    command.price = price;
    command.quantity = quantity;
    return command;
}

static inline bp_command bp_cancel(uint64_t order_id) {
    bp_command command = bp_blank(BP_CANCEL);
    command.id = order_id;
    return command;
}

/* Ends all open orders of an instrument, or of BP_ALL_INSTRUMENTS. */
static inline bp_command bp_cancel_all(uint32_t instrument) {
    bp_command command = bp_blank(BP_CANCEL_ALL);
    command.instrument = instrument;
    return command;
}

static inline bp_command bp_set_timer(uint64_t timer, int64_t at) {
    bp_command command = bp_blank(BP_SET_TIMER);
    command.id = timer;
    command.price = at;
    return command;
}

static inline bp_command bp_cancel_timer(uint64_t timer) {
    bp_command command = bp_blank(BP_CANCEL_TIMER);
    command.id = timer;
    return command;
}

/* A value of the series at a place of the descriptor's `metrics`. */
static inline bp_command bp_metric(uint64_t metric, double value) {
    bp_command command = bp_blank(BP_METRIC);
    union { double number; int64_t bits; } as;
    as.number = value;
    command.id = metric;
    command.price = as.bits;
    return command;
}

/* Native plugins: the section, the table, the lent books. */
#if UINTPTR_MAX == UINT64_MAX

enum { BP_OK = 0, BP_REFUSED = 1, BP_FAULT = 2 };

typedef struct { const void *data; uint64_t len; } bp_bytes;
typedef struct { uint32_t level, reserved; bp_bytes text; } bp_log_record;
typedef struct { const bp_level *bids, *asks; uint32_t bid_count, ask_count; } bp_lent_book;
typedef struct { const uint8_t *first; uint64_t stride, count; } bp_lent_books;
typedef struct {
    const bp_command *commands; uint64_t command_count;
    const bp_log_record *logs; uint64_t log_count;
    bp_bytes bytes, file;
    uint32_t line, state_version;
} bp_reply;
typedef struct {
    uint64_t size;
    uint32_t abi_version, reserved;
    uint32_t (*describe)(bp_reply *reply);
    uint32_t (*create)(const bp_param *params, uint64_t count, void **state, bp_reply *reply);
    uint32_t (*hear)(void *state, const bp_message *message, const bp_lent_books *books, bp_reply *reply);
    uint32_t (*save)(void *state, bp_reply *reply);
    uint32_t (*load)(void *state, uint32_t state_version, const uint8_t *data, uint64_t len, bp_reply *reply);
    void (*destroy)(void *state);
} bp_plugin_table;

BP_STATIC_ASSERT(sizeof(bp_bytes) == 16);
BP_STATIC_ASSERT(sizeof(bp_log_record) == 24);
BP_STATIC_ASSERT(sizeof(bp_lent_book) == 24);
BP_STATIC_ASSERT(sizeof(bp_lent_books) == 24);
BP_STATIC_ASSERT(sizeof(bp_reply) == 72);
BP_STATIC_ASSERT(sizeof(bp_plugin_table) == 64);

/* The lent book of an instrument; NULL where there is none. */
static inline const bp_lent_book *bp_lent(const bp_lent_books *books, uint32_t instrument) {
    if (instrument >= books->count) return NULL;
    return (const bp_lent_book *)(const void *)(books->first + instrument * books->stride);
}

/* Makes a native plugin of six functions. One in a library, at file scope. */
#define BP_NATIVE_PLUGIN(describe, create, hear, save, load, destroy)                                              \
    static const bp_plugin_table BP_TABLE = {sizeof(bp_plugin_table), BP_ABI_VERSION, 0,                           \
                                             describe, create, hear, save, load, destroy};                         \
    __attribute__((section(".backplane"), used)) static const uint8_t BP_HEADER[16] = {                            \
        'B', 'A', 'C', 'K', 'P', 'L', 'N', 0, BP_ABI_VERSION, 0, 0, 0, 1, 0, 0, 0};                                \
    __attribute__((visibility("default"))) const bp_plugin_table *backplane_plugin_v1(void);                       \
    const bp_plugin_table *backplane_plugin_v1(void) { return &BP_TABLE; }

#endif

#ifdef __cplusplus
}
#endif

#endif
