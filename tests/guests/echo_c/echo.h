/* What the strategies in C that say what they see have in common: as metrics, every level of the book of the instrument
 * of the message, kept with book.h. Takes in messages; gives out two metrics a level: series 0 or 1 (bids, asks), the
 * price and then the size as the bits of the value. */
#include "book.h"

#define ECHO_INSTRUMENTS 8
#define ECHO_DESCRIPTOR(name)                                                                                      \
    "{\"name\":\"" name "\",\"version\":\"1.0.0\",\"subscriptions\":[{\"schema\":\"mbo\",\"symbols\":[]}],"         \
    "\"params\":[],\"metrics\":[\"bids\",\"asks\"]}"

typedef struct { bp_book books[ECHO_INSTRUMENTS]; } bp_echo;

static inline void echo_begin(bp_echo *echo) {
    for (int i = 0; i < ECHO_INSTRUMENTS; i++) bp_book_begin(&echo->books[i]);
}

static inline bp_command echo_number(uint64_t series, int64_t number) {
    bp_command command = bp_metric(series, 0.0);
    command.price = number;
    return command;
}

static inline void echo_hear(bp_echo *echo, const bp_message *message, void (*send)(void *, bp_command), void *to) {
    if (message->kind != BP_MBO && message->kind != BP_LEVEL) return;
    if (message->instrument >= ECHO_INSTRUMENTS) return;
    bp_book *book = &echo->books[message->instrument];
    bp_book_hear(book, message);
    const bp_side *sides[2] = {&book->bids, &book->asks};
    for (uint64_t series = 0; series < 2; series++) {
        for (uint32_t place = 0; place < sides[series]->count; place++) {
            const bp_level *level = bp_side_level(sides[series], place);
            send(to, echo_number(series, level->price));
            send(to, echo_number(series, level->size));
            if (bp_size_at(sides[series], level->price) != level->size) send(to, echo_number(series, BP_NO_PRICE));
        }
    }
}
